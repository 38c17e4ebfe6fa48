"""JPEGs from planes look like those that Pillow writes from the same pixels."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageStat

from progimage.imaging.codecs import jpeg_planes
from progimage.imaging.codecs.jpeg_tables import tables
from tests.imaging.drawing import quadrants

pytestmark = pytest.mark.skipif(
    not jpeg_planes.is_possible(), reason="Pillow brings no libjpeg of version 6.2 along"
)


def planes_of(picture: Image.Image) -> tuple[Image.Image, list[Image.Image]]:
    luma, *chroma = picture.convert("YCbCr").split()
    return luma, [plane.reduce(2) for plane in chroma]


def written(picture: Image.Image, quality: int = 80, **options: bool) -> bytes:
    luma, chroma = planes_of(picture)
    options = {"is_progressive": False, "is_small": False} | options
    return jpeg_planes.encoded(luma, chroma, quality, **options)


def by_pillow(
    picture: Image.Image, quality: int, *, is_small: bool = False, optimize: bool = False
) -> bytes:
    file = BytesIO()
    used = tables(quality, is_small=is_small)
    picture.convert("YCbCr").save(
        file, "JPEG", qtables=used, subsampling="4:2:0", optimize=optimize
    )
    return file.getvalue()


def test_the_libjpeg_of_the_installed_pillow_is_known():
    """Without it every photograph takes the slow way."""
    assert jpeg_planes.is_possible()


@pytest.mark.parametrize("size", [(64, 48), (63, 47), (17, 9), (16, 33)])
@pytest.mark.parametrize("quality", [60, 80])
def test_pixels_are_those_of_pillow(size, quality):
    picture = quadrants(size)
    ours, theirs = (
        Image.open(BytesIO(data))
        for data in (written(picture, quality), by_pillow(picture, quality))
    )
    assert (ours.size, ours.mode) == (size, "RGB")
    difference = ImageChops.difference(ours, theirs.convert("RGB"))
    assert max(ImageStat.Stat(difference).mean) < 3


def test_tables_and_markers_are_those_of_pillow():
    picture = quadrants((64, 48))
    ours, theirs = written(picture), by_pillow(picture, 80)
    assert ours[: ours.index(b"\xff\xda")] == theirs[: theirs.index(b"\xff\xda")]


def test_luma_is_what_pillow_writes_to_the_last_bit():
    """Noise in grey: its chroma is the same in both."""
    noise = Image.effect_noise((80, 64), 60).convert("RGB")
    assert written(noise) == by_pillow(noise, 80)


def test_a_result_larger_than_foreseen_is_whole():
    noise = Image.merge("RGB", [Image.effect_noise((96, 96), 255) for _ in range(3)])
    data = written(noise, 100)
    assert len(data) > 96 * 96 // 2
    Image.open(BytesIO(data)).load()


def test_the_tables_of_a_small_picture_are_those_of_pillow():
    noise = Image.effect_noise((80, 64), 60).convert("RGB")
    data = written(noise, is_small=True)
    assert data == by_pillow(noise, 80, is_small=True, optimize=True)
    assert len(data) < len(by_pillow(noise, 80, is_small=True))


def test_progressive_is_progressive():
    info = Image.open(BytesIO(written(quadrants((64, 48)), is_progressive=True))).info
    assert info.get("progressive")


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 9), st.integers(0, 9))
def test_a_plane_is_extended_by_its_edge(width, height, more_width, more_height):
    plane = Image.effect_noise((width, height), 90)
    larger = jpeg_planes.extended(plane, (width + more_width, height + more_height))
    for x in range(larger.width):
        for y in range(larger.height):
            at = min(x, width - 1), min(y, height - 1)
            assert larger.getpixel((x, y)) == plane.getpixel(at)
