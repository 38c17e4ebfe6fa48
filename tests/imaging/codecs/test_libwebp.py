"""WebP by the library itself gives what Pillow gives, and says so when it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageChops

from progimage.imaging.codecs import libwebp
from progimage.imaging.codecs.decode import decode
from progimage.imaging.limits import Limits
from tests.imaging.drawing import (
    BLUE,
    CORNERS,
    RED,
    animated,
    corners,
    put,
    quadrants,
    saved,
    solids,
    with_hole,
)

pytestmark = pytest.mark.skipif(
    libwebp.load(saved(quadrants(), "WEBP"), (48, 32), has_alpha=False) is None,
    reason="this Pillow came without a shared libwebp",
)


def _assert_hole_and_colours(image: Image.Image) -> None:
    """What a transparent pixel would look like does not matter."""
    seen = corners(image)
    assert seen.pop("bottom right")[3] == 0
    assert seen == {place: (*CORNERS[place], 255) for place in seen}


@pytest.mark.parametrize("image", [quadrants(), with_hole()], ids=["opaque", "transparent"])
@pytest.mark.parametrize("lossless", [True, False])
def test_pixels_equal_pillows(image: Image.Image, lossless: bool, tmp_path: Path) -> None:
    data = saved(image, "WEBP", lossless=lossless)
    with Image.open(put(tmp_path, data)) as pillows:
        pillows.load()
        ours = libwebp.load(data, image.size, has_alpha=image.mode == "RGBA")
        assert ours is not None
        difference = ImageChops.difference(ours.convert("RGBA"), pillows.convert("RGBA"))
        assert difference.getextrema() == ((0, 0),) * 4


def test_damaged_and_animated_files_are_declined() -> None:
    data = saved(Image.effect_noise((64, 64), 90), "WEBP")
    assert libwebp.load(data[: len(data) // 2], (64, 64), has_alpha=False) is None
    assert libwebp.load(animated(solids(RED, BLUE), "WEBP"), (16, 12), has_alpha=False) is None
    assert libwebp.load(b"", (16, 12), has_alpha=False) is None


def test_without_the_library_pillow_decodes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(tmp_path, saved(with_hole(), "WEBP", lossless=True))
    monkeypatch.setattr(libwebp, "library", lambda: None)
    picture = decode(path, Limits())
    assert picture.size == (48, 32)
    _assert_hole_and_colours(picture.frames[0])


def test_an_animation_that_does_not_say_it_has_alpha_has_it_all_the_same(tmp_path: Path) -> None:
    frames = [Image.new("RGBA", (16, 16), (9, 9, 9, alpha)) for alpha in (0, 255)]
    data = bytearray(animated(frames, "WEBP", duration=100, lossless=True))
    data[20] &= ~0x10
    assert decode(put(tmp_path, bytes(data)), Limits()).frames[0].getpixel((0, 0))[3] == 0


def test_a_lossy_still_that_says_it_has_no_alpha_has_none(tmp_path: Path) -> None:
    data = bytearray(saved(Image.new("RGBA", (16, 16), (9, 9, 9, 0)), "WEBP", exact=True))
    assert data[12:16] == b"VP8X"
    assert decode(put(tmp_path, bytes(data)), Limits()).mode == "RGBA"
    data[20] &= ~0x10
    assert decode(put(tmp_path, bytes(data)), Limits()).mode == "RGB"
