"""Which tile, or which part of which level, a pipeline needs."""

from __future__ import annotations

import pytest

from progimage.errors import InvalidArgument, OutputTooLarge
from progimage.imaging.limits import Limits
from progimage.imaging.pipeline_parser import parse
from progimage.imaging.pyramids.parts import part_of, part_of_tile, tile_of
from progimage.imaging.tiles import Tile

SIZE = (20_001, 10_001)
LIMITS = Limits(max_source_pixels=10**9)


@pytest.mark.parametrize(
    ("text", "tile"),
    [
        ("crop:x=0,y=0,width=512,height=512", Tile(1, 0, 0)),
        ("crop:x=512,y=1024,width=512,height=512.jpg", Tile(1, 1, 2)),
        ("crop:x=512,y=0,w=512,h=512/resize:512x512,fit=fill.png", Tile(1, 1, 0)),
        ("crop:x=2048,y=0,width=2048,height=2048/resize:512x512,fit=fill", Tile(4, 1, 0)),
        ("crop:x=19968,y=9728,width=33,height=273", Tile(1, 39, 19)),
        ("crop:x=18432,y=8192,width=2048,height=2048/resize:393x453,fit=fill", Tile(4, 9, 4)),
    ],
)
def test_a_crop_on_the_grid_at_its_level_is_a_tile(text, tile):
    assert tile_of(parse(text), SIZE) == tile


@pytest.mark.parametrize(
    "text",
    [
        "",
        "resize:512x512,fit=fill",
        "crop:512x512",
        "crop:x=1,y=0,width=512,height=512",
        "crop:x=0,y=0,width=512,height=512/quality:50",
        "crop:x=0,y=0,width=512,height=512/rotate:90",
        "crop:x=0,y=0,width=1024,height=1024/resize:512x512",
        "crop:x=0,y=0,width=1024,height=1024/resize:400x400,fit=fill",
        "crop:x=0,y=0,width=512,height=512/resize:512x512,fit=fill/flip",
        # A level that would be smaller than one tile.
        "crop:x=0,y=0,width=20001,height=10001/resize:157x79,fit=fill",
    ],
)
def test_everything_else_is_none(text):
    assert tile_of(parse(text), SIZE) is None


@pytest.mark.parametrize(
    ("text", "factor"),
    [
        ("thumbnail", 64),
        ("resize:w=5000", 4),
        ("resize:w=5001", 2),
        ("resize:w=300/rotate:90", 64),
        ("crop:x=0,y=0,width=8000,height=8000/resize:w=1000", 8),
        ("crop:x=100,y=100,width=4000,height=4000", 1),
        ("crop:x=100,y=100,width=400,height=400/blur:2", 1),
        ("resize:400x400,fit=cover,gravity=smart", 16),
    ],
)
def test_the_smallest_level_with_enough_pixels_is_used(text, factor):
    assert part_of(parse(text), SIZE, LIMITS).factor == factor


def test_the_tiles_around_a_region_and_its_place_among_them():
    part = part_of(parse("crop:x=3000,y=2000,width=4000,height=1000/resize:w=1000"), SIZE, LIMITS)
    assert part.factor == 4
    assert part.tiles == (
        (Tile(4, 1, 0), Tile(4, 2, 0), Tile(4, 3, 0)),
        (
            Tile(4, 1, 1),
            Tile(4, 2, 1),
            Tile(4, 3, 1),
        ),
    )
    assert part.box == (750 - 512, 500, 1750 - 512, 750)
    assert [step.name for step in part.pipeline.steps] == ["resize"]


def test_a_region_at_the_right_and_bottom_edge_ends_within_its_level():
    part = part_of(parse("resize:w=2000"), SIZE, LIMITS)
    assert part.factor == 8
    assert part.box[2:] == (20_001 / 8, 10_001 / 8)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the picture itself"),
        ("rotate:90", "resize first"),
        ("trim", "crop or resize first"),
        ("crop:x=0,y=0,width=9000,height=9000", "crop: would be 9000x9000"),
        ("crop:9000x9000", "crop: would be 9000x9000"),
    ],
)
def test_sizes_with_too_many_pixels_are_rejected(text, words):
    with pytest.raises(OutputTooLarge, match=words):
        part_of(parse(text), SIZE, LIMITS)


def test_metadata_cannot_be_preserved():
    with pytest.raises(InvalidArgument, match="strip"):
        part_of(parse("resize:w=300/strip:keep=all"), SIZE, LIMITS)


def test_a_tile_in_another_format_is_made_of_the_tile_alone():
    pipeline = parse("crop:x=18432,y=8192,width=2048,height=2048/resize:393x453,fit=fill.png")
    part = part_of_tile(Tile(4, 9, 4), SIZE, pipeline)
    assert part.tiles == ((Tile(4, 9, 4),),)
    assert part.box == (0, 0, 393, 453)
    assert part.pipeline.steps == ()
    assert part.pipeline.format == "png"
