"""Bytes in, picture out: what the tests of readers share."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from progimage.imaging.codecs import icc
from progimage.imaging.codecs.decode import decode
from progimage.imaging.codecs.picture import Picture
from progimage.imaging.inspection import Facts, inspect
from progimage.imaging.limits import Limits
from tests.imaging.drawing import pixel, put, saved

LIMITS = Limits()
STRICT = Limits(accept_damaged=False)
CLEAR = (0, 0, 0, 0)


def read(folder: Path, data: bytes, limits: Limits = LIMITS) -> Picture:
    """Return the picture in these bytes."""
    return decode(put(folder, data), limits)


def facts(folder: Path, data: bytes, limits: Limits = LIMITS) -> Facts:
    """Return what an upload finds out of these bytes."""
    return inspect(put(folder, data), limits)


def rgba(image: Image.Image, place: tuple[int, int]) -> tuple[int, ...]:
    """Return one pixel as red, green, blue and alpha."""
    return pixel(image.convert("RGBA"), place)


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(
    rows: Sequence[bytes],
    width: int,
    *,
    depth: int = 8,
    colour: int = 2,
    before: bytes = b"",
    after: bytes = b"",
) -> bytes:
    """Return a PNG of packed rows, with chunks before and behind its pixels."""
    header = struct.pack(">IIBBBBB", width, len(rows), depth, colour, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + before
        + chunk(b"IDAT", pixels)
        + after
        + chunk(b"IEND", b"")
    )


def noise_png(**parameters: object) -> bytes:
    """Return a PNG that does not compress well."""
    return saved(Image.effect_noise((64, 64), 90).convert("RGB"), "PNG", **parameters)


def linear_grey_profile() -> bytes:
    """Return an ICC profile of greys in proportion to light."""
    profile = bytearray(icc.rgb_profile(icc.SRGB_PRIMARIES, lambda value: value)[:128])
    profile[16:20] = b"GRAY"
    white = b"XYZ " + struct.pack(">4I", 0, 0xF6D6, 0x1_0000, 0xD32D)
    curve = b"curv" + struct.pack(">II", 0, 0)
    profile += struct.pack(">I4sII4sII", 2, b"wtpt", 156, 20, b"kTRC", 176, 12) + white + curve
    profile[:4] = struct.pack(">I", len(profile))
    return bytes(profile)
