"""Pictures of 16 bits a channel, which Pillow holds one channel at a time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from PIL import Image

from progimage.imaging.codecs.icc import Curve, curves, light_to_srgb, with_srgb_curves

_STEP = 16


def join(high: bytes, low: bytes, size: tuple[int, int]) -> Image.Image:
    """Return an I;16 image of the high and the low bytes of its samples."""
    samples = bytearray(2 * len(high))
    samples[0::2], samples[1::2] = low, high
    return Image.frombytes("I;16", size, bytes(samples), "raw", "I;16")


def looked_up(channel: Image.Image, table: bytes) -> Image.Image:
    """Return the L image of what `table` has for each of the 65,536 values of I;16."""
    return channel.convert("I").point(table, "L")


def to_eight_bits(channels: Sequence[Image.Image]) -> Image.Image:
    """Return I;16 channels as one image of 8 bits a channel: L or RGB."""
    cut = [looked_up(channel, _LINEAR) for channel in channels]
    return cut[0] if len(cut) == 1 else Image.merge("RGB", cut)


def managed(
    channels: Sequence[Image.Image], profile: bytes
) -> tuple[Image.Image, bytes | None] | None:
    """Bring I;16 channels to 8 bits by the curves of their profile, which loses no dark step.

    Returns an L or RGB image whose curves are those of sRGB, and the profile that is left
    to be applied; None if the profile does not allow it.
    """
    found = curves(profile)
    if found is None or len(found) != len(channels):
        return None
    rest = None
    if len(channels) == 3:
        rest = with_srgb_curves(profile)
        if rest is None:
            return None
    shaped = [
        looked_up(channel, _table(curve)) for channel, curve in zip(channels, found, strict=True)
    ]
    return (shaped[0] if len(shaped) == 1 else Image.merge("RGB", shaped)), rest


@lru_cache(maxsize=8)
def _table(curve: Curve) -> bytes:
    """Return the sRGB value of each of 65,536 samples, every 16th computed."""
    points = [
        255 * light_to_srgb(min(max(curve(sample / 65_535), 0.0), 1.0))
        for sample in range(0, 65_536 + _STEP, _STEP)
    ]
    return bytes(
        round(min(low + (high - low) * part / _STEP, 255))
        for low, high in pairwise(points)
        for part in range(_STEP)
    )


_LINEAR = bytes((value * 255 + 32_767) // 65_535 for value in range(65_536))
