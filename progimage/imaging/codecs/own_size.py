"""How to write a picture in the size and the format of its source, so that it does not grow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PIL import Image

from progimage.imaging.codecs.format import Format
from progimage.imaging.codecs.formats import BMP, PNG, PNM, TIFF
from progimage.imaging.codecs.palettes import exact
from progimage.imaging.codecs.picture import Picture, Source

_SMALLER_QUALITIES = (65, 50, 35, 20)
_FRAMES_TRIED = 4
_JPEG_QUALITY = 75
_PREDICTOR, _HORIZONTAL = 317, 2

Written = Callable[[int], int]
"""Returns how many bytes a picture has at a quality."""


def own_source(picture: Picture, form: Format) -> Source | None:
    """Return the source of a picture that is written in its size and format, else None."""
    source = picture.source
    if source is None or (source.format, source.size) != (form.name, picture.size):
        return None
    return source


def is_drawing(picture: Picture, source: Source) -> bool:
    """Tell if a picture was read from a file that is much smaller than its pixels."""
    width, height = picture.size
    return source.size_bytes * 2 < width * height * len(picture.frames)


def is_better_lossless(source: Source, quality: int, written: Written) -> bool:
    """Tell if a lossless WebP, such as a drawing, would grow by losing anything."""
    return source.coding == "lossless" and written(quality) > source.size_bytes


def quality_like(source: Source, quality: int, written: Written) -> int:
    """Return a quality at which the file does not grow without need.

    A JPEG's own quality is known from its tables. For others lower ones are tried while
    the file is larger than its source.
    """
    if source.quality is not None:
        return min(quality, source.quality)
    for lower in (quality, *_SMALLER_QUALITIES):
        if lower <= quality and written(lower) <= source.size_bytes:
            return lower
    return min(quality, _SMALLER_QUALITIES[-1])


def estimated_bytes(picture: Picture, written: Callable[[Picture], int]) -> int:
    """Return how many bytes a picture has; of a long animation about, by its first frames."""
    count = len(picture.frames)
    if count <= _FRAMES_TRIED:
        return written(picture)
    first, start = (
        written(replace(picture, frames=picture.frames[:n], durations_ms=picture.durations_ms[:n]))
        for n in (1, _FRAMES_TRIED)
    )
    return first + (start - first) * (count - 1) // (_FRAMES_TRIED - 1)


def like_source(frame: Image.Image, form: Format, source: Source) -> Image.Image:
    """Return a still with a palette, or in black and white, if its source was so."""
    if source.coding in ("bilevel", "fax") and form in (TIFF, PNM):
        return _in_black_and_white(frame) or frame
    if source.coding in ("palette", "bilevel") and form in (PNG, BMP, TIFF):
        return exact(frame) or frame
    return frame


def tiff_parameters(frame: Image.Image, source: Source) -> dict[str, object]:
    """Return the arguments of Pillow to compress a TIFF as its source was."""
    if source.coding == "fax" and frame.mode == "1":
        return {"compression": "group4"}
    if source.coding == "jpeg" and frame.mode in ("L", "RGB"):
        return {"compression": "jpeg", "quality": source.quality or _JPEG_QUALITY}
    if source.coding == "predicted" and frame.mode != "P":
        return {"tiffinfo": {_PREDICTOR: _HORIZONTAL}}
    return {}


def _in_black_and_white(frame: Image.Image) -> Image.Image | None:
    """Return a frame of black and white alone in mode 1, another one as None."""
    if frame.mode not in ("L", "RGB"):
        return None
    grey = frame.convert("L")
    counts = grey.histogram()
    if counts[0] + counts[255] < frame.width * frame.height:
        return None
    return grey.convert("1", dither=Image.Dither.NONE)
