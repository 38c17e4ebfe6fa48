"""Cutting a picture to a shape, and laying pictures and words on it."""

from __future__ import annotations

import math

from PIL import Image as Images
from PIL import ImageChops, ImageDraw
from PIL.Image import Image, Transpose

from progimage.errors import InvalidArgument
from progimage.imaging.colour import Colour
from progimage.imaging.fonts import lettering, undrawable
from progimage.imaging.gravity import place
from progimage.imaging.operation import Apply, Arguments, Size, View, documented, planned_operation
from progimage.imaging.operations.bands import alpha_part, colour_part, composite, join
from progimage.imaging.parameters import (
    choice,
    colour,
    compass,
    flag,
    number,
    picture_id,
    text,
    whole,
)
from progimage.imaging.resampling import resized

_QUARTER_SAMPLES = 64_000_000


@documented(label="Cut to a shape", example="mask:circle")
@planned_operation(
    shape=choice("circle", "ellipse", "rounded", default=None),
    radius=whole(
        *(1, 4096),
        default=None,
        about="pixels, of rounded corners; by default a tenth of the shorter side",
    ),
    image=picture_id(
        instead_of=("shape", "radius"),
        default=None,
        about="a picture whose alpha, or else lightness, is the mask",
    ),
)
def mask(view: View, shape: str | None, radius: int | None, image: Image | None) -> Apply:
    """Make everything outside a shape, or outside another picture, transparent.

    A circle has the shorter side as its diameter, an ellipse touches all four sides.
    Another picture is stretched to the size of this one; its alpha, or its lightness
    if it has none, becomes the alpha. Alpha that was there before stays in force.
    """
    size = view.size
    if image is not None:
        stencil = alpha_part(image) or image.convert("L")
        stencil = resized(stencil, size)
    else:
        stencil = _shape(size, *_radii(size, shape, radius), is_circle=shape == "circle")

    def apply(frame: Image) -> Image:
        before = alpha_part(frame)
        return join(colour_part(frame), ImageChops.multiply(before, stencil) if before else stencil)

    return apply


@mask.normalises
def _mask_arguments(arguments: Arguments) -> Arguments:
    if (arguments["shape"] is None) == (arguments["image"] is None):
        raise InvalidArgument("mask: needs either a shape or an image")
    if arguments["radius"] is not None and arguments["shape"] != "rounded":
        raise InvalidArgument("mask.radius: goes with shape=rounded only")
    return arguments


def _radii(size: Size, shape: str | None, radius: int | None) -> tuple[float, float]:
    shorter = min(size)
    if shape == "ellipse":
        return size[0] / 2, size[1] / 2
    if shape == "circle":
        return shorter / 2, shorter / 2
    corner = min(shorter / 10 if radius is None else radius, shorter / 2)
    return corner, corner


