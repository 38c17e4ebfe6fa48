"""The sizes and windows that imgproxy works out from its options, to the pixel.

The rules are imgproxy's own, taken from its documentation ("About processing pipeline")
and held by tables of sizes in the tests: lengths are rounded half away from zero,
positions half to even.
"""

from __future__ import annotations

from dataclasses import dataclass

from progimage.api.fronts.foreign import Size, round_half_up
from progimage.api.fronts.imgproxy.options import FOCUS, Gravity, Options


@dataclass(frozen=True, slots=True)
class Plan:
    """Sizes of each stage, in pixels.

    Attributes:
        crop: the part of the source to work on; a 0 means the whole side.
        scaled: what that part is resized to.
        result: the part of the resized picture to keep; a 0 means the whole side.
        target: the requested size, times zoom and dpr; a 0 leaves a side free.
        ratio_canvas: the canvas of the requested ratio, or None.
        dpr: the factor of offsets and paddings.
    """

    crop: Size
    scaled: Size
    result: Size
    target: Size
    ratio_canvas: Size | None
    dpr: float


def plan(source: Size, options: Options) -> Plan:
    """Return all sizes for a source of this size (width, height)."""
    if options.rotate % 180:
        source = (source[1], source[0])
    crop = _crop_size(source, options)
    width, height = (min(part or whole, whole) for part, whole in zip(crop, source, strict=True))
    scales, dpr = _scales((width, height), options)
    target = (
        _scaled(options.width, dpr * options.zoom[0]),
        _scaled(options.height, dpr * options.zoom[1]),
    )
    scaled = (max(1, _scaled(width, scales[0])), max(1, _scaled(height, scales[1])))
    result = _result_size(scaled, target, options)
    return Plan(crop, scaled, result, target, _ratio_canvas(scaled, result, target, options), dpr)


def _crop_size(source: Size, options: Options) -> Size:
    sides = []
    for whole, part in zip(source, options.crop, strict=True):
        sides.append(int(part) if part >= 1 or not part else max(1, _scaled(whole, part)))
    width, height = sides
    if options.crop_ratio:
        width, height = min(width or source[0], source[0]), min(height or source[1], source[1])
        if width / height > options.crop_ratio:
            width = max(1, round_half_up(height * options.crop_ratio))
        else:
            height = max(1, round_half_up(width / options.crop_ratio))
    return width, height


def _scales(size: Size, options: Options) -> tuple[tuple[float, float], float]:
    """Return the factors of both sides, and the factor of offsets and paddings."""
    width, height = size
    across = width / options.width if options.width else 1.0
    down = height / options.height if options.height else 1.0
    if (across, down) != (1.0, 1.0):
        across, down = _shrinks(across, down, size, options)
    across, down = across / options.zoom[0], down / options.zoom[1]
    dpr = options.dpr
    if not options.enlarge:
        least = min(across, down)
        if least < 1:
            across, down = across / least, down / least
            if not options.extend.is_on:
                dpr /= least
        dpr = min(dpr, across, down)
    if options.min_width and (least := width / options.min_width) < across:
        across, down = least, down * least / across
    if options.min_height and (least := height / options.min_height) < down:
        across, down = across * least / down, least
    across, down = min(across / dpr, width), min(down / dpr, height)
    return (1 / across, 1 / down), dpr


def _shrinks(across: float, down: float, size: Size, options: Options) -> tuple[float, float]:
    """Return by how much each side shrinks for the kind of resizing."""
    kind = options.resizing
    if kind == "force":
        return across, down
    if not options.width:
        return down, down
    if not options.height:
        return across, across
    if kind == "auto":
        is_landscape = (size[0] >= size[1], options.width >= options.height)
        kind = "fill" if is_landscape[0] == is_landscape[1] else "fit"
    both = max(across, down) if kind == "fit" else min(across, down)
    return both, both


def _result_size(scaled: Size, target: Size, options: Options) -> Size:
    if options.resizing != "fill-down" or options.enlarge or not all(target):
        return target
    across, down = target[0] / scaled[0], target[1] / scaled[1]
    if across > down and across > 1:
        return scaled[0], _scaled(scaled[0], target[1] / target[0])
    if down > across and down > 1:
        return _scaled(scaled[1], target[0] / target[1]), scaled[1]
    return target


def _ratio_canvas(scaled: Size, result: Size, target: Size, options: Options) -> Size | None:
    if not options.extend_ratio.is_on or not all(target):
        return None
    width = min(scaled[0], result[0] or scaled[0])
    height = min(scaled[1], result[1] or scaled[1])
    across, down = target[0] / width, target[1] / height
    if down > across:
        return width, _scaled(width, target[1] / target[0])
    if across > down:
        return _scaled(height, target[0] / target[1]), height
    return None


def position(whole: Size, part: Size, gravity: Gravity, dpr: float = 1.0) -> Size:
    """Return left and top of a `part` in a `whole`, or of a picture on a larger canvas."""
    if gravity.kind == FOCUS:
        left = round(whole[0] * gravity.x) - part[0] // 2
        top = round(whole[1] * gravity.y) - part[1] // 2
    else:
        x = _offset(gravity.x, whole[0], dpr)
        y = _offset(gravity.y, whole[1], dpr)
        left = round((whole[0] - part[0] + 1) / 2) + x
        top = round((whole[1] - part[1] + 1) / 2) + y
        if gravity.kind in ("no", "noea", "nowe"):
            top = y
        elif gravity.kind in ("so", "soea", "sowe"):
            top = whole[1] - part[1] - y
        if gravity.kind in ("we", "nowe", "sowe"):
            left = x
        elif gravity.kind in ("ea", "noea", "soea"):
            left = whole[0] - part[0] - x
    return (
        max(0, min(left, whole[0] - part[0])),
        max(0, min(top, whole[1] - part[1])),
    )


def _offset(offset: float, side: int, dpr: float) -> int:
    return round(offset * dpr) if abs(offset) >= 1 else round(side * offset)


def _scaled(length: int, factor: float) -> int:
    return round_half_up(length * factor)
