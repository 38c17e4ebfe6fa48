"""Deep Zoom: paths, descriptors, and the tiles of each level."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progimage.api.fronts.deep_zoom import TileName, descriptor, pipeline_of, split_path
from progimage.errors import InvalidRequest, NotFound
from progimage.imaging.tiles import level_size, tile_counts

SIDES = st.integers(1, 20_000)


def result_size(name: TileName, size: tuple[int, int]) -> tuple[int, int]:
    for step, operation in pipeline_of(name, size).operations():
        size = operation.output_size(size, dict(step.arguments)) or size
    return size


def test_paths():
    assert split_path("/deepzoom/abc.dzi") == ("abc", None)
    assert split_path("/prefix/deepzoom/a%2Fb.dzi") == ("a%2Fb", None)
    assert split_path("/deepzoom/abc_files/12/3_4.webp") == ("abc", TileName(12, 3, 4, "webp"))


@pytest.mark.parametrize(
    "path",
    [
        *("", "abc", "abc.xml", "abc_files", "abc_files/1", "abc_files/1/2.jpg", "abc/1/2_3.jpg"),
        *("abc_files/x/2_3.jpg", "abc_files/1/-2_3.jpg", "abc_files/1/2_3.jpg/4"),
        "abc_files/999/0_0.jpg",
    ],
)
def test_other_paths_lead_nowhere(path):
    with pytest.raises(NotFound):
        split_path(f"/deepzoom/{path}")


def test_an_unknown_format_is_an_error():
    with pytest.raises(InvalidRequest, match="format: expected jpg"):
        split_path("/deepzoom/abc_files/1/0_0.bmp")


@given(st.text())
def test_any_path_is_read_or_an_error(path):
    with suppress(NotFound, InvalidRequest):
        split_path(f"/deepzoom/{path}")


def test_the_descriptor():
    assert descriptor((3073, 2411), has_alpha=False) == (
        b'<?xml version="1.0" encoding="UTF-8"?>\n'
        b'<Image xmlns="http://schemas.microsoft.com/deepzoom/2008" '
        b'Format="jpg" Overlap="0" TileSize="512"><Size Width="3073" Height="2411"/></Image>\n'
    )
    assert b'Format="png"' in descriptor((1, 1), has_alpha=True)


@given(SIDES, SIDES, st.data())
def test_the_tiles_of_a_level_have_the_sizes_of_the_grid(width, height, data):
    last = 0
    while 1 << last < max(width, height):
        last += 1
    level = data.draw(st.integers(0, last))
    factor = 1 << (last - level)
    columns, rows = tile_counts((width, height), factor)
    across, down = level_size((width, height), factor)
    tile = TileName(level, columns - 1, rows - 1, "jpg")
    expected = (across - (columns - 1) * 512, down - (rows - 1) * 512)
    assert result_size(tile, (width, height)) == expected
    for wrong in (TileName(level, columns, 0, "jpg"), TileName(last + 1, 0, 0, "jpg")):
        with pytest.raises(NotFound):
            pipeline_of(wrong, (width, height))
