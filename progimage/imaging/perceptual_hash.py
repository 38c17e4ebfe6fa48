"""A hash of what a picture looks like: near for pictures that look alike.

Source: C. Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions"
(2010), 3.2.1: the DCT hash. It does not see through rotation, mirroring and cropping.
"""

from __future__ import annotations

import math
from statistics import median

from PIL import Image

_SIDE = 32
_BITS_A_SIDE = 8
# Below this all of a picture's waves are rounding errors: it is of one colour.
_LEAST_WAVE = 1.0
_WAVES = [
    [math.cos(math.pi * wave * (2 * at + 1) / (2 * _SIDE)) for at in range(_SIDE)]
    for wave in range(1, _BITS_A_SIDE + 1)
]


def perceptual_hash(image: Image.Image) -> str:
    """Return 64 bits in 16 hexadecimal digits; all 0 for a picture of one colour.

    `image` is RGBA, upright; what is transparent counts as white.
    """
    white = Image.new("RGBA", image.size, (255, 255, 255, 255))
    white.alpha_composite(image)
    small = white.convert("L").resize((_SIDE, _SIDE), Image.Resampling.BILINEAR)
    levels = small.tobytes()
    rows = [levels[at : at + _SIDE] for at in range(0, len(levels), _SIDE)]
    across = [[_dot(wave, row) for row in rows] for wave in _WAVES]
    waves = [_dot(down, column) for down in _WAVES for column in across]
    if max(map(abs, waves)) < _LEAST_WAVE:
        return "0" * 16
    middle = median(waves)
    bits = sum((wave > middle) << at for at, wave in enumerate(waves))
    return f"{bits:016x}"


def _dot(wave: list[float], values: bytes | list[float]) -> float:
    return math.fsum(one * other for one, other in zip(wave, values, strict=True))
