"""JPEG 2000 of more than 8 bits, and with profiles."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from progimage.errors import CorruptPicture, PictureError
from progimage.imaging.codecs.icc import SRGB_PRIMARIES, rgb_profile
from progimage.imaging.codecs.openjpeg import decoded
from progimage.imaging.codecs.readers.jpeg2000 import Jpeg2000Reader
from tests.imaging.codecs.readers.reading import facts, read, rgba
from tests.imaging.drawing import is_near, quadrants, saved

_SAMPLES = Path(__file__).parents[2] / "samples"
_DEEP = (_SAMPLES / "colours_16_bits_alpha.jp2").read_bytes()
_BARE = (_SAMPLES / "colours_12_bits.j2k").read_bytes()


def test_white_of_16_bits_is_white_and_alpha_is_what_it_was(tmp_path: Path) -> None:
    image = read(tmp_path, _DEEP).frames[0]
    assert [rgba(image, (at, 4)) for at in (2, 9, 14)] == [
        (255, 255, 255, 255),
        (128, 33, 255, 255),
        (0, 255, 0, 128),
    ]
    assert facts(tmp_path, _DEEP).has_alpha


def test_white_of_12_bits_is_white(tmp_path: Path) -> None:
    image = read(tmp_path, _BARE).frames[0]
    assert [rgba(image, (at, 4)) for at in (2, 14)] == [(255, 255, 255, 255), (0, 255, 0, 255)]


@pytest.mark.parametrize("data", [saved(Image.new("RGB", (4, 4), (100, 100, 100)), "JPEG2000")])
def test_a_profile_is_applied(data: bytes, tmp_path: Path) -> None:
    profile = rgb_profile(SRGB_PRIMARIES, lambda value: value)
    colr = b"colr\2\0\0" + profile
    start = data.index(b"jp2h") - 4
    end = start + int.from_bytes(data[start : start + 4], "big")
    box = data.index(b"colr", start) - 4
    length = int.from_bytes(data[box : box + 4], "big")
    header = data[start + 4 : box] + (len(colr) + 4).to_bytes(4, "big") + colr
    header += data[box + length : end]
    tagged = data[:start] + (len(header) + 4).to_bytes(4, "big") + header + data[end:]
    picture = read(tmp_path, tagged)
    # Linear light of 100 is 166 in sRGB.
    assert is_near(rgba(picture.frames[0], (0, 0)), (166, 166, 166, 255), 2)
    assert picture.icc


def test_damaged_data_is_an_error() -> None:
    with pytest.raises(CorruptPicture):
        decoded(_DEEP[:150])


def test_a_size_that_differs_from_that_of_the_container_is_refused(tmp_path: Path) -> None:
    """Otherwise the decoder would make room for it."""
    at = _DEEP.index(b"\xff\x4f\xff\x51") + 8
    lie = _DEEP[:at] + (30_000).to_bytes(4, "big") * 2 + _DEEP[at + 8 :]
    with pytest.raises(CorruptPicture, match="sizes"):
        facts(tmp_path, lie)


@given(st.binary(max_size=60), st.integers(40, len(_DEEP)))
def test_hostile_bytes_raise_nothing_but_picture_errors(noise: bytes, at: int) -> None:
    data = _DEEP[:at] + noise + _DEEP[at + len(noise) :]
    try:
        reader = Jpeg2000Reader(data, accepts_damage=True)
        if reader.size[0] * reader.size[1] < 10_000:
            list(reader.frames(1))
    except (PictureError, Image.DecompressionBombError, OSError, SyntaxError, ValueError):
        return
    except Image.DecompressionBombWarning:  # an error in tests; `header.opened` suppresses it
        return


def test_metadata_in_boxes_is_found(tmp_path: Path) -> None:
    exif, xmp, iptc = b"II*\0\x08\0\0\0\0\0\0\0\0\0", b"<x/>", b"\x1c\x02P\0\3Ann"
    boxes = b"".join(
        (8 + len(name) + len(body)).to_bytes(4, "big") + b"uuid" + name + body
        for name, body in (
            (b"JpgTiffExif->JP2", exif),
            (bytes.fromhex("be7acfcb97a942e89c71999491e3afac"), xmp),
            (bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38"), iptc),
        )
    )
    at = _DEEP.index(b"jp2c") - 4
    picture = read(tmp_path, _DEEP[:at] + boxes + _DEEP[at:])
    assert picture.exif == b"Exif\0\0" + exif
    assert (picture.xmp, picture.iptc[-8:]) == (xmp, iptc)


def test_a_picture_whose_points_stand_for_four_of_the_grid_has_the_size_of_its_points(
    tmp_path: Path,
) -> None:
    """As ImageMagick writes it; Pillow would show its upper quarter, stretched."""
    image = quadrants((48, 32))
    data = bytearray(saved(image, "JPEG2000", no_jp2=True))
    at = data.index(b"\xff\x4f\xff\x51")
    for place, number in ((8, 96), (12, 64), (24, 96), (28, 64)):
        struct.pack_into(">I", data, at + place, number)
    for component in range(3):
        data[at + 43 + 3 * component : at + 45 + 3 * component] = b"\2\2"
    found = read(tmp_path, bytes(data)).frames[0]
    assert found.tobytes() == image.tobytes()
