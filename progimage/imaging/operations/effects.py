"""Filters that look at the neighbours of a pixel, or at its place."""

from __future__ import annotations

import math

from PIL import ImageFilter
from PIL.Image import Image, Resampling

from progimage.errors import InvalidArgument
from progimage.imaging.areas import Areas
from progimage.imaging.operation import documented, operation
from progimage.imaging.operations.bands import filtered, on_premultiplied, on_visible_colour
from progimage.imaging.parameters import areas, choice, number, whole

# Of an area that is redacted, along its longer side.
_BLOCKS = 8


@operation(
    sigma=number(0, 250, default=5.0, neutral=0.0, aliases=("radius",), about="pixels"),
)
def blur(frame: Image, sigma: float) -> Image:
    """Blur the picture with a Gaussian of this standard deviation."""
    return on_premultiplied(frame, lambda image: image.filter(ImageFilter.GaussianBlur(sigma)))


@operation(
    amount=number(0, 10, default=1.0, neutral=0.0, about="how much of the detail to add"),
    sigma=number(0.1, 50, default=1.0, aliases=("radius",), about="pixels: what counts as detail"),
    threshold=whole(0, 255, default=0, about="differences up to this stay, such as noise"),
)
def sharpen(frame: Image, amount: float, sigma: float, threshold: int) -> Image:
    """Sharpen by adding what a blur would take away (unsharp mask)."""
    mask = ImageFilter.UnsharpMask(sigma, round(amount * 100), threshold)
    return on_visible_colour(frame, lambda image: image.filter(mask))


@operation(size=whole(1, 1000, default=10, neutral=1, about="pixels a side"))
def pixelate(frame: Image, size: int) -> Image:
    """Replace the picture with square blocks of their mean colour."""
    blocks = frame.reduce(size)
    box = (0, 0, frame.width / size, frame.height / size)
    return blocks.resize(frame.size, Resampling.NEAREST, box=box)


@documented(example="redact:0.25x0.25x0.5x0.5")
@operation(
    areas=areas(about="faces: those that were found when the picture was stored"),
    how=choice("pixelate", "blur", default="pixelate"),
)
def redact(frame: Image, areas: Areas, how: str) -> Image:
    """Make areas of the picture unrecognizable, such as faces.

    Only faces that look at the camera are found, and not all of them: look at the result.
    """
    if isinstance(areas, str):
        raise InvalidArgument("redact: faces are only known of pictures that are stored")
    redacted = frame.copy()
    for area in areas:
        left, top = int(area.left * frame.width), int(area.top * frame.height)
        # A little less, since 0.2 and 0.4 are more than 0.6 in binary fractions.
        right = math.ceil((area.left + area.width) * frame.width - 1e-6)
        bottom = math.ceil((area.top + area.height) * frame.height - 1e-6)
        box = left, top, max(left + 1, right), max(top + 1, bottom)
        part = redacted.crop(box)
        redacted.paste(_blocks(part) if how == "pixelate" else _blurred(part), box[:2])
    return redacted


def _blocks(part: Image) -> Image:
    """Return a part as a few blocks of its mean colours."""
    scale = _BLOCKS / max(part.size)
    size = max(1, round(part.width * scale)), max(1, round(part.height * scale))
    return part.resize(size, Resampling.BOX).resize(part.size, Resampling.NEAREST)


def _blurred(part: Image) -> Image:
    sigma = max(part.size) / _BLOCKS
    return on_premultiplied(part, lambda image: image.filter(ImageFilter.GaussianBlur(sigma)))


@documented(label="Outlines")
@operation()
def edges(frame: Image) -> Image:
    """Draw the outlines of objects in white on black."""
    return on_visible_colour(
        frame, lambda image: filtered(image.convert("L"), ImageFilter.FIND_EDGES())
    )


@operation()
def emboss(frame: Image) -> Image:
    """Make a grey relief that seems lit from one side."""
    return on_visible_colour(
        frame, lambda image: filtered(image.convert("L"), ImageFilter.EMBOSS())
    )
