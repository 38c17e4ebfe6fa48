"""Working copies: a large picture in smaller sizes, which renditions are made from.

Most of the time of a rendition goes into decoding the original, again for each size. A
picture of many pixels therefore has copies of itself: upright, in sRGB, with its alpha.
What the copies of a picture are, and which of them a pipeline uses, follows from the
picture and the settings alone, so that equal requests give equal bytes on every node.

Sizes, margins and qualities are measured; see DecisionLog.md, 62, 143 and 225.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageChops

from progimage.imaging import planes
from progimage.imaging.codecs import jpeg_planes
from progimage.imaging.codecs.decode import decode_opened
from progimage.imaging.codecs.format import Format
from progimage.imaging.codecs.formats import JPEG, PNG, WEBP
from progimage.imaging.codecs.header import Opened, opened
from progimage.imaging.codecs.jpeg import fractions
from progimage.imaging.codecs.jpeg_tables import tables
from progimage.imaging.codecs.picture import Picture
from progimage.imaging.codecs.pillow_plugins import save
from progimage.imaging.limits import Limits
from progimage.imaging.operation import Size
from progimage.imaging.pipeline import Pipeline
from progimage.imaging.planes import Planes
from progimage.imaging.render import Rendered, needed_size, render
from progimage.imaging.resampling import resized

_MIN_PIXELS = 2_500_000

# The largest copy has at most this part of the original's sides, else it would save too little.
_LARGEST_PART = 1 / 1.5

# The largest copy of a JPEG is what the decoder gives at one of its fractions, which needs
# no resampling; it may be smaller than intended by this factor.
_SMALLEST_FRACTION = 0.74

# Smaller copies have these parts of that size, unless the next larger one is hardly larger. Those
# of a JPEG are smaller: its renditions are the quickest, and it has lost detail before.
_PARTS_OF_SMALLER = (0.7, 0.45)
_PARTS_OF_SMALLER_JPEG = (0.6, 0.36)
_MOST_OF_LARGER = 0.85

# A rendition is made of a copy that has at least so many times the sides it needs: of one
# below so many pixels a side, which has lost nothing but size, less is enough.
_MARGIN = 1.4
_MARGIN_OF_SMALL = 1.2
_SMALL_PX = 1440

_QUALITY = 90

# In photographs many pixels differ a little from their neighbour, by grain and gradients;
# in drawings and screenshots they are equal, or very different.
_LITTLE = 12
_PART_OF_LITTLE = 0.2
_SAMPLED_ROWS = 64


def copy_sizes(size: Size, px: int, *, is_jpeg: bool) -> tuple[Size, ...]:
    """Return the sizes of the working copies of a still picture, the largest first.

    Args:
        size: the picture's width and height, as displayed.
        px: the long side that the largest copy should have; 0 for no copies.
    """
    if px == 0 or size[0] * size[1] < _MIN_PIXELS:
        return ()
    long_side = min(px, max(size) * _LARGEST_PART)
    fraction = _fraction(size, long_side) if is_jpeg else None
    found = [fraction or _scaled(size, long_side / max(size))]
    for part in _PARTS_OF_SMALLER_JPEG if is_jpeg else _PARTS_OF_SMALLER:
        smaller = _scaled(size, px * part / max(size))
        if max(smaller) <= max(found[-1]) * _MOST_OF_LARGER:
            found.append(smaller)
    return tuple(found)


def copy_size_for(pipeline: Pipeline, size: Size, px: int, *, is_jpeg: bool) -> Size | None:
    """Return the size of the working copy that a rendition is made from.

    None for the original: where no copy has enough pixels, or the rendition is of a further
    page, should be lossless or keep metadata.
    """
    if px == 0:
        return None
    output = pipeline.output
    if output.page > 1 or output.options.lossless or output.options.metadata != "none":
        return None
    needed = needed_size(pipeline, size)
    if needed is None:
        return None
    for copy in reversed(copy_sizes(size, px, is_jpeg=is_jpeg)):
        margin = _MARGIN_OF_SMALL if max(copy) < _SMALL_PX else _MARGIN
        if copy[0] >= needed[0] * margin and copy[1] >= needed[1] * margin:
            return copy
    return None


def make_copies(source: str, limits: Limits, px: int, targets: Mapping[Size, str]) -> None:
    """Write the working copies of the picture at `source` that `targets` has files for.

    Raises:
        PictureError: it cannot be decoded within `limits`, or not to its end.
    """
    with opened(source, replace(limits, accept_damaged=False)) as header:
        if sizes := sizes_of(header, px):
            picture = decode_opened(header, target=sizes[0], first_only=True)
            write_copies(picture, sizes, targets)


def render_with_copies(
    source: str,
    px: int,
    targets: Mapping[Size, str],
    size: Size,
    pipeline: Pipeline,
    target: BinaryIO,
    form: Format,
    limits: Limits,
    contents: Mapping[str, str],
    whole: Size,
) -> Rendered:
    """Write working copies as `make_copies` does, and what `pipeline` makes of the one of `size`.

    The other arguments, the result and the errors are those of `render`.
    """
    make_copies(source, limits, px, targets)
    return render(targets[size], pipeline, target, form, limits, {}, contents, whole)


def sizes_of(header: Opened, px: int) -> tuple[Size, ...]:
    """Return what `copy_sizes` does for an opened picture; none for an animation or a drawing."""
    if header.is_animated or header.form.is_vector:
        return ()
    return copy_sizes(header.size, px, is_jpeg=header.form is JPEG)


def write_copies(
    picture: Picture, sizes: tuple[Size, ...], targets: Mapping[Size, str]
) -> Image.Image | Planes:
    """Write the copies that `targets` has files for, the smallest first.

    Each is made from the same pixels, those that were decoded, so that none needs another.

    Args:
        picture: decoded for the first of `sizes`. Its frame may be closed afterwards.
        sizes: of all copies of the picture, the largest first.

    Returns:
        The smallest copy that was written.
    """
    pixels, box = picture.frames[0], picture.box
    wanted = [size for size in reversed(sizes) if size in targets]
    smallest: Image.Image | Planes | None = None
    if pixels.mode in ("L", "RGB") and not _is_flat(pixels, sizes[0][0]):
        for copy in _photographs(picture, wanted):
            with Path(targets[copy.size]).open("wb") as file:
                _write_photograph(copy, file)
            smallest = smallest or copy
    else:
        for size in wanted:
            frame = resized(pixels, size, box)
            with Path(targets[size]).open("wb") as file:
                _write_drawing(frame, file)
            smallest = smallest or frame
    return smallest or pixels


def _photographs(picture: Picture, sizes: Sequence[Size]) -> Iterator[Planes]:
    """Yield the copies of a photograph.

    To save memory, pixels are given up as soon as what is made of them is there.
    """
    pixels, box = picture.frames[0], picture.box
    if picture.part is None:
        for size in sizes:
            yield planes.of(resized(pixels, size, box))
        return
    whole = planes.of(pixels)
    if whole.chroma:
        pixels.close()
    for size in sizes[:-1]:
        yield whole.scaled(size, box)
    last = whole.scaled(sizes[-1], box)
    del whole
    yield last


def _fraction(size: Size, long_side: float) -> Size | None:
    """Return the smallest fraction of a JPEG that is large enough for its first copy."""
    enough = long_side * _SMALLEST_FRACTION
    return next((part for part in fractions(size) if max(part) >= enough), None)


def _scaled(size: Size, scale: float) -> Size:
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _write_photograph(copy: Planes, file: BinaryIO) -> None:
    """Write planes as they are, or if they are large, as a JPEG."""
    if max(copy.size) < _SMALL_PX:
        planes.write(copy, file)
    elif copy.chroma and jpeg_planes.is_possible():
        data = jpeg_planes.encoded(
            copy.luma, copy.chroma, _QUALITY, is_progressive=False, is_small=False
        )
        file.write(data)
    else:
        frame = copy.joined(copy.size, (0, 0, *copy.size))
        used = tables(_QUALITY)[: len(frame.getbands())]
        save(frame, file, JPEG, {"qtables": used, "subsampling": "4:2:0"})


def _write_drawing(frame: Image.Image, file: BinaryIO) -> None:
    """Write a copy without loss, also of a picture with alpha."""
    if frame.mode in ("L", "LA"):
        save(frame, file, PNG, {"compress_level": 1})
    else:
        save(frame, file, WEBP, {"lossless": True, "quality": 0, "method": 0})


def _is_flat(frame: Image.Image, width: int) -> bool:
    """True for drawings and screenshots, whose edges a lossy coding would blur.

    They are looked at with `width` pixels across, or as many as they have.
    """
    height = min(frame.height, _SAMPLED_ROWS)
    rows = frame.resize((frame.width, height), Image.Resampling.NEAREST)
    width = min(width, frame.width)
    rows = resized(rows, (width, height))
    here = rows.crop((0, 0, width - 1, rows.height))
    next_to_it = rows.crop((1, 0, width, rows.height))
    difference = ImageChops.difference(here, next_to_it)
    most, *others = difference.split()
    for band in others:
        most = ImageChops.lighter(most, band)
    little = sum(most.histogram()[1 : _LITTLE + 1])
    return little < _PART_OF_LITTLE * most.width * most.height
