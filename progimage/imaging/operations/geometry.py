"""Turning, mirroring, and changing what surrounds the picture."""

from __future__ import annotations

import math

from PIL import Image as Images
from PIL import ImageChops
from PIL.Image import Image, Resampling, Transform, Transpose

from progimage.imaging.colour import TRANSPARENT, Colour
from progimage.imaging.gravity import place
from progimage.imaging.operation import (
    Apply,
    Arguments,
    Size,
    View,
    documented,
    operation,
    planned_operation,
)
from progimage.imaging.operations.bands import (
    canvas,
    has_alpha,
    premultiplied,
    set_on_canvas,
    with_alpha,
)
from progimage.imaging.parameters import angle, colour, compass, number, ratio, whole

_QUARTERS = {90: Transpose.ROTATE_270, 180: Transpose.ROTATE_180, 270: Transpose.ROTATE_90}


@documented(example="rotate:90")
@operation(
    degrees=angle(default=90.0, neutral=0.0, aliases=("angle",), about="clockwise"),
    background=colour("transparent", aliases=("bg",), about="behind the turned picture"),
)
def rotate(frame: Image, degrees: float, background: Colour) -> Image:
    """Turn the picture clockwise about its centre, growing the canvas to fit.

    Right angles move whole pixels and resample nothing: W x H becomes H x W for 90
    and 270. Pillow counts anticlockwise, so 90 is its ROTATE_270.
    Source: Pillow handbook, Image.transpose and Image.transform.
    """
    if degrees in _QUARTERS:
        return frame.transpose(_QUARTERS[int(degrees)])
    width, height = _rotated_size(frame.size, degrees)
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    # A transparent margin of one pixel smooths the edges: the filter blends into it.
    sheet = set_on_canvas(
        with_alpha(frame), (frame.width + 2, frame.height + 2), (1, 1), TRANSPARENT
    )
    # The matrix leads from each pixel of the result back to one of the source.
    across = (cos, sin, sheet.width / 2 - cos * width / 2 - sin * height / 2)
    down = (-sin, cos, sheet.height / 2 + sin * width / 2 - cos * height / 2)
    turned = sheet.transform(
        (width, height), Transform.AFFINE, (*across, *down), Resampling.BICUBIC
    )
    if not background.alpha:
        return turned
    under, _ = canvas(with_alpha(frame), turned.size, background)
    result = Images.alpha_composite(under.convert("RGBA"), turned.convert("RGBA"))
    return result.convert(under.mode.removesuffix("A") if background.is_opaque else under.mode)


@rotate.normalises
def _rotate_arguments(arguments: Arguments) -> Arguments:
    leaves_no_corner = arguments["degrees"] % 90 == 0
    return arguments | ({"background": TRANSPARENT} if leaves_no_corner else {})


@rotate.sizes
def _rotated_size(size: Size, degrees: float, **_others: object) -> Size:
    cos, sin = abs(math.cos(math.radians(degrees))), abs(math.sin(math.radians(degrees)))
    # Rounded before the ceiling: cos(90°) is not exactly 0.
    return (
        math.ceil(round(size[0] * cos + size[1] * sin, 6)),
        math.ceil(round(size[0] * sin + size[1] * cos, 6)),
    )


@documented(label="Flip upside down")
@operation()
def flip(frame: Image) -> Image:
    """Turn the picture upside down: top and bottom change places."""
    return frame.transpose(Transpose.FLIP_TOP_BOTTOM)


@documented(aliases=("flop",))
@operation()
def mirror(frame: Image) -> Image:
    """Reflect the picture as in a mirror: left and right change places."""
    return frame.transpose(Transpose.FLIP_LEFT_RIGHT)


@documented(label="Trim margins")
@planned_operation(
    threshold=number(0, 255, default=10.0, about="how far a channel may differ from the margin"),
    colour=colour(default=None, aliases=("color",)),
)
def trim(view: View, threshold: float, colour: Colour | None) -> Apply:
    """Cut off a margin of one colour, by default that of the top left pixel.

    What is transparent at the edges goes as well, unless a colour is given. An animation is
    trimmed by the margin of its first frame. A picture of nothing but margin stays as it is.
    """
    first = premultiplied(view.image.convert("RGBA"))
    corner = first.crop((0, 0, 1, 1))
    if colour is not None:
        corner = premultiplied(Images.new("RGBA", (1, 1), tuple(colour)))
    margin = corner.resize(first.size, Resampling.NEAREST)
    difference = ImageChops.difference(first, margin).split()
    strongest = difference[0]
    for channel in difference[1:]:
        strongest = ImageChops.lighter(strongest, channel)
    above = [255 * (value > threshold) for value in range(256)]
    content = strongest.point(above)
    if colour is None and has_alpha(view.image):
        seen = first.getchannel(3).point(above)
        content = ImageChops.darker(content, seen)
        box = content.getbbox() or seen.getbbox()
    else:
        box = content.getbbox()
    return lambda frame: frame.crop(box) if box else frame


