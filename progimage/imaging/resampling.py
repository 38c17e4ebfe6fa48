"""Lanczos resampling: by SIMD instructions where `cykooz_resizer` is installed, else by Pillow.

Both compute the same filter, across first and then down, and differ by one or two levels a
channel. The library takes a seventh of Pillow's time and gives the same bytes on every kind
of processor.
Source: Duchon, Lanczos Filtering in One and Two Dimensions (1979), with a support of 3.
"""

from __future__ import annotations

from math import ceil, floor
from types import ModuleType

import PIL
from PIL import Image

from progimage.imaging.codecs.picture import Box

# The library reads Pillow's own memory, whose layout it knows of these major versions.
_PILLOW_VERSIONS = ("12", "13")

# The filter reaches so many pixels of the result, or of the source if those are larger.
_SUPPORT = 3

# At most so many pixels, 8 MB of them, are between the two directions at any time.
MOST_BETWEEN = 2 << 20

_simd: ModuleType | None = None
if PIL.__version__.partition(".")[0] in _PILLOW_VERSIONS:
    try:
        import cykooz_resizer

        _simd = cykooz_resizer
    except ImportError:
        _simd = None

IS_FAST = _simd is not None
"""False where Pillow does the work, which is correct but takes several times as long."""


def resized(
    image: Image.Image,
    size: tuple[int, int],
    box: Box | None = None,
    *,
    vertical_first: bool = False,
) -> Image.Image:
    """Return `box` of `image`, or all of it, at `size`; in its own mode, without its `info`.

    Colours of transparent pixels do not count: they are weighted by their alpha.

    Args:
        image: L, LA, RGB, RGBA or CMYK.
        box: left, top, right, bottom, in fractions of pixels, within the image.
        vertical_first: scale vertically and then horizontally, which of pictures in mode L takes
            two thirds of the time. Where edges are cut off at black and white, the result differs.
    """
    box = box or (0, 0, *image.size)
    if _simd is None:
        return _by_pillow(image, size, box, vertical_first)
    if image.mode == "LA":
        # Grey in three equal channels converts back to the very same grey.
        whole = image.convert("RGBA")
        return resized(whole, size, box, vertical_first=vertical_first).convert("LA")
    left, top, right, bottom = box
    scale = (bottom - top) / size[1]
    if vertical_first:
        step = max(1, MOST_BETWEEN // 2 // image.width)
    else:
        step = max(1, int(MOST_BETWEEN / (size[0] * max(1, scale))))
    if size[1] <= step:
        return _resized_rows(_simd, image, size, box, vertical_first)
    result = Image.new(image.mode, size)
    for row in range(0, size[1], step):
        rows = min(step, size[1] - row)
        part = left, top + row * scale, right, min(top + (row + rows) * scale, bottom)
        band = _resized_rows(_simd, image, (size[0], rows), part, vertical_first)
        result.paste(band, (0, row))
    return result


def _by_pillow(
    image: Image.Image, size: tuple[int, int], box: Box, vertical_first: bool
) -> Image.Image:
    if vertical_first:
        left, top, right, bottom = box
        whole_rows = 0, top, image.width, bottom
        image = image.resize((image.width, size[1]), Image.Resampling.LANCZOS, whole_rows)
        box = left, 0, right, size[1]
    result = image.resize(size, Image.Resampling.LANCZOS, box)
    result.info = {}
    return result


def _resized_rows(
    simd: ModuleType, image: Image.Image, size: tuple[int, int], box: Box, vertical_first: bool
) -> Image.Image:
    left, top, right, bottom = box
    if vertical_first:
        first, last = _reached(left, right, size[0], image.width)
        down = _convolved(simd, image, (last - first, size[1]), (first, top, last, bottom))
        return _convolved(simd, down, size, (left - first, 0, right - first, size[1]))
    first, last = _reached(top, bottom, size[1], image.height)
    across = _convolved(simd, image, (size[0], last - first), (left, first, right, last))
    return _convolved(simd, across, size, (0, top - first, size[0], bottom - first))


def _reached(start: float, end: float, count: int, limit: int) -> tuple[int, int]:
    """Return the first pixel, and the one behind the last, that the filter reads in a direction.

    Args:
        start, end: what becomes `count` pixels, of `limit` pixels.
    """
    reach = _SUPPORT * max(1, (end - start) / count)
    return max(0, floor(start - reach)), min(limit, ceil(end + reach))


def _convolved(
    simd: ModuleType, image: Image.Image, size: tuple[int, int], box: Box
) -> Image.Image:
    left, top, right, bottom = box
    options = simd.ResizeOptions(
        resize_alg=simd.ResizeAlg.convolution(simd.FilterType.lanczos3),
        crop_box=simd.CropBox(left, top, right - left, bottom - top),
        use_alpha=True,
    )
    result = Image.new(image.mode, size, None)  # all of it is written
    simd.Resizer().resize_pil(image, result, options)
    return result
