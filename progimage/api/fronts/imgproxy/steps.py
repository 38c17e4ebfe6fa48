"""From imgproxy's options to a pipeline.

imgproxy works in one fixed order, independent of the order in the URL: trim, crop, resize,
rotate and flip, crop to the result, colours and filters, extend, padding, background,
watermark (its documentation, "About processing pipeline"). A crop counts in the picture
as rotated and flipped, so where there is one, rotation comes first.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace

from progimage.api.fronts.foreign import ForeignUrlError, Size
from progimage.api.fronts.imgproxy.geometry import Plan, plan, position
from progimage.api.fronts.imgproxy.options import REPLICATE, SMART, Gravity, Options
from progimage.errors import InvalidRequest
from progimage.imaging.limits import Limits
from progimage.imaging.pipeline import Pipeline
from progimage.imaging.pipeline_parser import parse

_COMPASS = {
    "ce": "center",
    "no": "north",
    "so": "south",
    "ea": "east",
    "we": "west",
    "noea": "northeast",
    "nowe": "northwest",
    "soea": "southeast",
    "sowe": "southwest",
}
# A URL with all options has this many steps; each has its own limits.
_MAX_STEPS = 24


def compile_options(options: Options, size: Size, watermark: str, limits: Limits) -> Pipeline:
    """Return the pipeline for a source of this size.

    Args:
        size: width and height of the source, upright, after `trim_steps`.
        watermark: the id of the picture that the operator chose as watermark, or "".
        limits: the bounds of any pipeline; the number of steps apart.

    Raises:
        ForeignUrlError: with 422, where a size passes a limit or an option does not go
            with another here.
    """
    texts = [*_steps(options, size, watermark), *_settings(options)]
    try:
        pipeline = parse("/".join(texts), limits=replace(limits, max_steps=_MAX_STEPS))
    except InvalidRequest as error:
        raise ForeignUrlError(f"imgproxy URL: {error}", 422) from None
    return pipeline.with_format(options.format or None)


def _steps(options: Options, size: Size, watermark: str) -> Iterator[str]:
    yield from trim_steps(options)
    sizes = plan(size, options)
    yield from _resized(options, size, sizes)
    yield from _filtered(options)
    yield from _extended(options, sizes)
    if options.background:
        yield f"flatten:{options.background}"
    yield from _watermarked(options, watermark)


def _turned(options: Options) -> Iterator[str]:
    if options.rotate:
        yield f"rotate:{options.rotate}"
    if options.flips[0]:
        yield "mirror"
    if options.flips[1]:
        yield "flip"


def _resized(options: Options, size: Size, sizes: Plan) -> Iterator[str]:
    is_turned_first = any(sizes.crop)
    whole = (size[1], size[0]) if options.rotate % 180 else size
    if is_turned_first:
        yield from _turned(options)
        yield from _cut(whole, sizes.crop, options.crop_gravity or options.gravity)
        whole = _within(sizes.crop, whole)
    if sizes.scaled != whole:
        # Sides change places if the turn comes later.
        is_swapped = options.rotate % 180 and not is_turned_first
        width, height = sizes.scaled[::-1] if is_swapped else sizes.scaled
        yield f"resize:{width}x{height},fit=fill,enlarge=true"
    if not is_turned_first:
        yield from _turned(options)
    yield from _cut(sizes.scaled, sizes.result, options.gravity, sizes.dpr)


def _cut(whole: Size, part: Size, gravity: Gravity, dpr: float = 1.0) -> Iterator[str]:
    part = _within(part, whole)
    if part == whole:
        return
    width, height = part
    if gravity.kind == SMART:
        yield f"crop:width={width},height={height},gravity=smart"
    else:
        left, top = position(whole, part, gravity, dpr)
        yield f"crop:x={left},y={top},width={width},height={height}"


def _within(part: Size, whole: Size) -> Size:
    return min(part[0] or whole[0], whole[0]), min(part[1] or whole[1], whole[1])


def _filtered(options: Options) -> Iterator[str]:
    if options.brightness:
        yield f"lighten:{options.brightness}"
    if options.contrast != 1:
        yield f"contrast:{options.contrast:g}"
    if options.saturation != 1:
        yield f"saturation:{options.saturation:g}"
    intensity, shade = options.monochrome
    if intensity:
        yield f"tint:{shade},amount={intensity:g}"
    if options.duotone:
        yield f"duotone:shadow={options.duotone[0]},highlight={options.duotone[1]}"
    if options.blur:
        yield f"blur:{options.blur:g}"
    if options.sharpen:
        yield f"sharpen:sigma={max(options.sharpen, 0.1):g}"
    if options.pixelate > 1:
        yield f"pixelate:{options.pixelate}"


def _extended(options: Options, sizes: Plan) -> Iterator[str]:
    size = _within(sizes.result, sizes.scaled)
    if options.extend.is_on:
        canvas = max(sizes.target[0], size[0]), max(sizes.target[1], size[1])
        yield from _on_canvas(size, canvas, options.extend.gravity, sizes.dpr)
        size = canvas
    if sizes.ratio_canvas:
        canvas = max(sizes.ratio_canvas[0], size[0]), max(sizes.ratio_canvas[1], size[1])
        yield from _on_canvas(size, canvas, options.extend_ratio.gravity, sizes.dpr)
    yield from _padded(options, sizes.dpr)


def _on_canvas(size: Size, canvas: Size, gravity: Gravity, dpr: float) -> Iterator[str]:
    if canvas == size:
        return
    left, top = position(canvas, size, gravity, dpr)
    right, bottom = canvas[0] - size[0] - left, canvas[1] - size[1] - top
    yield f"pad:top={top},right={right},bottom={bottom},left={left}"


def _padded(options: Options, dpr: float) -> Iterator[str]:
    if any(options.padding):
        top, right, bottom, left = (round(side * dpr) for side in options.padding)
        yield f"pad:top={top},right={right},bottom={bottom},left={left}"


def trim_steps(options: Options) -> Iterator[str]:
    """Yield the step that cuts margins off, before all others; none if the URL has none."""
    if options.trim is not None:
        colour = f",colour={options.trim_colour}" if options.trim_colour else ""
        yield f"trim:{options.trim:g}{colour}"


def _watermarked(options: Options, watermark: str) -> Iterator[str]:
    if not options.watermark_opacity:
        return
    place = options.watermark
    if options.watermark_text:
        text = base64.urlsafe_b64encode(options.watermark_text.encode()).decode().rstrip("=")
        arguments = [f"text=~{text}"]
    elif watermark:
        arguments = [f"image={watermark}"]
        if options.watermark_scale:
            arguments.append(f"scale={min(options.watermark_scale, 1):g}")
    else:
        raise ForeignUrlError(
            "imgproxy URL: watermark: no picture is set (fronts.imgproxy.watermark)", 422
        )
    if max(abs(place.x), abs(place.y)) < 1 and (place.x or place.y):
        raise ForeignUrlError(
            "imgproxy URL: watermark: offsets are whole pixels here, not shares of a side", 422
        )
    if min(place.x, place.y) < 0:
        raise ForeignUrlError("imgproxy URL: watermark: offsets are 0 or more here", 422)
    arguments += [f"x={round(place.x)}", f"y={round(place.y)}"]
    arguments.append(f"opacity={options.watermark_opacity:g}")
    arguments.append("tile=true" if place.kind == REPLICATE else f"gravity={_COMPASS[place.kind]}")
    yield f"watermark:{','.join(arguments)}"


def _settings(options: Options) -> Iterator[str]:
    if options.page:
        yield f"page:{options.page + 1}"
    quality = options.quality or options.format_quality.get(options.format, 0)
    if quality:
        yield f"quality:{quality}"
    if options.max_bytes:
        yield f"compress:{max(options.max_bytes, 256)}"
    if options.is_progressive:
        yield "progressive"
    if options.keeps_metadata:
        yield "strip:keep=exif"
    elif options.keeps_profile:
        yield "strip:keep=icc"
