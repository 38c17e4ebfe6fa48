"""Every readable format, in every guise it has, into every writable format."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from progimage.imaging.codecs.decode import decode
from progimage.imaging.codecs.encode import encode
from progimage.imaging.codecs.encode_options import EncodeOptions
from progimage.imaging.codecs.format import Format
from progimage.imaging.codecs.formats import HAS_HEIC, WRITABLE
from progimage.imaging.limits import Limits
from tests.imaging.drawing import (
    BLUE,
    CORNERS,
    RED,
    animated,
    corners,
    grey_steps,
    heic,
    is_near,
    pixel,
    put,
    quadrants,
    saved,
    solids,
    with_hole,
)

BACKGROUND = (250, 200, 0)
GREYS = {"top left": 0, "top right": 85, "bottom left": 170, "bottom right": 255}


def _sixteen_bit() -> Image.Image:
    return grey_steps().convert("I").point(lambda value: value * 257 + 0).convert("I;16")


COLOURED = {
    "jpeg": saved(quadrants(), "JPEG", quality=95),
    "jpeg, progressive": saved(quadrants(), "JPEG", quality=95, progressive=True),
    "jpeg, cmyk": saved(quadrants().convert("CMYK"), "JPEG", quality=95),
    "png": saved(quadrants(), "PNG"),
    "png, palette": saved(quadrants().quantize(8), "PNG"),
    "webp": saved(quadrants(), "WEBP", lossless=True),
    "gif": saved(quadrants(), "GIF"),
    "avif": saved(quadrants(), "AVIF", quality=95),
    "tiff": saved(quadrants(), "TIFF"),
    "tiff, cmyk": saved(quadrants().convert("CMYK"), "TIFF", compression="tiff_lzw"),
    "tiff, jpeg": saved(quadrants(), "TIFF", compression="jpeg", quality=95),
    "bmp": saved(quadrants(), "BMP"),
    "bmp, palette": saved(quadrants().quantize(8), "BMP"),
    "jpeg2000": saved(quadrants(), "JPEG2000"),
    "ico": saved(quadrants(), "ICO", sizes=[(48, 32)]),
    "pnm": saved(quadrants(), "PPM"),
    **({"heic": heic((48, 32))} if HAS_HEIC else {}),
}
GREY = {
    "jpeg": saved(grey_steps(), "JPEG", quality=95),
    "png": saved(grey_steps(), "PNG"),
    "png, 16 bits": saved(_sixteen_bit(), "PNG"),
    "webp": saved(grey_steps(), "WEBP", lossless=True),
    "gif": saved(grey_steps(), "GIF"),
    "avif": saved(grey_steps(), "AVIF", quality=95),
    "tiff": saved(grey_steps(), "TIFF"),
    "tiff, 16 bits": saved(_sixteen_bit(), "TIFF", compression="tiff_deflate"),
    "bmp": saved(grey_steps(), "BMP"),
    "jpeg2000": saved(grey_steps(), "JPEG2000"),
    "jpeg2000, 16 bits": saved(_sixteen_bit(), "JPEG2000"),
    "pnm": saved(grey_steps(), "PPM"),
}
TRANSPARENT = {
    "png": saved(with_hole(), "PNG"),
    "png, palette": saved(with_hole().quantize(8), "PNG"),
    "webp": saved(with_hole(), "WEBP", quality=95),
    "gif": saved(with_hole(), "GIF"),
    "avif": saved(with_hole(), "AVIF", quality=95),
    "tiff": saved(with_hole(), "TIFF"),
    "jpeg2000": saved(with_hole(), "JPEG2000"),
    "ico": saved(with_hole(), "ICO", sizes=[(48, 32)]),
}
ANIMATED = {
    "gif": animated(solids(RED, BLUE), "GIF", duration=200, loop=0),
    "png": animated(solids(RED, BLUE), "PNG", duration=200, loop=0),
    "webp": animated(solids(RED, BLUE), "WEBP", duration=200, loop=0, lossless=True),
    "avif": animated(solids(RED, BLUE), "AVIF", duration=200, quality=95),
}
into_every_format = pytest.mark.parametrize("form", WRITABLE, ids=lambda form: form.name)


def _converted(source: bytes, form: Format, folder: Path) -> list[Image.Image]:
    picture = decode(put(folder, source), Limits())
    buffer = io.BytesIO()
    options = EncodeOptions(quality=95 if form.default_quality else None, background=BACKGROUND)
    encode(picture, buffer, form, options)
    return list(decode(put(folder, buffer.getvalue(), "converted"), Limits()).frames)


@into_every_format
@pytest.mark.parametrize("source", COLOURED)
def test_colours_are_preserved(source: str, form: Format, tmp_path: Path) -> None:
    (image,) = _converted(COLOURED[source], form, tmp_path)
    seen = corners(image)
    # The eye, and so JPEG XL, sees little of blue within pure red.
    tolerance = 30 if form.name == "jxl" else 14
    for place, colour in CORNERS.items():
        assert is_near(seen[place], (*colour, 255), tolerance), (place, seen)


@into_every_format
@pytest.mark.parametrize("source", GREY)
def test_greys_are_preserved(source: str, form: Format, tmp_path: Path) -> None:
    (image,) = _converted(GREY[source], form, tmp_path)
    seen = corners(image)
    for place, grey in GREYS.items():
        assert is_near(seen[place], (grey, grey, grey, 255), 6), (place, seen)


@into_every_format
@pytest.mark.parametrize("source", TRANSPARENT)
def test_transparency_stays_or_is_laid_on_the_background(
    source: str, form: Format, tmp_path: Path
) -> None:
    (image,) = _converted(TRANSPARENT[source], form, tmp_path)
    seen = corners(image)
    if form.has_alpha:
        assert seen["bottom right"][3] <= 2
    else:
        assert is_near(seen["bottom right"], (*BACKGROUND, 255), 8)
    for place in ("top left", "top right", "bottom left"):
        assert is_near(seen[place], (*CORNERS[place], 255), 14), (place, seen)


@into_every_format
@pytest.mark.parametrize("source", ANIMATED)
def test_animations_stay_or_become_their_first_frame(
    source: str, form: Format, tmp_path: Path
) -> None:
    frames = _converted(ANIMATED[source], form, tmp_path)
    colours = (RED, BLUE) if form.is_animated else (RED,)
    assert len(frames) == len(colours)
    for frame, colour in zip(frames, colours, strict=True):
        assert is_near(pixel(frame.convert("RGB"), (8, 6)), colour, 14)
