"""Making pictures smaller or larger, and cutting parts out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from PIL.Image import Image

from progimage.errors import InvalidArgument
from progimage.imaging.colour import TRANSPARENT, Colour
from progimage.imaging.gravity import COMPASS, Gravity, place
from progimage.imaging.operation import (
    Apply,
    Arguments,
    Operation,
    Scaling,
    Size,
    View,
    documented,
    planned_operation,
)
from progimage.imaging.operations.bands import set_on_canvas
from progimage.imaging.parameters import choice, colour, flag, gravity, whole

_THUMBNAIL_PX = 200

_FITS = ("inside", "cover", "contain", "fill", "outside")
_HOW_FIT = (
    "inside: no side longer than this; cover: exactly this, the rest cut off; contain: exactly "
    "this, the rest filled; fill: exactly this, distorted; outside: no side shorter"
)
_PLACING = {
    "gravity": gravity(
        default="center", about="the part to keep (cover), or where to place the picture (contain)"
    ),
    "background": colour("transparent", aliases=("bg",), about="behind what contain leaves free"),
}


@dataclass(frozen=True, slots=True)
class _Fit:
    """How a picture goes into a box: `part` pixels of it become `scaled`, on a `canvas`."""

    part: tuple[float, float]
    scaled: Size
    canvas: Size


@planned_operation(
    width=whole(1, 8192, default=None, aliases=("w",), about="pixels; 200 if no side is given"),
    height=whole(1, 8192, default=None, aliases=("h",), about="pixels; 200 if no side is given"),
    fit=choice(*_FITS, default="inside", about=_HOW_FIT),
    **_PLACING,
)
def thumbnail(
    view: View,
    *,
    width: int | None,
    height: int | None,
    fit: str,
    gravity: Gravity,
    background: Colour,
) -> Apply:
    """Make a small version that fits into a box of 200 x 200 pixels, or the one given.

    The picture keeps its shape and is never enlarged: a smaller one stays as it is.
    With only a width or a height, the other side follows.
    """
    return _resampler(view, _thumbnail_fit(view.size, width, height, fit), gravity, background)


@thumbnail.normalises
def _thumbnail_arguments(arguments: Arguments) -> Arguments:
    box = _thumbnail_box(arguments["width"], arguments["height"])
    arguments = _fit_arguments("thumbnail", arguments | {"width": box[0], "height": box[1]})
    if box == (_THUMBNAIL_PX, _THUMBNAIL_PX):
        arguments |= {"width": None, "height": None}
    return arguments


def _thumbnail_fit(
    size: Size, width: int | None, height: int | None, fit: str, **_others: object
) -> _Fit:
    return _fit(size, *_thumbnail_box(width, height), fit, enlarge=False)


def _thumbnail_box(width: int | None, height: int | None) -> tuple[int | None, int | None]:
    return (width, height) if width or height else (_THUMBNAIL_PX, _THUMBNAIL_PX)


@documented(example="resize:400x300,fit=cover")
@planned_operation(
    width=whole(1, 8192, default=None, aliases=("w",), about="pixels"),
    height=whole(1, 8192, default=None, aliases=("h",), about="pixels"),
    fit=choice(*_FITS, default="inside", about=_HOW_FIT),
    enlarge=flag(default=False, about="whether to go above the picture's own pixels"),
    **_PLACING,
)
def resize(
    view: View,
    *,
    width: int | None,
    height: int | None,
    fit: str,
    enlarge: bool,
    gravity: Gravity,
    background: Colour,
) -> Apply:
    """Resize to a width, a height, or a box of both that it should fit.

    With only one of them, the other side follows from the ratio of width to height. Unless
    `enlarge` is true, no pixel is invented: a picture too small for `cover` is cut to the
    ratio of the box, and one too small for `contain` gets more background.
    """
    return _resampler(view, _fit(view.size, width, height, fit, enlarge), gravity, background)


@resize.normalises
def _resize_arguments(arguments: Arguments) -> Arguments:
    if arguments["width"] is None and arguments["height"] is None:
        raise InvalidArgument("resize: needs a width, a height or both")
    return _fit_arguments("resize", arguments)


@documented(example="crop:x=10,y=20,width=800,height=600")
@planned_operation(
    x=whole(0, 1_000_000, default=None, aliases=("left",), about="pixels from the left"),
    y=whole(0, 1_000_000, default=None, aliases=("top",), about="pixels from the top"),
    width=whole(1, 1_000_000, default=None, aliases=("w",), about="pixels; by default to the edge"),
    height=whole(
        1, 1_000_000, default=None, aliases=("h",), about="pixels; by default to the edge"
    ),
    gravity=gravity(default="center", about="the part to keep, when x and y are not given"),
)
def crop(
    view: View,
    *,
    x: int | None,
    y: int | None,
    width: int | None,
    height: int | None,
    gravity: Gravity,
) -> Apply:
    """Cut out a part, given by its corner and size or by its size and a gravity.

    Anything of the part outside the picture is left out.
    """
    across, down = _crop_size(view.size, x, y, width, height)
    if x is None and y is None:
        left, top = (round(v) for v in place(gravity, view.size, (across, down), view.image))
    else:
        left, top = x or 0, y or 0
    return lambda frame: frame.crop((left, top, left + across, top + down))


@crop.normalises
def _crop_arguments(arguments: Arguments) -> Arguments:
    sides = [arguments[name] for name in ("x", "y", "width", "height")]
    if all(side is None for side in sides):
        raise InvalidArgument("crop: needs a width, a height, or a corner x, y to cut from")
    if sides[:2] == [None, None]:
        return arguments
    if arguments["gravity"] != "center":
        raise InvalidArgument("crop.gravity: goes with a size alone, not with x or y")
    return arguments | {"x": sides[0] or 0, "y": sides[1] or 0}


@crop.sizes
def _crop_size(
    size: Size,
    x: int | None,
    y: int | None,
    width: int | None,
    height: int | None,
    **_others: object,
) -> Size:
    left, top = x or 0, y or 0
    if left >= size[0] or top >= size[1]:
        raise InvalidArgument(
            f"crop: {left},{top} lies outside the picture, which is {size[0]}x{size[1]} pixels here"
        )
    return min(width or size[0], size[0] - left), min(height or size[1], size[1] - top)


def _fit(
    size: Size, width: int | None, height: int | None, fit: str, enlarge: bool, **_others: object
) -> _Fit:
    if width is None or height is None:
        ratio = width / size[0] if width else (height or 0) / size[1]
        ratio = ratio if enlarge else min(ratio, 1.0)
        scaled = (
            width if width and (enlarge or width < size[0]) else _px(size[0] * ratio),
            height if height and (enlarge or height < size[1]) else _px(size[1] * ratio),
        )
        return _Fit(size, scaled, scaled)
    ratios = (width / size[0], height / size[1])
    if fit == "fill":
        scaled = (width, height) if enlarge else (min(width, size[0]), min(height, size[1]))
        return _Fit(size, scaled, scaled)
    ratio = max(ratios) if fit in ("cover", "outside") else min(ratios)
    if fit == "cover":
        # A source too small gives the largest part of it that has the shape asked for.
        shrink = 1.0 if enlarge else max(ratio, 1.0)
        canvas = (_px(width / shrink), _px(height / shrink))
        ratio /= shrink
        part = (min(canvas[0] / ratio, size[0]), min(canvas[1] / ratio, size[1]))
        return _Fit(part, canvas, canvas)
    ratio = ratio if enlarge else min(ratio, 1.0)
    scaled = (_px(size[0] * ratio), _px(size[1] * ratio))
    return _Fit(size, scaled, (width, height) if fit == "contain" else scaled)


def _sized_by(operation: Operation, fit: Callable[..., _Fit]) -> None:
    """Let a fit say the size of a result, and how small its source may be decoded."""
    operation.sizes(lambda size, **arguments: fit(size, **arguments).canvas)
    operation.shrinks_on_load(lambda size, **arguments: _enough(size, fit(size, **arguments)))


_sized_by(thumbnail, _thumbnail_fit)
_sized_by(resize, _fit)


def _px(length: float) -> int:
    """Round half up, and to no less than one pixel."""
    return max(1, math.floor(length + 0.5))


def _enough(size: Size, fit: _Fit) -> Size | None:
    """Return the smallest whole picture that still has a pixel for each of the result."""
    across = math.ceil(size[0] * fit.scaled[0] / fit.part[0])
    down = math.ceil(size[1] * fit.scaled[1] / fit.part[1])
    return (across, down) if across < size[0] and down < size[1] else None


def _fit_arguments(name: str, arguments: Arguments) -> Arguments:
    """Reject arguments that contradict each other, and drop those that the fit does not use."""
    fit, gravity = arguments["fit"], arguments["gravity"]
    if fit == "contain" and gravity not in COMPASS:
        raise InvalidArgument(f"{name}.gravity: {gravity} goes with fit=cover, not with contain")
    if arguments["width"] is None or arguments["height"] is None:
        fit = "inside"
    return arguments | {
        "fit": fit,
        "gravity": gravity if fit in ("cover", "contain") else "center",
        "background": arguments["background"] if fit == "contain" else TRANSPARENT,
    }


def _resampler(view: View, fit: _Fit, gravity: Gravity, background: Colour) -> Apply:
    left, top = place(gravity, view.size, fit.part, view.image)
    if fit.scaled == fit.part:
        left, top = round(left), round(top)
    right, bottom = left + fit.part[0], top + fit.part[1]
    scale_x = (view.box[2] - view.box[0]) / view.size[0]
    scale_y = (view.box[3] - view.box[1]) / view.size[1]
    box = (
        view.box[0] + left * scale_x,
        view.box[1] + top * scale_y,
        min(view.box[0] + right * scale_x, view.image.width),
        min(view.box[1] + bottom * scale_y, view.image.height),
    )
    if fit.canvas == fit.scaled:
        return Scaling(fit.scaled, box)
    x, y = place(gravity, fit.canvas, fit.scaled, view.image)

    def on_canvas(frame: Image) -> Image:
        return set_on_canvas(frame, fit.canvas, (round(x), round(y)), background)

    return Scaling(fit.scaled, box, on_canvas)