def _shape(size: Size, across: float, down: float, *, is_circle: bool) -> Image:
    """Draw a white box with elliptic corners of these radii on black, with smooth edges."""
    width, height = (min(size), min(size)) if is_circle else size
    # A radius below half a pixel is none; Pillow draws no ellipse of less than a pixel.
    across, down = max(across, 0.5), max(down, 0.5)
    quarter = (math.ceil(across), math.ceil(down))
    # Drawn larger and reduced, as far as memory allows; large shapes need it less.
    scale = max(1, min(4, math.isqrt(_QUARTER_SAMPLES // (quarter[0] * quarter[1]))))
    corner = Images.new("L", (quarter[0] * scale, quarter[1] * scale))
    ellipse = (0, 0, across * 2 * scale - 1, down * 2 * scale - 1)
    ImageDraw.Draw(corner).ellipse(ellipse, fill=255)
    corner = corner.reduce(scale)
    stencil = Images.new("L", (width, height), 255)
    right, bottom = width - quarter[0], height - quarter[1]
    stencil.paste(corner, (0, 0))
    stencil.paste(corner.transpose(Transpose.FLIP_LEFT_RIGHT), (right, 0))
    stencil.paste(corner.transpose(Transpose.FLIP_TOP_BOTTOM), (0, bottom))
    stencil.paste(corner.transpose(Transpose.ROTATE_180), (right, bottom))
    if (width, height) == size:
        return stencil
    centred = Images.new("L", size)
    centred.paste(stencil, ((size[0] - width) // 2, (size[1] - height) // 2))
    return centred


@documented(example="watermark:text=Draft,gravity=center,opacity=0.5")
@planned_operation(
    text=text(
        200,
        default=None,
        about="what to write; Latin, Greek and Cyrillic letters, others where fonts are installed",
    ),
    image=picture_id(
        instead_of=("text", "size", "colour"), default=None, about="the picture to lay on this one"
    ),
    gravity=compass(default="southeast", about="where"),
    x=whole(0, 8192, default=10, about="pixels inwards from the left or right side"),
    y=whole(0, 8192, default=10, about="pixels inwards from the top or bottom side"),
    opacity=number(0, 1, default=1.0, neutral=0.0),
    scale=number(
        *(0.01, 1),
        default=None,
        about="width of the image as a part of the picture's; its own pixels by default",
    ),
    size=whole(
        *(4, 1000),
        default=None,
        about="pixels, of the letters; by default a twentieth of the shorter side",
    ),
    colour=colour(None, aliases=("color",), about="of the letters; white by default"),
    tile=flag(default=False, about="repeat it all over, x and y pixels apart"),
)
def watermark(
    view: View,
    *,
    text: str | None,
    image: Image | None,
    gravity: str,
    x: int,
    y: int,
    opacity: float,
    scale: float | None,
    size: int | None,
    colour: Colour | None,
    tile: bool,
) -> Apply:
    """Lay a text, or another picture, over the picture.

    It is made smaller where it would not fit. The letters are those of Aileron, or of
    Noto Sans where a text has others than plain Latin ones.
    """
    room = (max(1, view.size[0] - x), max(1, view.size[1] - y))
    if image is not None:
        width = image.width if scale is None else view.size[0] * scale
        stamp = _fitted(image.convert("RGBA"), width, room)
    else:
        size = size or max(10, min(view.size) // 20)
        stamp = lettering(text or "", size, colour or Colour(255, 255, 255), room)
    if opacity < 1:
        stamp.putalpha(stamp.getchannel("A").point([round(v * opacity) for v in range(256)]))
    if tile:
        pattern = _tiled(stamp, view.size, (x, y))
        return lambda frame: composite(frame, pattern, (0, 0))
    left, top = (round(v) for v in place(gravity, view.size, stamp.size, stamp))
    left += _inwards(gravity, x, "west", "east")
    top += _inwards(gravity, y, "north", "south")
    return lambda frame: composite(frame, stamp, (left, top))


@watermark.normalises
def _watermark_arguments(arguments: Arguments) -> Arguments:
    if (arguments["text"] is None) == (arguments["image"] is None):
        raise InvalidArgument("watermark: needs either a text or an image")
    kind, others = (
        ("text", ("scale",)) if arguments["image"] is None else ("image", ("size", "colour"))
    )
    if unknown := undrawable(arguments["text"] or ""):
        raise InvalidArgument(
            f"watermark.text: the fonts have no {', '.join(map(repr, unknown[:5]))}; "
            "use Latin, Greek or Cyrillic letters, digits and common signs, or have the operator "
            "install the fonts of your script on every node (Debian: fonts-noto-core for Arabic, "
            "Hebrew, Thai and Devanagari, fonts-noto-cjk for Chinese, Japanese and Korean, "
            "fonts-noto-color-emoji for emoji)"
        )
    for name in others:
        if arguments[name] is not None:
            raise InvalidArgument(f"watermark.{name}: does not go with {kind}")
    if arguments["tile"] and arguments["gravity"] != "southeast":
        raise InvalidArgument("watermark.gravity: does not go with tile")
    return arguments


def _inwards(gravity: str, offset: int, low: str, high: str) -> int:
    if gravity.startswith(low) or gravity.endswith(low):
        return offset
    return -offset if gravity.startswith(high) or gravity.endswith(high) else 0


def _fitted(stamp: Image, width: float, room: Size) -> Image:
    """Return the stamp at this width, or as wide as there is room for it."""
    ratio = min(width / stamp.width, room[0] / stamp.width, room[1] / stamp.height)
    fitted = (max(1, round(stamp.width * ratio)), max(1, round(stamp.height * ratio)))
    return resized(stamp, fitted)


def _tiled(stamp: Image, size: Size, gap: Size) -> Image:
    """Return a sheet of `size` full of stamps: each paste doubles what is there."""
    sheet = Images.new("RGBA", size)
    sheet.paste(stamp)
    across, down = stamp.width + gap[0], stamp.height + gap[1]
    while across < size[0]:
        sheet.paste(sheet.crop((0, 0, across, min(down, size[1]))), (across, 0))
        across *= 2
    while down < size[1]:
        sheet.paste(sheet.crop((0, 0, size[0], down)), (0, down))
        down *= 2
    return sheet
