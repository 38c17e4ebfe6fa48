"""A picture that is written at its own size again does not grow without need."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from progimage.imaging.codecs import formats
from progimage.imaging.codecs.decode import decode
from progimage.imaging.codecs.encode import encode
from progimage.imaging.codecs.encode_options import EncodeOptions
from progimage.imaging.codecs.format import Format
from progimage.imaging.limits import Limits
from tests.imaging.codecs.writing import read
from tests.imaging.drawing import (
    animated,
    corners,
    pixel,
    put,
    quadrants,
    saved,
    with_hole,
)


def _rewritten(folder: Path, data: bytes, form: Format, quality: int | None = None) -> bytes:
    picture = decode(put(folder, data), Limits())
    target = io.BytesIO()
    encode(picture, target, form, EncodeOptions(quality=quality))
    return target.getvalue()


@pytest.mark.parametrize("is_optimised", [False, True])
@pytest.mark.parametrize("quality", [10, 20, 50, 75])
def test_a_jpeg_of_its_own_size_keeps_to_its_own_quality(
    quality: int, is_optimised: bool, tmp_path: Path
) -> None:
    image = Image.effect_noise((128, 128), 60).convert("RGB")
    data = saved(image, "JPEG", quality=quality, optimize=is_optimised)
    again = _rewritten(tmp_path, data, formats.JPEG)
    assert len(again) <= len(data) * 1.02
    requested = _rewritten(tmp_path, data, formats.JPEG, quality=90)
    assert len(requested) > len(again) * 1.2


def test_a_jpeg_that_is_scaled_has_the_usual_quality(tmp_path: Path) -> None:
    data = saved(Image.effect_noise((128, 128), 60).convert("RGB"), "JPEG", quality=20)
    picture = decode(put(tmp_path, data), Limits())
    smaller = replace(picture, frames=(picture.frames[0].resize((64, 64)),))
    target = io.BytesIO()
    assert encode(smaller, target, formats.JPEG).quality == 80


@pytest.mark.parametrize("pillow_name", ["WEBP", "AVIF"])
def test_a_file_of_low_quality_does_not_grow_without_need(pillow_name: str, tmp_path: Path) -> None:
    image = Image.effect_noise((128, 128), 60).convert("RGB")
    data = saved(image, pillow_name, quality=40)
    again = _rewritten(tmp_path, data, formats.by_name(pillow_name))
    assert len(again) <= len(data) * 1.1


@pytest.mark.parametrize("colours", [2, 16, 200])
def test_a_drawing_of_few_colours_stays_small_and_exact(colours: int, tmp_path: Path) -> None:
    image = Image.effect_mandelbrot((200, 150), (-2, -1.5, 1, 1.5), 60).convert("RGB")
    drawing = image.quantize(colours)
    data = saved(drawing, "PNG", optimize=True)
    again = _rewritten(tmp_path, data, formats.PNG)
    assert len(again) <= len(data) * 1.1 + 50
    with Image.open(io.BytesIO(again)) as result:
        assert result.convert("RGB").tobytes() == drawing.convert("RGB").tobytes()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB", "RGBA"])
def test_a_drawing_without_a_palette_stays_small_and_exact(mode: str, tmp_path: Path) -> None:
    image = Image.linear_gradient("L").resize((300, 200)).convert("RGBA")
    image.paste((200, 30, 60, 128), (20, 20, 90, 90))
    drawing = image.convert(mode)
    data = saved(drawing, "PNG", optimize=True)
    again = _rewritten(tmp_path, data, formats.PNG)
    assert len(again) <= len(data) * 1.1 + 50
    with Image.open(io.BytesIO(again)) as result:
        assert result.convert("RGBA").tobytes() == drawing.convert("RGBA").tobytes()


def test_a_bmp_of_few_colours_stays_one(tmp_path: Path) -> None:
    drawing = quadrants((64, 64)).quantize(4)
    data = saved(drawing, "BMP")
    again = _rewritten(tmp_path, data, formats.BMP)
    assert len(again) <= len(data) + 1024
    with Image.open(io.BytesIO(again)) as result:
        assert result.convert("RGB").tobytes() == drawing.convert("RGB").tobytes()


def test_few_colours_and_a_hole_stay_exact(tmp_path: Path) -> None:
    again = _rewritten(tmp_path, saved(with_hole().quantize(8), "PNG"), formats.PNG)
    with Image.open(io.BytesIO(again)) as result:
        assert result.mode == "P"
        assert corners(result) == corners(with_hole())


def test_half_transparent_pixels_keep_their_alpha(tmp_path: Path) -> None:
    image = Image.new("RGBA", (4, 4), (10, 20, 30, 128))
    again = _rewritten(tmp_path, saved(image, "PNG"), formats.PNG)
    with Image.open(io.BytesIO(again)) as result:
        assert pixel(result.convert("RGBA"), (0, 0)) == (10, 20, 30, 128)


def test_a_lossless_webp_that_would_grow_stays_lossless(tmp_path: Path) -> None:
    data = saved(quadrants((200, 200)), "WEBP", lossless=True)
    assert len(_rewritten(tmp_path, data, formats.WEBP)) <= len(data) * 1.1 + 20


@pytest.mark.parametrize("pillow_name", ["WEBP", "AVIF"])
def test_an_animation_of_low_quality_does_not_grow_without_need(
    pillow_name: str, tmp_path: Path
) -> None:
    picture = Image.effect_mandelbrot((160, 160), (-2, -1.5, 1, 1.5), 90).convert("RGB")
    frames = [picture.crop((n, 0, n + 96, 96)) for n in range(0, 60, 10)]
    data = animated(frames, pillow_name, quality=20)
    again = _rewritten(tmp_path, data, formats.by_name(pillow_name))
    assert len(again) <= len(data) * 1.1 + 500
    assert decode(put(tmp_path, again), Limits()).is_animated


def test_a_lossless_animation_that_would_grow_stays_lossless(tmp_path: Path) -> None:
    frames = [Image.effect_mandelbrot((120, 90), (-2, -1, n, 1), 9) for n in (1, 2, 3)]
    frames = [frame.quantize(8).convert("RGB") for frame in frames]
    data = animated(frames, "WEBP", lossless=True)
    again = _rewritten(tmp_path, data, formats.WEBP)
    assert len(again) <= len(data) * 1.1
    shown = decode(put(tmp_path, again), Limits()).frames
    assert [f.convert("RGB").tobytes() for f in shown] == [f.tobytes() for f in frames]


@pytest.mark.parametrize("compression", ["group3", "group4", "tiff_lzw", "packbits"])
@pytest.mark.parametrize("is_dithered", [False, True])
def test_a_tiff_in_black_and_white_stays_small_and_exact(
    compression: str, is_dithered: bool, tmp_path: Path
) -> None:
    dither = Image.Dither.FLOYDSTEINBERG if is_dithered else Image.Dither.NONE
    page = Image.radial_gradient("L").convert("1", dither=dither)
    data = saved(page, "TIFF", compression=compression)
    again = _rewritten(tmp_path, data, formats.TIFF)
    assert len(again) <= len(data) * 1.05
    with Image.open(io.BytesIO(again)) as result:
        assert result.convert("L").tobytes() == page.convert("L").tobytes()


@pytest.mark.parametrize("quality", [30, 75])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_tiff_with_jpeg_inside_does_not_grow(quality: int, mode: str, tmp_path: Path) -> None:
    image = Image.effect_noise((128, 128), 60).convert(mode)
    data = saved(image, "TIFF", compression="jpeg", quality=quality)
    again = _rewritten(tmp_path, data, formats.TIFF)
    assert len(again) <= len(data) * 1.05
    assert read(again, tmp_path).mode == mode


@pytest.mark.parametrize("options", [{}, {"tiffinfo": {317: 2}}])
@pytest.mark.parametrize("colours", [16, None])
def test_a_tiff_without_loss_does_not_grow(
    options: dict[str, object], colours: int | None, tmp_path: Path
) -> None:
    image = Image.radial_gradient("L").convert("RGB")
    image = image.quantize(colours) if colours else image
    data = saved(image, "TIFF", compression="tiff_lzw", **options)
    again = _rewritten(tmp_path, data, formats.TIFF)
    assert len(again) <= len(data) * 1.05
    with Image.open(io.BytesIO(again)) as result:
        assert result.convert("RGB").tobytes() == image.convert("RGB").tobytes()


@pytest.mark.parametrize("is_text", [False, True])
def test_a_bitmap_in_black_and_white_stays_one(is_text: bool, tmp_path: Path) -> None:
    page = Image.radial_gradient("L").convert("1")
    data = saved(page, "PPM")
    if is_text:
        bits = " ".join("0" if value else "1" for value in page.convert("L").tobytes())
        data = b"P1\n256 256\n" + bits.encode()
    again = _rewritten(tmp_path, data, formats.PNM)
    assert len(again) <= len(data)
    assert read(again, tmp_path).frames[0].tobytes() == page.convert("L").tobytes()
