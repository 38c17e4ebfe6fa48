"""JPEG XL."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pylibjxl
import pytest
from PIL import Image, ImageFilter

from progimage.errors import CorruptPicture, InvalidArgument, MismatchedMedia, PictureTooComplex
from progimage.imaging.codecs.decode import decode
from progimage.imaging.codecs.encode import encode
from progimage.imaging.codecs.encode_options import EncodeOptions
from progimage.imaging.codecs.formats import JPEG, JXL, PNG, nearest_writable
from progimage.imaging.codecs.metadata import Metadata
from progimage.imaging.codecs.picture import Picture
from progimage.imaging.codecs.sniff import sniff
from progimage.imaging.inspection import inspect
from progimage.imaging.limits import Limits
from progimage.imaging.pipeline_parser import parse
from progimage.imaging.pool import RenderPool
from progimage.imaging.render import render
from tests.imaging.codecs.test_decode import swapped_profile
from tests.imaging.drawing import pixel, put, quadrants, saved, with_hole

LIMITS = Limits()


def jxl(image: Image.Image, **options: object) -> bytes:
    """Return an image as JPEG XL, without loss."""
    return pylibjxl.encode(np.asarray(image), lossless=True, **options)


def oriented(value: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = value
    exif[0x010F] = "Camera"
    return exif


def size_header(width_bits: int, side: int) -> bytes:
    """Return the beginning of a square picture. Source: ISO/IEC 18181-1, SizeHeader."""
    selector = {9: 0, 13: 1, 18: 2, 30: 3}[width_bits]
    bits, at = 0, 1
    for value, length in ((selector, 2), (side - 1, width_bits), (1, 3), (1, 1)):
        bits |= value << at
        at += length
    return b"\xff\x0a" + bits.to_bytes(16, "little")


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_pixels_come_back(mode: str, tmp_path: Path) -> None:
    image = with_hole() if mode == "RGBA" else quadrants().convert(mode)
    picture = decode(put(tmp_path, jxl(image)), LIMITS)
    assert picture.mode == mode
    assert picture.frames[0].tobytes() == image.tobytes()


def test_it_has_facts(tmp_path: Path) -> None:
    facts = inspect(put(tmp_path, jxl(with_hole((64, 32)))), LIMITS)
    assert (facts.format, facts.media_type) == ("jxl", "image/jxl")
    assert (facts.width, facts.height, facts.frames) == (64, 32, 1)
    assert facts.has_alpha


def test_a_jpeg_that_was_packed_without_loss_is_upright_and_has_its_exif(tmp_path: Path) -> None:
    data = pylibjxl.jpeg_to_jxl(saved(quadrants((64, 32)), "JPEG", exif=oriented(6)))
    path = put(tmp_path, data)
    facts = inspect(path, LIMITS)
    assert (facts.width, facts.height, facts.orientation) == (32, 64, 1)
    assert facts.capture["camera"] == "Camera"
    corner = decode(path, LIMITS).frames[0].getpixel((2, 2))
    wanted = quadrants((64, 32)).transpose(Image.Transpose.ROTATE_270).getpixel((2, 2))
    assert all(abs(a - b) < 8 for a, b in zip(corner, wanted, strict=True))


def test_a_profile_is_applied(tmp_path: Path) -> None:
    """This one has the primaries of red and blue swapped."""
    data = jxl(Image.new("RGB", (16, 16), (255, 0, 0)), icc=swapped_profile())
    picture = decode(put(tmp_path, data), LIMITS)
    assert picture.icc
    red, _, blue = picture.frames[0].getpixel((5, 5))
    assert red < 60
    assert blue > 200


def test_it_is_rendered_in_a_process_with_limits(tmp_path: Path) -> None:
    pool = RenderPool(workers=1, timeout_s=10, memory_bytes=2**30, tasks=5, wall_timeout_s=60)
    target = tmp_path / "target.png"
    try:
        source = put(tmp_path, jxl(quadrants((400, 200))))
        pool.run(render, source, parse("thumbnail"), str(target), PNG, LIMITS)
    finally:
        pool.close()
    with Image.open(target) as image:
        assert image.size == (200, 100)


@pytest.mark.parametrize("keep", [3, 12, 0.5, 0.9, -1])
def test_a_truncated_file_is_damaged(keep: float, tmp_path: Path) -> None:
    data = jxl(Image.effect_noise((64, 64), 90).convert("RGB"))
    length = int(len(data) * keep) if 0 < keep < 1 else int(keep)
    with pytest.raises(CorruptPicture):
        decode(put(tmp_path, data[:length]), LIMITS)


@pytest.mark.parametrize(("bits", "side"), [(18, 40_000), (18, 262_144), (30, 2**30)])
def test_a_size_past_the_limits_is_refused_before_it_is_decoded(
    bits: int, side: int, tmp_path: Path
) -> None:
    with pytest.raises(PictureTooComplex, match=f"{side}x{side} pixels"):
        inspect(put(tmp_path, size_header(bits, side)), LIMITS)


def test_a_page_behind_the_picture_is_refused(tmp_path: Path) -> None:
    container = jxl(quadrants(), exif=oriented(1).tobytes())
    assert sniff(put(tmp_path, container)).name == "jxl"
    with pytest.raises(MismatchedMedia, match="carries"):
        sniff(put(tmp_path, container + b"<html><script>"))


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_written_without_loss_the_pixels_come_back(mode: str, tmp_path: Path) -> None:
    image = with_hole((33, 17)).convert(mode)
    picture = _rewritten(image, EncodeOptions(lossless=True), tmp_path)
    assert picture.mode == mode
    assert picture.frames[0].tobytes() == image.tobytes()


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (3, 1), (2, 3)])
@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_the_smallest_pictures_are_written(
    mode: str, size: tuple[int, int], tmp_path: Path
) -> None:
    picture = _rewritten(Image.new(mode, size, "white"), EncodeOptions(), tmp_path)
    assert picture.size == size
    assert pixel(picture.frames[0].convert("RGBA"), (0, 0)) == (255, 255, 255, 255)


@pytest.mark.parametrize(("quality", "least"), [(10, 24), (80, 32), (95, 38), (100, 43)])
def test_a_photograph_loses_as_little_as_its_quality_says(
    quality: int, least: float, tmp_path: Path
) -> None:
    photograph = Image.effect_mandelbrot((200, 150), (-2, -1.5, 1, 1.5), 90).convert("RGB")
    photograph = photograph.filter(ImageFilter.GaussianBlur(2))
    result = _rewritten(photograph, EncodeOptions(quality=quality), tmp_path).frames[0]
    error = np.asarray(photograph).astype(float) - np.asarray(result)
    assert 10 * np.log10(255**2 / (error**2).mean()) > least


@pytest.mark.parametrize("keep", ["none", "exif", "all"])
def test_metadata_is_written_as_requested(keep: Metadata, tmp_path: Path) -> None:
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"
    picture = decode(put(tmp_path, jxl(quadrants(), exif=oriented(1).tobytes(), xmp=xmp)), LIMITS)
    again = _rewritten(picture, EncodeOptions(metadata=keep), tmp_path)
    assert again.xmp == (xmp if keep == "all" else b"")
    exif = Image.Exif()
    exif.load(again.exif)
    assert exif.get(0x010F) == (None if keep == "none" else "Camera")
    assert sniff(str(tmp_path / "written")).name == "jxl"


def test_a_rendition_of_its_own_size_does_not_grow(tmp_path: Path) -> None:
    image = Image.effect_noise((128, 128), 60).convert("RGB")
    first = io.BytesIO()
    encode(Picture((image,)), first, JXL, EncodeOptions(quality=40))
    picture = decode(put(tmp_path, first.getvalue()), LIMITS)
    second = io.BytesIO()
    encode(picture, second, JXL)
    assert len(second.getvalue()) <= len(first.getvalue())


def test_it_is_written_only_where_it_is_named() -> None:
    assert parse("thumbnail.jxl").format == "jxl"
    assert nearest_writable(JXL, has_alpha=False) is JPEG


def _rewritten(image: Image.Image | Picture, options: EncodeOptions, folder: Path) -> Picture:
    picture = image if isinstance(image, Picture) else Picture((image,))
    path = folder / "written"
    encode(picture, str(path), JXL, options)
    return decode(str(path), LIMITS)


def test_where_it_cannot_be_written_the_answer_names_the_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    with pytest.raises(InvalidArgument, match="the extra 'jxl'"):
        encode(Picture((quadrants(),)), io.BytesIO(), JXL)
