"""Working copies are made: decoded from the original, scaled, and written to files.

A photograph is kept as planes and scaled as planes; the largest copy of one is a JPEG, smaller
ones are the planes as they are. Drawings and pictures with alpha are kept without loss.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageChops

from progimage.errors import CorruptPicture
from progimage.imaging import planes
from progimage.imaging.codecs import jpeg_planes
from progimage.imaging.codecs.decode import decode_components, decode_opened
from progimage.imaging.codecs.format import Format
from progimage.imaging.codecs.formats import JPEG, PNG, WEBP
from progimage.imaging.codecs.header import Opened, opened
from progimage.imaging.codecs.jpeg_tables import tables
from progimage.imaging.codecs.picture import Box, Picture
from progimage.imaging.codecs.pillow_plugins import save
from progimage.imaging.limits import Limits
from progimage.imaging.operation import Size
from progimage.imaging.pipeline import Pipeline
from progimage.imaging.planes import Planes
from progimage.imaging.render import Rendered, render, render_planes
from progimage.imaging.resampling import resized
from progimage.imaging.working_copies import SMALL_PX, sizes_of

_QUALITY = 90

# In photographs many pixels differ a little from their neighbour, by grain and gradients;
# in drawings and screenshots they are equal, or very different.
_LITTLE = 12
_PART_OF_LITTLE = 0.2
_SAMPLED_ROWS = 64

# Planes of so many pixels, 1 MB, leave the process in memory.
_MOST_HELD_PIXELS = 700_000


@dataclass(frozen=True, slots=True)
class PartOfPlanes:
    """Planes of a photograph at a fraction of its size; `box` of them is the picture."""

    planes: Planes
    box: Box


Decoded = Picture | PartOfPlanes
"""A picture as copies are made from it."""


def make_copies(
    source: str, limits: Limits, px: int, targets: Mapping[Size, str | BytesIO]
) -> None:
    """Write the working copies of the picture at `source` that `targets` has files for.

    Raises:
        PictureError: it cannot be decoded within `limits`, or not to its end, or has no copy of
            a size in `targets`.
    """
    with opened(source, replace(limits, accept_damaged=False)) as header:
        sizes = sizes_of(header, px)
        if not targets.keys() <= set(sizes):
            raise CorruptPicture("the picture has another size than its record says")
        write_copies(decode_for_copies(header, sizes), sizes, targets)


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

    The other arguments, the result and the errors are those of `render`. Small planes are in the
    result in place of their files: see `results` for what a new file costs.
    """
    held = {copy: BytesIO() for copy in targets if copy[0] * copy[1] <= _MOST_HELD_PIXELS}
    make_copies(source, limits, px, {**targets, **held})
    for copy, file in list(held.items()):
        if not file.getvalue().startswith(planes.MAGIC):
            Path(targets[copy]).write_bytes(held.pop(copy).getvalue())
    if size in held:
        whole_copy = planes.read(BytesIO(held[size].getvalue()))
        rendered = render_planes(whole_copy, whole, pipeline, target, form, limits)
    else:
        rendered = render(targets[size], pipeline, target, form, limits, {}, contents, whole)
    return replace(rendered, copies={copy: file.getvalue() for copy, file in held.items()})


def decode_for_copies(header: Opened, sizes: Sequence[Size]) -> Decoded:
    """Read a picture for copies of `sizes`, the largest first.

    Raises: as `decode_opened` does.
    """
    found = decode_components(header, sizes[0])
    if found is not None:
        whole = PartOfPlanes(Planes(*found[0]), found[1])
        if not _is_flat(whole.planes.luma, sizes[0][0]):
            return whole
        whole.planes.close()
    return decode_opened(header, target=sizes[0], first_only=True)


def write_copies(
    decoded: Decoded, sizes: tuple[Size, ...], targets: Mapping[Size, str | BytesIO]
) -> Image.Image | Planes:
    """Write the copies that `targets` has files for, the smallest first.

    Each is made from the same pixels, those that were decoded, so that none needs another.

    Args:
        decoded: by `decode_for_copies`. Its pixels may be closed afterwards.
        sizes: of all copies of the picture, the largest first.

    Returns:
        The smallest copy that was written.
    """
    wanted = [size for size in reversed(sizes) if size in targets]
    if isinstance(decoded, PartOfPlanes):
        return _write_photographs(_scaled_planes(decoded.planes, decoded.box, wanted), targets)
    pixels = decoded.frames[0]
    if pixels.mode in ("L", "RGB") and not _is_flat(pixels, sizes[0][0]):
        return _write_photographs(_photographs(decoded, wanted), targets)
    smallest: Image.Image | None = None
    for size in wanted:
        frame = resized(pixels, size, decoded.box)
        with _opened(targets[size]) as file:
            _write_drawing(frame, file)
        smallest = smallest or frame
    return smallest or pixels


def _write_photographs(copies: Iterator[Planes], targets: Mapping[Size, str | BytesIO]) -> Planes:
    """Write copies of a photograph, of which there is at least one; return the first."""
    first: Planes | None = None
    for copy in copies:
        with _opened(targets[copy.size]) as file:
            _write_photograph(copy, file)
        first = first or copy
    if first is None:
        raise ValueError("no copy is wanted")
    return first


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
    yield from _scaled_planes(whole, box, sizes)


def _scaled_planes(whole: Planes, box: Box, sizes: Sequence[Size]) -> Iterator[Planes]:
    for size in sizes[:-1]:
        yield whole.scaled(size, box, vertical_first=True)
    last = whole.scaled(sizes[-1], box, vertical_first=True)
    if last is not whole:
        whole.close()
    yield last


def _opened(target: str | BytesIO) -> AbstractContextManager[BinaryIO]:
    return Path(target).open("wb") if isinstance(target, str) else nullcontext(target)


def _write_photograph(copy: Planes, file: BinaryIO) -> None:
    """Write planes as they are, or if they are large, as a JPEG."""
    if max(copy.size) < SMALL_PX:
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

    They are looked at with `width` pixels across, or as many as they have. Of planes the luma is
    enough: it has most of the grain.
    """
    height = min(frame.height, _SAMPLED_ROWS)
    rows = frame.resize((frame.width, height), Image.Resampling.NEAREST)
    if width < rows.width:
        rows = resized(rows, (width, rows.height))
    here = rows.crop((0, 0, rows.width - 1, rows.height))
    next_to_it = rows.crop((1, 0, rows.width, rows.height))
    difference = ImageChops.difference(here, next_to_it)
    most, *others = difference.split()
    for band in others:
        most = ImageChops.lighter(most, band)
    little = sum(most.histogram()[1 : _LITTLE + 1])
    return little < _PART_OF_LITTLE * most.width * most.height
