"""Icons as browsers show them: masks, depths that are not true, the largest picture."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from progimage.errors import CorruptPicture
from progimage.imaging.codecs.sniff import sniff
from tests.imaging.codecs.readers.reading import STRICT, facts, read, rgba
from tests.imaging.drawing import GREEN, RED, put, quadrants, saved


def _bitmap(pixels: bytes, mask: bytes, size: tuple[int, int], bits: int = 32) -> bytes:
    width, height = size
    header = struct.pack("<IiiHHIIiiII", 40, width, 2 * height, 1, bits, 0, 0, 0, 0, 0, 0)
    return header + pixels + mask


def _icon(*pictures: tuple[bytes, int, int]) -> bytes:
    """Return an icon of pictures, each with the side and depth that the directory says."""
    directory = struct.pack("<HHH", 0, 1, len(pictures))
    offset = 6 + 16 * len(pictures)
    for data, side, bits in pictures:
        directory += struct.pack("<BBBBHHII", side, side, 0, 0, 1, bits, len(data), offset)
        offset += len(data)
    return directory + b"".join(data for data, _, _ in pictures)


def _one(alpha: int, masked: bool, declared_bits: int = 32) -> bytes:
    pixels = bytes((3, 2, 1, alpha)) * 64
    mask = bytes((0xFF if masked else 0, 0, 0, 0)) * 8
    return _icon((_bitmap(pixels, mask, (8, 8)), 8, declared_bits))


@pytest.mark.parametrize(
    ("alpha", "masked", "shown"),
    [(0, False, 255), (0, True, 0), (128, True, 128), (255, True, 255)],
)
def test_the_mask_counts_where_no_pixel_has_alpha(
    alpha: int, masked: bool, shown: int, tmp_path: Path
) -> None:
    image = read(tmp_path, _one(alpha, masked)).frames[0]
    assert rgba(image, (0, 0))[3] == shown


def test_a_depth_of_nothing_in_the_directory_does_not_matter(tmp_path: Path) -> None:
    assert rgba(read(tmp_path, _one(128, masked=False, declared_bits=0)).frames[0], (0, 0)) == (
        *(1, 2, 3),
        128,
    )


def test_a_picture_of_24_bits_has_a_mask(tmp_path: Path) -> None:
    pixels, mask = bytes((3, 2, 1)) * 64, bytes((0x80, 0, 0, 0)) * 8
    image = read(tmp_path, _icon((_bitmap(pixels, mask, (8, 8), 24), 8, 24))).frames[0]
    assert (rgba(image, (0, 0))[3], rgba(image, (1, 0))) == (0, (1, 2, 3, 255))


def test_the_largest_picture_stands_for_the_icon(tmp_path: Path) -> None:
    small, large = saved(quadrants((16, 16)), "PNG"), saved(quadrants((32, 32)), "PNG")
    icon = _icon((small, 16, 32), (large, 32, 32))
    assert (read(tmp_path, icon).size, facts(tmp_path, icon).damage) == ((32, 32), "")


def test_where_the_largest_is_broken_the_next_is_shown(tmp_path: Path) -> None:
    small = saved(quadrants((16, 16)), "PNG")
    icon = _icon((small, 16, 32), (b"\x89PNG" + bytes(80), 32, 32))
    image = read(tmp_path, icon).frames[0]
    assert image.size == (16, 16)
    assert (rgba(image, (0, 0))[:3], rgba(image, (15, 0))[:3]) == (RED, GREEN)
    assert facts(tmp_path, icon).damage.startswith("a picture of the icon")
    with pytest.raises(CorruptPicture):
        facts(tmp_path, icon, STRICT)


def test_an_icon_that_libmagic_takes_for_a_tga_is_an_icon(tmp_path: Path) -> None:
    """The size of the first picture, from 64 to 128 KiB, has that effect."""
    pixels = b"".join(struct.pack("<I", at * 2_654_435_761 % 2**32) for at in range(128 * 240))
    mask = bytes(16 * 240)
    icon = _icon((_bitmap(pixels, mask, (128, 240)), 128, 32))
    assert sniff(put(tmp_path, icon)).name == "ico"


def test_a_pointer_is_an_icon_whose_hot_spot_is_no_depth(tmp_path: Path) -> None:
    small, large = saved(quadrants((16, 16)), "PNG"), saved(quadrants((32, 32)), "PNG")
    pointer = bytearray(_icon((small, 16, 31), (large, 32, 1)))
    pointer[2] = 2
    found = facts(tmp_path, bytes(pointer))
    assert (found.format, found.width, found.height) == ("ico", 32, 32)
    assert sniff(put(tmp_path, bytes(pointer))).name == "ico"


def test_of_pictures_without_a_depth_the_one_of_more_colours_is_shown(tmp_path: Path) -> None:
    few, many = _bitmap(bytes((0, 0, 9, 255)) * 64, bytes(32), (8, 8)), _one(128, masked=False)[22:]
    icon = bytearray(_icon((few, 8, 0), (many, 8, 0)))
    icon[8] = 16
    assert rgba(read(tmp_path, bytes(icon)).frames[0], (0, 0)) == (1, 2, 3, 128)


@pytest.mark.parametrize("length", [0, 8, 70_000])
def test_a_length_that_is_not_true_does_not_matter(length: int, tmp_path: Path) -> None:
    icon = bytearray(_one(128, masked=False))
    struct.pack_into("<I", icon, 14, length)
    assert facts(tmp_path, bytes(icon)).damage == ""
    assert rgba(read(tmp_path, bytes(icon)).frames[0], (0, 0)) == (1, 2, 3, 128)


def test_a_bitmap_without_a_mask_has_the_height_of_the_directory(tmp_path: Path) -> None:
    bitmap = bytearray(_bitmap(bytes((3, 2, 1, 128)) * 64, b"", (8, 8)))
    struct.pack_into("<i", bitmap, 8, 8)
    assert read(tmp_path, _icon((bytes(bitmap), 8, 32))).size == (8, 8)


def test_masks_of_three_colours_leave_no_alpha(tmp_path: Path) -> None:
    bitmap = bytearray(_bitmap(b"", b"", (8, 8)))
    struct.pack_into("<I", bitmap, 16, 3)
    bitmap += struct.pack("<3I", 0xFF0000, 0xFF00, 0xFF) + bytes((3, 2, 1, 128)) * 64 + bytes(32)
    assert rgba(read(tmp_path, _icon((bytes(bitmap), 8, 32))).frames[0], (0, 0)) == (1, 2, 3, 255)
