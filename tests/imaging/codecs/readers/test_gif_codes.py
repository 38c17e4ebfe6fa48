"""GIFs whose codes begin at two bits, as codes that begin at three."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from progimage.imaging.codecs.readers.gif_codes import with_three_bits


def gif(blocks: bytes, size: tuple[int, int], code_size: int) -> bytes:
    """Return a GIF of two colours with these blocks of codes."""
    width, height = (side.to_bytes(2, "little") for side in size)
    screen = b"GIF89a" + width + height + b"\x80\0\0" + b"\0\0\0\xff\xff\xff"
    return screen + b",\0\0\0\0" + width + height + b"\0" + bytes([code_size]) + blocks + b";"


@pytest.mark.parametrize("size", [(1, 1), (5, 3), (64, 40)])
def test_the_pixels_are_the_same(size):
    pixels = [(x * 7 + y * 3) % 5 % 2 for y in range(size[1]) for x in range(size[0])]
    number = filled = 0
    # A clear code before each pixel; codes have two bits behind a clear code, then three.
    for at, pixel in enumerate(pixels):
        number |= (2 | pixel << 2 + (at > 0)) << filled
        filled += 4 + (at > 0)
    number |= 3 << filled
    data = number.to_bytes((filled + 10) // 8, "little")
    parts = [data[at : at + 255] for at in range(0, len(data), 255)]
    blocks = b"".join(bytes([len(part)]) + part for part in parts) + b"\0"
    with Image.open(io.BytesIO(gif(with_three_bits(blocks), size, 2))) as image:
        assert [int(value > 0) for value in image.convert("L").tobytes()] == pixels


@pytest.mark.parametrize("blocks", [b"", b"\0", b"\5\xff\xff", b"\1\x03"])
def test_damaged_blocks_end_where_the_damage_begins(blocks):
    assert with_three_bits(blocks).endswith(b"\0")
