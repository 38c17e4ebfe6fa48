"""Working copies: a large picture in smaller sizes, which renditions are made from.

Most of the time of a rendition goes into decoding the original, again for each size. A
picture of many pixels therefore has copies of itself: upright, in sRGB, with its alpha.
What the copies of a picture are, and which of them a pipeline uses, follows from the
picture and the settings alone, so that equal requests give equal bytes on every node.

Sizes and margins are measured; see DecisionLog.md, 62, 143 and 225.
"""

from __future__ import annotations

from progimage.imaging.codecs.formats import JPEG
from progimage.imaging.codecs.header import Opened
from progimage.imaging.codecs.jpeg import fractions
from progimage.imaging.operation import Size
from progimage.imaging.pipeline import Pipeline
from progimage.imaging.render import needed_size

_MIN_PIXELS = 2_500_000

# The largest copy has at most this part of the original's sides, else it would save too little.
_LARGEST_PART = 1 / 1.5

# The largest copy of a JPEG is what the decoder gives at one of its fractions, which needs
# no resampling; it may be smaller than intended by this factor.
_SMALLEST_FRACTION = 0.74

# Smaller copies have these parts of that size, unless the next larger one is hardly larger. Those
# of a JPEG are smaller: its renditions are the quickest, and it has lost detail before.
_PARTS_OF_SMALLER = (0.7, 0.45)
_PARTS_OF_SMALLER_JPEG = (0.6, 0.36)
_MOST_OF_LARGER = 0.85

# A rendition is made of a copy that has at least so many times the sides it needs: of one
# below so many pixels a side, which has lost nothing but size, less is enough.
_MARGIN = 1.4
_MARGIN_OF_SMALL = 1.2
SMALL_PX = 1440


def copy_sizes(size: Size, px: int, *, is_jpeg: bool) -> tuple[Size, ...]:
    """Return the sizes of the working copies of a still picture, the largest first.

    Args:
        size: the picture's width and height, as displayed.
        px: the long side that the largest copy should have; 0 for no copies.
    """
    if px == 0 or size[0] * size[1] < _MIN_PIXELS:
        return ()
    long_side = min(px, max(size) * _LARGEST_PART)
    fraction = _fraction(size, long_side) if is_jpeg else None
    found = [fraction or _scaled(size, long_side / max(size))]
    for part in _PARTS_OF_SMALLER_JPEG if is_jpeg else _PARTS_OF_SMALLER:
        smaller = _scaled(size, px * part / max(size))
        if max(smaller) <= max(found[-1]) * _MOST_OF_LARGER:
            found.append(smaller)
    return tuple(found)


def copy_size_for(pipeline: Pipeline, size: Size, px: int, *, is_jpeg: bool) -> Size | None:
    """Return the size of the working copy that a rendition is made from.

    None for the original: where no copy has enough pixels, or the rendition is of a further
    page, should be lossless or keep metadata.
    """
    if px == 0:
        return None
    output = pipeline.output
    if output.page > 1 or output.options.lossless or output.options.metadata != "none":
        return None
    needed = needed_size(pipeline, size)
    if needed is None:
        return None
    for copy in reversed(copy_sizes(size, px, is_jpeg=is_jpeg)):
        margin = _MARGIN_OF_SMALL if max(copy) < SMALL_PX else _MARGIN
        if copy[0] >= needed[0] * margin and copy[1] >= needed[1] * margin:
            return copy
    return None


def sizes_of(header: Opened, px: int) -> tuple[Size, ...]:
    """Return what `copy_sizes` does for an opened picture; none for an animation or a drawing."""
    if header.is_animated or header.form.is_vector:
        return ()
    return copy_sizes(header.size, px, is_jpeg=header.form is JPEG)


def _fraction(size: Size, long_side: float) -> Size | None:
    """Return the smallest fraction of a JPEG that is large enough for its first copy."""
    enough = long_side * _SMALLEST_FRACTION
    return next((part for part in fractions(size) if max(part) >= enough), None)


def _scaled(size: Size, scale: float) -> Size:
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
