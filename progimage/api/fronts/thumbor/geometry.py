"""The sizes and windows that thumbor works out, to the pixel.

The rules are thumbor's own (its documentation, "Usage" and "Filters"), and a test holds
them to a thumbor that runs beside it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from progimage.api.fronts.foreign import Size
from progimage.api.fronts.thumbor.path import ThumborOptions

_SHARES = {"left": 0.0, "center": 0.5, "right": 1.0, "top": 0.0, "middle": 0.5, "bottom": 1.0}
_NUDGE = 1e-5
"""Makes halves round up: thumbor adds it before it rounds half to even."""

Box = tuple[int, int, int, int]
"""Left, top, right, bottom."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Sizes of each stage, in pixels.

    Attributes:
        crop: the part that the URL names, None for all.
        window: the part of the crop that stays, None for all.
        size: what it is resized to.
        requested: the canvas of the filter `fill`.
    """

    crop: Box | None
    window: Box | None
    size: Size
    requested: Size


def plan(source: Size, options: ThumborOptions, focus: Size | None) -> Plan:
    """Return all sizes for a source of this size; `focus` is a point of the source."""
    crop = _manual_crop(source, options.crop)
    if crop:
        source = crop[2] - crop[0], crop[3] - crop[1]
        focus = _inside(focus, crop) if focus else None
    target = target_size(source, options)
    if options.is_fit_in:
        size, requested = _fit_in(source, target, options)
        return Plan(crop, None, size, requested)
    window = None
    if not options.is_stretched and (focus or not options.is_smart):
        window = _window(source, target, focus or _aligned(source, options))
    return Plan(crop, window, target, target)


def target_size(source: Size, options: ThumborOptions) -> Size:
    """Return the requested size, its free side in proportion."""
    width = source[0] if options.width == "orig" else options.width
    height = source[1] if options.height == "orig" else options.height
    if not width and not height:
        return source
    if not width:
        width = round(float(height or 0) * source[0] / source[1])
    if not height:
        height = round(float(width) * source[1] / source[0])
    return max(1, int(width)), max(1, int(height))


def _manual_crop(source: Size, crop: Box | None) -> Box | None:
    if crop is None:
        return None
    left, right = min(crop[0], source[0]), min(crop[2], source[0])
    top, bottom = min(crop[1], source[1]), min(crop[3], source[1])
    return (left, top, right, bottom) if left < right and top < bottom else None


def _inside(focus: Size, crop: Box) -> Size | None:
    if crop[0] <= focus[0] <= crop[2] and crop[1] <= focus[1] <= crop[3]:
        return focus[0] - crop[0], focus[1] - crop[1]
    return None


def _aligned(source: Size, options: ThumborOptions) -> Size:
    return (
        int(source[0] * _SHARES[options.horizontal]),
        int(source[1] * _SHARES[options.vertical]),
    )


def _window(source: Size, target: Size, focus: Size) -> Box | None:
    if round(source[0] / source[1], 2) == round(target[0] / target[1], 2):
        return None
    if target[0] / source[0] > target[1] / source[1]:
        width, height = source[0], round(source[0] * target[1] / target[0])
    else:
        width, height = math.ceil(target[0] * source[1] / target[1]), source[1]
    left = round(min(max(focus[0] - width / 2, 0.0), source[0] - width))
    top = round(min(max(focus[1] - height / 2, 0.0), source[1] - height))
    return left, top, min(left + max(1, width), source[0]), min(top + max(1, height), source[1])


def _fit_in(source: Size, target: Size, options: ThumborOptions) -> tuple[Size, Size]:
    """Return the size that fits, and the canvas of `fill`."""
    is_other_way = (source[0] - source[1]) * (target[0] - target[1]) < 0
    if options.is_adaptive and is_other_way:
        target = target[1], target[0]
    if not options.is_full and target[0] >= source[0] and target[1] >= source[1]:
        return source, target
    across, down = source[0] / target[0], source[1] / target[1]
    is_bound_by_width = across <= down if options.is_full else across >= down
    if is_bound_by_width:
        size = target[0], round(source[1] * target[0] / source[0] + _NUDGE)
    else:
        size = round(source[0] * target[1] / source[1] + _NUDGE), target[1]
    size = max(1, size[0]), max(1, size[1])
    return size, (max(target[0], size[0]), max(target[1], size[1]))
