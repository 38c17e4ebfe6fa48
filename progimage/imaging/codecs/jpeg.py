"""JPEG at a fraction of its size: the decoder skips the detail that a small picture loses."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from PIL import ImageFile

from progimage.imaging.codecs.jpeg_tables import luma_sums, tables
from progimage.imaging.codecs.picture import Box

Size = tuple[int, int]

# The luminance table at quality 50. Source: ITU T.81, table K.1.
_STANDARD = (
    *(16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55),
    *(14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62),
    *(18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92),
    *(49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99),
)

# Eighths of the size, and the denominator that makes libjpeg choose them.
# Source: libjpeg-turbo, jdmaster.c, jpeg_calc_output_dimensions.
_DENOMINATORS = {1: 8, 2: 4, 3: 3, 4: 2}


def fractions(size: Size) -> list[Size]:
    """Return the sizes below its own that a JPEG of `size` can be decoded at, smallest first."""
    return [(size[0] * eighths // 8, size[1] * eighths // 8) for eighths in _DENOMINATORS]


def draft(image: ImageFile.ImageFile, target: Size) -> Box | None:
    """Have `image` load at the smallest fraction not below `target`.

    Returns the box of the loaded frame that the picture covers, with fractional edges;
    None if it will load in full. Pillow's own `draft` knows no 3/8, which takes a third off
    the time of pictures that are made somewhat larger than a quarter.
    """
    eighths = eighths_for(image.size, target)
    if eighths is None or len(image.tile) != 1:
        return None
    width, height = image.size
    rounded = -(-width * eighths // 8), -(-height * eighths // 8)
    [tile] = image.tile
    image._size = rounded
    image.tile = [tile._replace(extents=(0, 0, *rounded))]
    image.decoderconfig = (_DENOMINATORS[eighths], 0)
    return part_at(eighths, (width, height))


def eighths_for(size: Size, target: Size) -> int | None:
    """Return the smallest fraction of `size` that is not below `target`; None if there is none."""
    for eighths, (wide, high) in zip(_DENOMINATORS, fractions(size), strict=True):
        if wide >= max(target[0], 1) and high >= max(target[1], 1):
            return eighths
    return None


def part_at(eighths: int, size: Size) -> Box:
    """Return the box, with fractional edges, that a picture of `size` covers at a fraction."""
    return 0.0, 0.0, size[0] * eighths / 8, size[1] * eighths / 8


def quality_of(table: Sequence[int]) -> int:
    """Return the quality at which libjpeg, or `jpeg_tables`, makes such a luma table, 1 to 100.

    Source: libjpeg-turbo, jcparam.c, jpeg_quality_scaling.
    """
    total = sum(table)
    for is_small in (False, True):
        own = _nearest(luma_sums(is_small=is_small), total)
        if tuple(table) == tables(own, is_small=is_small)[0]:
            return own
    return _nearest(_sums(), total)


def _nearest(sums: Sequence[int], total: int) -> int:
    return min(range(1, 101), key=lambda quality: abs(sums[quality] - total))


@cache
def _sums() -> list[int]:
    """Return the sum of the luminance table of each quality, which has no entry above 255."""
    percents = [5000, *(5000 // q if q < 50 else 200 - 2 * q for q in range(1, 101))]
    return [
        sum(min(max((entry * percent + 50) // 100, 1), 255) for entry in _STANDARD)
        for percent in percents
    ]
