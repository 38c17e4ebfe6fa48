"""What the colour chunks of a PNG say.

Source: PNG (third edition), W3C 2025, 4.3 (which chunk counts) and 11.3.2.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

from progimage.imaging.codecs import cicp
from progimage.imaging.codecs.colour_management import MAX_PROFILE_BYTES
from progimage.imaging.codecs.icc import SRGB_PRIMARIES, is_sound, rgb_profile
from progimage.imaging.codecs.readers.png_chunks import inflated
from progimage.imaging.codecs.readers.reader import Colour

# A gamma within 5 % of that of sRGB is taken for it. Source: libpng, PNG_GAMMA_THRESHOLD.
_SRGB_GAMMA, _GAMMA_TOLERANCE = 1 / 2.2, 0.05
_SRGB_POINTS = b"\x01\x0d"
_MAX_INTENT = 3


def colour_of(meta: Mapping[bytes, bytes]) -> tuple[Colour, bool]:
    """Return the meaning of the colours, and whether the file says it at all.

    The first of cICP, iCCP, sRGB, and gAMA with cHRM counts that makes sense.

    Args:
        meta: the ancillary chunks before the pixels, by type.
    """
    points = meta.get(b"cICP", b"")
    # RGB of the full range only, as in Chromium.
    if len(points) == 4 and points[2:] == b"\0\1":
        colour = cicp.colour_space(*points[:2], is_video=False, peak_nits=_peak_nits(meta))
        if colour is not None or points[:2] == _SRGB_POINTS:
            return colour, True
    if profile := _profile_of(meta.get(b"iCCP", b"")):
        return profile, True
    intent = meta.get(b"sRGB", b"")
    if (len(intent) == 1 and intent[0] <= _MAX_INTENT) or b"gAMA" not in meta:
        return None, False
    colour = _gamma_profile(meta[b"gAMA"], meta.get(b"cHRM", b""))
    return colour, colour is not None


def _profile_of(chunk: bytes) -> bytes | None:
    """Return the profile in an iCCP chunk, if it is one of reasonable size."""
    name, separator, rest = chunk.partition(b"\0")
    if not separator or not 1 <= len(name) <= 79 or rest[:1] != b"\0":
        return None
    profile = inflated(rest[1:], MAX_PROFILE_BYTES)
    return profile if profile and is_sound(profile) else None


def _gamma_profile(gamma: bytes, chromaticities: bytes) -> Colour:
    value = int.from_bytes(gamma[:4], "big") / 100_000
    if len(gamma) != 4 or not 0 < value <= 100:
        return None
    primaries: tuple[float, ...] = SRGB_PRIMARIES
    if len(chromaticities) == 32:
        numbers = [number / 100_000 for number in struct.unpack(">8I", chromaticities)]
        primaries = (*numbers[2:], *numbers[:2])
    elif abs(value / _SRGB_GAMMA - 1) < _GAMMA_TOLERANCE:
        return None
    try:
        return rgb_profile(primaries, lambda sample: sample ** (1 / value))
    except ValueError:
        return None


def _peak_nits(meta: Mapping[bytes, bytes]) -> float:
    """Return how bright a picture gets, as cLLI or else mDCV say. Source: PNG, 11.3.2.8."""
    light, display = meta.get(b"cLLI", b""), meta.get(b"mDCV", b"")
    if len(light) == 8:
        return int.from_bytes(light[:4], "big") / 10_000
    return int.from_bytes(display[16:20], "big") / 10_000 if len(display) == 24 else 0
