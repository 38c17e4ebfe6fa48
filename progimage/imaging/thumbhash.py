"""ThumbHash: a picture in about 25 bytes, to show while the real one loads.

Source: Evan Wallace, https://github.com/evanw/thumbhash (MIT), `rgbaToThumbHash`.
Written out here because the package on PyPI fails on pictures with transparency,
and because a separable transform is ten times faster in plain Python.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

MAX_SIDE = 100


@dataclass(frozen=True, slots=True)
class _Channel:
    """The low frequencies of one channel: the mean, the rest in -scale..scale as 0..1."""

    mean: float
    rest: list[float]
    scale: float


def thumb_hash(width: int, height: int, rgba: bytes) -> bytes:
    """Return the ThumbHash of a small picture, given as RGBA bytes with straight alpha.

    Raises:
        ValueError: a side is longer than 100 pixels.
    """
    if max(width, height) > MAX_SIDE:
        raise ValueError(f"a ThumbHash is made of at most 100x100 pixels, got {width}x{height}")
    alpha = [value / 255 for value in rgba[3::4]]
    opacity = sum(alpha)
    red, green, blue = (
        _over_mean([value / 255 for value in rgba[start::4]], alpha, opacity) for start in range(3)
    )
    has_alpha = min(rgba[3::4]) < 255
    longest = max(width, height)
    limit = 5 if has_alpha else 7  # more room for the colours if there is no alpha
    across = max(1, _round(limit * width / longest))
    down = max(1, _round(limit * height / longest))

    def encoded(samples: list[float], nx: int, ny: int) -> _Channel:
        return _encoded(samples, width, height, nx, ny)

    lightness = encoded(
        [(r + g + b) / 3 for r, g, b in zip(red, green, blue, strict=True)],
        max(3, across),
        max(3, down),
    )
    yellow_blue = encoded([(r + g) / 2 - b for r, g, b in zip(red, green, blue, strict=True)], 3, 3)
    red_green = encoded([r - g for r, g in zip(red, green, strict=True)], 3, 3)

    is_landscape = width > height
    header = (
        _round(63 * lightness.mean)
        | _round(31.5 + 31.5 * yellow_blue.mean) << 6
        | _round(31.5 + 31.5 * red_green.mean) << 12
        | _round(31 * lightness.scale) << 18
        | has_alpha << 23
    )
    shape = (
        (down if is_landscape else across)
        | _round(63 * yellow_blue.scale) << 3
        | _round(63 * red_green.scale) << 9
        | is_landscape << 15
    )
    result = bytearray(header.to_bytes(3, "little") + shape.to_bytes(2, "little"))
    channels = [lightness, yellow_blue, red_green]
    if has_alpha:
        opaqueness = encoded(alpha, 5, 5)
        result.append(_round(15 * opaqueness.mean) | _round(15 * opaqueness.scale) << 4)
        channels.append(opaqueness)
    nibbles = [_round(15 * value) for channel in channels for value in channel.rest]
    nibbles += [0] * (len(nibbles) % 2)
    result += bytes(low | high << 4 for low, high in zip(nibbles[::2], nibbles[1::2], strict=True))
    return bytes(result)


def _over_mean(channel: Sequence[float], alpha: Sequence[float], opacity: float) -> list[float]:
    """Lay a channel over its own mean, so that what is transparent adds no contrast."""
    covered = [value * a for value, a in zip(channel, alpha, strict=True)]
    mean = sum(covered) / opacity if opacity else 0.0
    return [value + mean * (1 - a) for value, a in zip(covered, alpha, strict=True)]


def _encoded(samples: list[float], width: int, height: int, nx: int, ny: int) -> _Channel:
    """Return the cosine transform's corner of nx by ny frequencies, cut along its diagonal."""
    cosines_x = [_cosines(width, frequency) for frequency in range(nx)]
    cosines_y = [_cosines(height, frequency) for frequency in range(ny)]
    rows = [samples[start : start + width] for start in range(0, width * height, width)]
    columns = [[_dot(row, cosine) for row in rows] for cosine in cosines_x]
    values = [
        _dot(columns[fx], cosines_y[fy]) / (width * height)
        for fy in range(ny)
        for fx in range(nx)
        if fx * ny < nx * (ny - fy)
    ]
    mean, *rest = values
    scale = max((abs(value) for value in rest), default=0.0)
    if scale:
        rest = [0.5 + 0.5 / scale * value for value in rest]
    return _Channel(mean, rest, scale)


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return math.fsum(a * b for a, b in zip(one, other, strict=True))


def _cosines(length: int, frequency: int) -> list[float]:
    return [math.cos(math.pi / length * frequency * (at + 0.5)) for at in range(length)]


def _round(value: float) -> int:
    """Round halves up, as JavaScript does."""
    return math.floor(value + 0.5)
