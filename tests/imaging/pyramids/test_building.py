"""What is in a pyramid, and which pictures can have one."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from progimage.errors import CorruptPicture, PictureTooComplex, UnsupportedMedia
from progimage.imaging.inspection import inspect
from progimage.imaging.limits import HAS_VIPS
from progimage.imaging.pyramids import building
from progimage.imaging.pyramids.building import build_pyramid, inspect_and_build
from progimage.imaging.pyramids.container import Directory, directory_bytes
from progimage.imaging.tiles import Tile, level_size, scale_factors, tile_counts, tile_size
from tests.imaging.drawing import put, saved
from tests.imaging.transforming import LIMITS

SIZE = (1601, 1203)
WHOLE = replace(LIMITS, accept_damaged=False)
HELD, STREAMED = 10**9, 0
DECODERS = [
    pytest.param(HELD, id="Pillow"),
    pytest.param(
        STREAMED, id="libvips", marks=pytest.mark.skipif(not HAS_VIPS, reason="needs libvips")
    ),
]


@pytest.fixture(scope="module")
def coordinates() -> Image.Image:
    """Return a picture whose red grows from left to right, and whose green grows downwards."""
    across = Image.linear_gradient("L").rotate(90).resize(SIZE)
    down = Image.linear_gradient("L").resize(SIZE)
    return Image.merge("RGB", (across, down, Image.new("L", SIZE, 128)))


def built(data: bytes, folder: Path, stream_above: int = HELD) -> bytes:
    build_pyramid(put(folder, data), str(folder / "pyramid"), WHOLE, stream_above)
    return (folder / "pyramid").read_bytes()


def tile_in(file: bytes, size: tuple[int, int], tile: Tile) -> Image.Image:
    entry = Directory(file[: directory_bytes(size)], size).entry(tile)
    return Image.open(io.BytesIO(file[entry.offset : entry.offset + entry.length]))


def level_in(file: bytes, size: tuple[int, int], factor: int) -> Image.Image:
    """Return all tiles of a level put together."""
    columns, rows = tile_counts(size, factor)
    level = Image.new(tile_in(file, size, Tile(factor, 0, 0)).mode, level_size(size, factor))
    for y in range(rows):
        for x in range(columns):
            level.paste(tile_in(file, size, Tile(factor, x, y)), (x * 512, y * 512))
    return level


def largest_difference(one: Image.Image, other: Image.Image) -> int:
    return max(high for _, high in ImageChops.difference(one, other).getextrema())


@pytest.mark.parametrize("stream_above", DECODERS)
@pytest.mark.parametrize("name", ["JPEG", "PNG", "TIFF"])
def test_each_level_shows_the_whole_picture(coordinates, tmp_path, name, stream_above):
    file = built(saved(coordinates, name), tmp_path, stream_above)
    for factor in scale_factors(SIZE):
        meant = coordinates.reduce(factor) if factor > 1 else coordinates
        assert largest_difference(level_in(file, SIZE, factor), meant) < 20


@pytest.mark.parametrize("stream_above", DECODERS)
def test_each_tile_has_its_size(coordinates, tmp_path, stream_above):
    file = built(saved(coordinates, "JPEG"), tmp_path, stream_above)
    for tile in (Tile(1, 0, 0), Tile(1, 3, 2), Tile(2, 1, 1), Tile(4, 0, 0)):
        assert tile_in(file, SIZE, tile).size == tile_size(SIZE, tile)


@pytest.mark.parametrize("stream_above", DECODERS)
@pytest.mark.parametrize("orientation", [2, 3, 6, 8])
def test_tiles_are_upright(coordinates, tmp_path, orientation, stream_above):
    exif = Image.Exif()
    exif[0x0112] = orientation
    undone = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        6: Image.Transpose.ROTATE_90,
        8: Image.Transpose.ROTATE_270,
    }
    stored = saved(coordinates.transpose(undone[orientation]), "JPEG", exif=exif)
    file = built(stored, tmp_path, stream_above)
    assert largest_difference(level_in(file, SIZE, 1), coordinates) < 20


@pytest.mark.parametrize("stream_above", DECODERS)
def test_a_picture_with_alpha_has_tiles_that_lose_nothing(coordinates, tmp_path, stream_above):
    coloured = coordinates.copy()
    coloured.putalpha(Image.linear_gradient("L").resize(SIZE))
    file = built(saved(coloured, "PNG"), tmp_path, stream_above)
    tile = tile_in(file, SIZE, Tile(1, 0, 1))
    assert tile.format == "WEBP"
    assert largest_difference(tile.convert("RGBA"), coloured.crop((0, 512, 512, 1024))) == 0


@pytest.mark.parametrize("stream_above", DECODERS)
@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_other_channels_become_grey_or_rgb(coordinates, tmp_path, mode, stream_above):
    file = built(saved(coordinates.convert(mode), "TIFF"), tmp_path, stream_above)
    assert tile_in(file, SIZE, Tile(1, 0, 0)).mode == ("L" if mode == "L" else "RGB")


@pytest.mark.parametrize("stream_above", DECODERS)
def test_sixteen_bits_become_eight(tmp_path, stream_above):
    deep = Image.new("I;16", SIZE, 0x8080)
    file = built(saved(deep, "PNG"), tmp_path, stream_above)
    assert tile_in(file, SIZE, Tile(1, 0, 0)).getpixel((5, 5)) == 0x80


@pytest.mark.skipif(not HAS_VIPS, reason="needs libvips")
def test_both_decoders_give_the_same_pyramid(coordinates, tmp_path):
    data = saved(coordinates, "JPEG")
    assert built(data, tmp_path, HELD) == built(data, tmp_path, STREAMED)


@pytest.mark.parametrize("stream_above", DECODERS)
def test_the_facts_are_those_of_an_ordinary_inspection(coordinates, tmp_path, stream_above):
    exif = Image.Exif()
    exif[0x0112], exif[0x0110] = 6, "Box camera"
    path = put(tmp_path, saved(coordinates, "JPEG", exif=exif))
    usual = inspect(path, WHOLE)
    ordinary = replace(WHOLE, max_source_pixels=stream_above, max_source_side=1000)
    facts = inspect_and_build(path, str(tmp_path / "pyramid"), WHOLE, ordinary, 1)
    assert facts is not None
    # They come from other reductions of the picture.
    same = replace(
        usual,
        dominant_colour=facts.dominant_colour,
        placeholder=facts.placeholder,
        perceptual_hash=facts.perceptual_hash,
    )
    assert facts == same
    assert facts.capture["camera"] == "Box camera"


@pytest.mark.parametrize("stream_above", DECODERS)
@pytest.mark.parametrize("name", ["JPEG", "PNG"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_picture_that_ends_early_is_rejected(coordinates, tmp_path, name, share, stream_above):
    data = saved(coordinates, name)
    with pytest.raises(CorruptPicture):
        built(data[: int(len(data) * share)], tmp_path, stream_above)


def test_a_picture_beyond_the_limits_is_rejected(coordinates, tmp_path):
    path = put(tmp_path, saved(coordinates, "JPEG"))
    with pytest.raises(PictureTooComplex, match="at most 1000000 pixels"):
        build_pyramid(path, str(tmp_path / "x"), replace(WHOLE, max_source_pixels=10**6), HELD)


def test_without_libvips_the_error_names_the_extra(coordinates, tmp_path, monkeypatch):
    monkeypatch.setattr(building, "HAS_VIPS", False)
    monkeypatch.setattr(building, "MAX_HELD_PIXELS", 10**6)
    path = put(tmp_path, saved(coordinates, "JPEG"))
    with pytest.raises(PictureTooComplex, match="need the extra 'deep'"):
        build_pyramid(path, str(tmp_path / "x"), WHOLE, STREAMED)


def test_formats_that_cannot_be_streamed_have_a_limit_of_their_own(
    coordinates, tmp_path, monkeypatch
):
    monkeypatch.setattr(building, "MAX_HELD_PIXELS", 10**6)
    path = put(tmp_path, saved(coordinates, "WEBP"))
    with pytest.raises(PictureTooComplex, match="not in webp"):
        build_pyramid(path, str(tmp_path / "x"), WHOLE, STREAMED)


@pytest.mark.skipif(not HAS_VIPS, reason="needs libvips")
def test_channels_that_cannot_be_streamed_are_named(tmp_path):
    path = put(tmp_path, saved(Image.new("F", SIZE), "TIFF"))
    with pytest.raises(UnsupportedMedia, match="8 or 16 bits"):
        build_pyramid(path, str(tmp_path / "x"), WHOLE, STREAMED)


@pytest.mark.parametrize(
    ("frames", "from_pixels", "ordinary_pixels"), [(3, 1, 1), (1, 2_000_000, 1), (1, 1, 2_000_000)]
)
def test_animations_and_small_pictures_are_left_to_the_ordinary_inspection(
    tmp_path, frames, from_pixels, ordinary_pixels
):
    first, *others = (Image.new("P", (1200, 1100), number) for number in range(frames))
    path = put(tmp_path, saved(first, "GIF", save_all=True, append_images=others))
    target, ordinary = tmp_path / "pyramid", replace(WHOLE, max_source_pixels=ordinary_pixels)
    assert inspect_and_build(path, str(target), WHOLE, ordinary, from_pixels) is None
    assert not target.exists()
