"""imgproxy's options about sizes and places: each function reads the arguments of one.

Arguments, defaults and ranges: imgproxy documentation, "Processing options".
"""

from __future__ import annotations

from progimage.api.fronts.foreign import ForeignUrlError
from progimage.api.fronts.imgproxy.arguments import (
    at_most,
    colour,
    extend,
    flag,
    gravity,
    invalid,
    number,
    positive,
    whole,
)
from progimage.api.fronts.imgproxy.options import FOCUS, SMART, Options

_RESIZING_TYPES = ("fit", "fill", "fill-down", "force", "auto")


def resize(options: Options, arguments: list[str]) -> None:
    """Read the kind of resizing, then what `size` takes."""
    at_most("resize", arguments, 8)
    if arguments[0]:
        resizing_type(options, arguments[:1])
    if len(arguments) > 1:
        size(options, arguments[1:])


def resizing_type(options: Options, arguments: list[str]) -> None:
    """Read the kind of resizing."""
    at_most("resizing_type", arguments, 1)
    if arguments[0] not in _RESIZING_TYPES:
        raise invalid("resizing_type", arguments[0], f"one of {', '.join(_RESIZING_TYPES)}")
    options.resizing = arguments[0]


def size(options: Options, arguments: list[str]) -> None:
    """Read width, height, whether to enlarge, and what `extend` takes."""
    at_most("size", arguments, 7)
    width, height, enlarge, *extending = [*arguments, "", "", ""][: max(3, len(arguments))]
    if width:
        options.width = whole("width", width)
    if height:
        options.height = whole("height", height)
    if enlarge:
        options.enlarge = flag(enlarge)
    if extending and extending[0]:
        options.extend = extend("extend", extending, options.extend)


def crop(options: Options, arguments: list[str]) -> None:
    """Read the part of the source: width, height, gravity."""
    at_most("crop", arguments, 5)
    width = number("crop", arguments[0], low=0)
    height = number("crop", arguments[1], low=0) if len(arguments) > 1 else 0.0
    options.crop = (width, height)
    if len(arguments) > 2:
        options.crop_gravity = gravity("crop", arguments[2:], SMART, FOCUS)


def trim(options: Options, arguments: list[str]) -> None:
    """Read how far a margin may differ, and its colour."""
    at_most("trim", arguments, 4)
    options.trim = number("trim", arguments[0], low=0, high=255) if arguments[0] else None
    options.trim_colour = colour("trim", arguments[1:2]) if len(arguments) > 1 else ""
    if any(flag(text) for text in arguments[2:]):
        raise ForeignUrlError(
            "imgproxy URL: trim: equal margins (the third and fourth argument) "
            "are not supported here",
            422,
        )


def padding(options: Options, arguments: list[str]) -> None:
    """Read up to four widths, in the order of CSS."""
    at_most("padding", arguments, 4)
    texts = [*arguments, "", "", "", ""][:4]
    widths = [whole("padding", text, high=4096) if text else None for text in texts]
    top = options.padding[0] if widths[0] is None else widths[0]
    right = top if widths[1] is None else widths[1]
    bottom = top if widths[2] is None else widths[2]
    left = right if widths[3] is None else widths[3]
    options.padding = (top, right, bottom, left)


def zoom(options: Options, arguments: list[str]) -> None:
    """Read one or two factors."""
    at_most("zoom", arguments, 2)
    across = positive("zoom", arguments[0])
    options.zoom = (across, positive("zoom", arguments[1]) if len(arguments) > 1 else across)


def rotate(options: Options, arguments: list[str]) -> None:
    """Read a multiple of 90 degrees."""
    at_most("rotate", arguments, 1)
    degrees = whole("rotate", arguments[0], low=-36_000, high=36_000)
    if degrees % 90:
        raise invalid("rotate", arguments[0], "a multiple of 90")
    options.rotate = degrees % 360


def flip(options: Options, arguments: list[str]) -> None:
    """Read whether to flip along each axis."""
    at_most("flip", arguments, 2)
    across, down = options.flips
    texts = [*arguments, ""][:2]
    options.flips = (
        flag(texts[0]) if texts[0] else across,
        flag(texts[1]) if texts[1] else down,
    )
