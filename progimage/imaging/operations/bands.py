"""Keeping the four modes of a frame (L, LA, RGB, RGBA) sane from step to step."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PIL import Image as Images
from PIL import ImageFilter
from PIL.Image import Image

from progimage.imaging.colour import Colour

Box = tuple[int, int, int, int]

# More than a 5x5 kernel looks at.
_REACH_PX = 3
_PREMULTIPLIED = {"LA": "La", "RGBA": "RGBa"}


def has_alpha(frame: Image) -> bool:
    """True if the mode has an alpha channel."""
    return frame.mode in _PREMULTIPLIED


def with_alpha(frame: Image) -> Image:
    """Return the frame with an alpha channel: its own, or an opaque one."""
    return frame if has_alpha(frame) else frame.convert(frame.mode + "A")


def with_colour(frame: Image) -> Image:
    """Return the frame with red, green and blue channels."""
    return frame.convert(frame.mode.replace("L", "RGB")) if is_grey(frame) else frame


def is_grey(frame: Image) -> bool:
    """True if there is one channel for all colours."""
    return frame.mode in ("L", "LA")


def colour_part(frame: Image) -> Image:
    """Return the frame without its alpha channel, whatever shows through."""
    return frame.convert(frame.mode.removesuffix("A")) if has_alpha(frame) else frame


def join(colour: Image, alpha: Image | None) -> Image:
    """Return an L or RGB image with this alpha channel, if there is one."""
    if alpha is None:
        return colour
    return Images.merge(colour.mode + "A", (*colour.split(), alpha))


def alpha_part(frame: Image) -> Image | None:
    """Return the alpha channel in mode L, or None."""
    return frame.getchannel("A") if has_alpha(frame) else None


def on_colour(frame: Image, change: Callable[[Image], Image]) -> Image:
    """Apply a function to the colour bands only; alpha stays as it is."""
    return join(change(colour_part(frame)), alpha_part(frame))


def premultiplied(frame: Image) -> Image:
    """Return the frame with alpha multiplied in."""
    return frame.convert(_PREMULTIPLIED[frame.mode]) if has_alpha(frame) else frame


def on_premultiplied(frame: Image, change: Callable[[Image], Image]) -> Image:
    """Apply what mixes neighbours, alpha included, so that hidden colours cannot bleed."""
    if not has_alpha(frame):
        return change(frame)
    return change(premultiplied(frame)).convert(frame.mode)


def on_visible_colour(frame: Image, change: Callable[[Image], Image]) -> Image:
    """Apply what mixes neighbours to the colour as far as it can be seen; alpha stays.

    Where nothing can be seen, the colours nearby go on, so that edges keep theirs.
    """
    if not has_alpha(frame):
        return change(frame)
    nearby = premultiplied(frame).filter(ImageFilter.GaussianBlur(_REACH_PX)).convert(frame.mode)
    colours = colour_part(nearby)
    colours.paste(colour_part(frame), mask=frame.getchannel("A"))
    return join(change(colours), frame.getchannel("A"))


def filtered(image: Image, kernel: ImageFilter.BuiltinFilter, margin: int = 1) -> Image:
    """Apply a kernel up to the edge, as if the outermost pixels went on beyond it.

    Pillow leaves a margin as it was, so it is added first.
    """
    width, height = image.size
    wide = Images.new(image.mode, (width + 2 * margin, height + 2 * margin))
    wide.paste(image, (margin, margin))
    top, bottom = image.crop((0, 0, width, 1)), image.crop((0, height - 1, width, height))
    for row in range(margin):
        wide.paste(top, (margin, row))
        wide.paste(bottom, (margin, margin + height + row))
    left = wide.crop((margin, 0, margin + 1, wide.height))
    right = wide.crop((margin + width - 1, 0, margin + width, wide.height))
    for column in range(margin):
        wide.paste(left, (column, 0))
        wide.paste(right, (margin + width + column, 0))
    return wide.filter(kernel).crop((margin, margin, margin + width, margin + height))


def map_tones(frame: Image, curve: Sequence[int]) -> Image:
    """Send every colour channel through one curve of 256 values; alpha stays."""
    table = list(curve) * len(frame.mode.removesuffix("A"))
    return frame.point(table + list(range(256)) if has_alpha(frame) else table)


def canvas(frame: Image, size: tuple[int, int], background: Colour) -> tuple[Image, Image]:
    """Return an empty picture of `size`, and the frame in the one mode both can share."""
    if not background.is_opaque:
        frame = with_alpha(frame)
    if background.alpha and not background.is_grey:
        frame = with_colour(frame)
    channels = background[:1] if is_grey(frame) else background[:3]
    fill = (*channels, background.alpha) if has_alpha(frame) else channels
    return Images.new(frame.mode, size, fill if len(fill) > 1 else fill[0]), frame


def set_on_canvas(
    frame: Image, size: tuple[int, int], offset: tuple[int, int], background: Colour
) -> Image:
    """Return a picture of `size` with the frame at `offset`, untouched, and background around."""
    under, frame = canvas(frame, size, background)
    under.paste(frame, offset)
    return under


def composite(frame: Image, overlay: Image, offset: tuple[int, int]) -> Image:
    """Return the frame with an RGBA `overlay` laid over it; what sticks out is cut off."""
    left, top = offset
    box = (
        max(left, 0),
        max(top, 0),
        min(left + overlay.width, frame.width),
        min(top + overlay.height, frame.height),
    )
    if box[0] >= box[2] or box[1] >= box[3]:
        return frame
    overlay = overlay.crop((box[0] - left, box[1] - top, box[2] - left, box[3] - top))
    result = with_colour(frame).copy()
    if has_alpha(result):
        result.alpha_composite(overlay, box[:2])
    else:
        result.paste(overlay, box[:2], overlay)
    return result
