"""JPEG XL."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pylibjxl
import pytest
from PIL import Image

from progimage.errors import CorruptPicture, InvalidArgument, MismatchedMedia, PictureTooComplex
from progimage.imaging.codecs.decode import decode
from progimage.imaging.codecs.formats import PNG
from progimage.imaging.codecs.sniff import sniff
from progimage.imaging.inspection import inspect
from progimage.imaging.limits import Limits
from progimage.imaging.pipeline import parse
from progimage.imaging.pool import RenderPool
from progimage.imaging.render import render
from tests.imaging.codecs.test_decode import swapped_profile
from tests.imaging.drawing import put, quadrants, saved, with_hole

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
    assert facts.capture.camera == "Camera"
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


def test_it_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument):
        parse("thumbnail.jxl")
