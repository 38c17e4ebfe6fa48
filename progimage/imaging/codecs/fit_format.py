"""A picture in a form that a format can hold."""

from __future__ import annotations

from dataclasses import replace

from PIL import Image, ImageFile

from progimage.errors import OutputTooLarge
from progimage.imaging.codecs.format import Format
from progimage.imaging.codecs.formats import GIF, ICO
from progimage.imaging.codecs.own_size import like_source, own_source
from progimage.imaging.codecs.palettes import with_palettes
from progimage.imaging.codecs.picture import Picture
from progimage.imaging.resampling import resized


def fitted_to_format(picture: Picture, form: Format, background: tuple[int, int, int]) -> Picture:
    """Return the picture in a form that the format can hold.

    Raises:
        OutputTooLarge: a side is too long for the format.
    """
    width, height = picture.size
    if form is ICO and max(width, height) > form.max_side:
        picture = scaled(picture, form.max_side / max(width, height))
    elif max(width, height) > form.max_side:
        raise OutputTooLarge(
            f"the result is {width}x{height} pixels and a side of a {form.name} has at most "
            f"{form.max_side}; make it smaller or use another format"
        )
    if picture.is_animated and not form.is_animated:
        picture = replace(picture, frames=picture.frames[:1], durations_ms=(0,))
    frames = [_bare(frame) for frame in picture.frames]
    if not form.has_alpha:
        frames = [_flattened(frame, background) for frame in frames]
    if not form.has_grey:
        frames = [frame.convert(frame.mode.replace("L", "RGB")) for frame in frames]
    if form is GIF:
        frames = with_palettes(frames)
    elif (source := own_source(picture, form)) and len(frames) == 1:
        frames = [like_source(frames[0], form, source)]
    return replace(picture, frames=tuple(frames))


def scaled(picture: Picture, scale: float) -> Picture:
    """Return the picture with both sides multiplied by `scale`, at least one pixel each."""
    width, height = (max(1, round(side * scale)) for side in picture.size)
    frames = tuple(resized(frame, (width, height)) for frame in picture.frames)
    return replace(picture, frames=frames)


def _bare(frame: Image.Image) -> Image.Image:
    """Return `frame` without comments and profiles, which Pillow would write by default."""
    if not frame.info and not isinstance(frame, ImageFile.ImageFile):
        return frame
    frame = frame.copy()
    frame.info = {}
    return frame


def _flattened(frame: Image.Image, background: tuple[int, int, int]) -> Image.Image:
    if frame.mode not in ("LA", "RGBA"):
        return frame
    is_grey = frame.mode == "LA" and len(set(background)) == 1
    flat = Image.new("L", frame.size, background[0]) if is_grey else None
    flat = flat or Image.new("RGB", frame.size, background)
    flat.paste(frame.convert(flat.mode), mask=frame.getchannel("A"))
    return flat