@trim.sizes
def _trimmed_size(_size: Size, **_arguments: object) -> None:
    """Return None: the size depends on the pixels."""


@documented(label="Add a margin", example="pad:20,background=white")
@operation(
    all=whole(0, 4096, default=0, neutral=0, about="pixels on every side not given itself"),
    top=whole(0, 4096, default=None, neutral=None, aliases=("t",), about="pixels"),
    right=whole(0, 4096, default=None, neutral=None, aliases=("r",), about="pixels"),
    bottom=whole(0, 4096, default=None, neutral=None, aliases=("b",), about="pixels"),
    left=whole(0, 4096, default=None, neutral=None, aliases=("l",), about="pixels"),
    background=colour("transparent", aliases=("bg",)),
)
def pad(
    frame: Image,
    *,
    all: int,
    top: int | None,
    right: int | None,
    bottom: int | None,
    left: int | None,
    background: Colour,
) -> Image:
    """Add space around the picture: the same on all sides, or a different amount on each."""
    sides = {"all": all, "top": top, "right": right, "bottom": bottom, "left": left}
    corner = (_padding(sides, "left"), _padding(sides, "top"))
    return set_on_canvas(frame, _padded_size(frame.size, **sides), corner, background)


def _padding(sides: dict[str, int | None], name: str) -> int:
    own = sides[name]
    return (sides["all"] or 0) if own is None else own


@pad.normalises
def _pad_arguments(arguments: Arguments) -> Arguments:
    names = ("top", "right", "bottom", "left")
    sides = {name: _padding(arguments, name) for name in names}
    if len(set(sides.values())) == 1:
        return arguments | dict.fromkeys(names) | {"all": sides["top"]}
    return arguments | {name: px or None for name, px in sides.items()} | {"all": 0}


@pad.sizes
def _padded_size(size: Size, **sides: int | None) -> Size:
    return (
        size[0] + _padding(sides, "left") + _padding(sides, "right"),
        size[1] + _padding(sides, "top") + _padding(sides, "bottom"),
    )


@documented(example="border:8,colour=white")
@operation(
    width=whole(0, 4096, neutral=0, aliases=("w",), about="pixels"),
    colour=colour("black", aliases=("color",)),
)
def border(frame: Image, width: int, colour: Colour) -> Image:
    """Draw a frame of one colour outside the edges of the picture."""
    return set_on_canvas(frame, _bordered_size(frame.size, width), (width, width), colour)


@border.sizes
def _bordered_size(size: Size, width: int, **_others: object) -> Size:
    return size[0] + 2 * width, size[1] + 2 * width


@documented(label="Extend to a shape", example="extend:16x9,background=white")
@operation(
    ratio=ratio(about="width to height, such as 16x9"),
    gravity=compass(default="center", about="where the picture stands"),
    background=colour("transparent", aliases=("bg",)),
)
def extend(frame: Image, ratio: Size, gravity: str, background: Colour) -> Image:
    """Add space to one pair of sides until the picture has this ratio of width to height."""
    size = _extended_size(frame.size, ratio)
    left, top = place(gravity, size, frame.size, frame)
    return set_on_canvas(frame, size, (round(left), round(top)), background)


@extend.sizes
def _extended_size(size: Size, ratio: Size, **_others: object) -> Size:
    width, height = size
    return (
        max(width, math.floor(height * ratio[0] / ratio[1] + 0.5)),
        max(height, math.floor(width * ratio[1] / ratio[0] + 0.5)),
    )


@documented(label="Fill transparent parts")
@operation(background=colour("white", is_solid=True, aliases=("bg",)))
def flatten(frame: Image, background: Colour) -> Image:
    """Lay the picture on a background where it is transparent.

    Formats without transparency get a white one by themselves.
    """
    if not has_alpha(frame):
        return frame
    under, frame = canvas(frame, frame.size, background)
    flat = Images.alpha_composite(under.convert("RGBA"), frame.convert("RGBA"))
    return flat.convert(under.mode.removesuffix("A"))
