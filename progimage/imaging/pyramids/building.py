"""Makes the pyramid of a picture: a file in, a file out. This runs in a render process.

The same picture gives the same bytes on every node that has the same packages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from progimage.errors import CorruptPicture, PictureTooComplex
from progimage.imaging.codecs.decode import decode
from progimage.imaging.codecs.format import Format
from progimage.imaging.codecs.header import check_size, opened, size_in_header
from progimage.imaging.codecs.signatures import HEAD_BYTES, by_signature
from progimage.imaging.codecs.sniff import sniff
from progimage.imaging.faces import find_faces
from progimage.imaging.inspection import Facts, facts_of
from progimage.imaging.limits import HAS_VIPS, MAX_HELD_PIXELS, Limits, is_beyond
from progimage.imaging.operation import Size
from progimage.imaging.pyramids.container import ContainerWriter
from progimage.imaging.pyramids.levels import tile_format, write_levels
from progimage.imaging.pyramids.streaming import STREAMED, opened_streamed
from progimage.imaging.tiles import TILE_PX

# More wait for the decoder.
_THREADS = 2


@dataclass(frozen=True, slots=True)
class _Strips:
    """A picture that comes in strips; see `write_levels`."""

    size: Size
    turn_by: int
    mode: str
    exif: bytes
    strips: Iterable[Image.Image]


def build_pyramid(source: str, target: str, limits: Limits, stream_above: int) -> None:
    """Write the pyramid of the picture at `source` to the file `target`.

    Args:
        limits: bounds of its size.
        stream_above: pixels above which libvips decodes it in strips, where that is possible.

    Raises:
        PictureTooComplex: it passes `limits`, or cannot be decoded without libvips.
        CorruptPicture: it is damaged.
    """
    with Path(source).open("rb") as file:
        form = by_signature(file.read(HEAD_BYTES))
    if form is None:
        raise CorruptPicture("the picture's header cannot be read")
    with _opened(source, form, limits, stream_above) as picture:
        _write(picture, target)


def inspect_and_build(
    source: str, target: str, limits: Limits, ordinary: Limits, from_pixels: int
) -> Facts | None:
    """Prove that the picture at `source` is whole; write its pyramid and return its facts.

    None if it is an animation, of a format that Pillow does not read, within the `ordinary`
    limits, or has fewer than `from_pixels`. The other arguments are those of `build_pyramid`.

    Raises:
        EmptyPicture, UnsupportedMedia, MismatchedMedia: as `sniff` does.
        PictureTooComplex, CorruptPicture: as `build_pyramid` does.
    """
    form = sniff(source)
    if not form.pillow_name:
        return None
    size, is_animated = size_in_header(source, form)
    if is_animated or size[0] * size[1] < from_pixels or not is_beyond(*size, ordinary):
        return None
    with _opened(source, form, limits, ordinary.max_source_pixels) as picture:
        smallest = _write(picture, target)
        facts = facts_of(
            form,
            picture.size,
            smallest.convert("RGBA"),
            turn_by=picture.turn_by,
            has_alpha=picture.mode.endswith("A"),
            exif=picture.exif,
        )
        return replace(facts, faces=find_faces(smallest))


def _write(picture: _Strips, target: str) -> Image.Image:
    with Path(target).open("wb") as file, ThreadPoolExecutor(_THREADS) as executor:
        writer = ContainerWriter(file, picture.size, tile_format(picture.mode))
        return write_levels(picture.strips, picture.size, writer, executor)


@contextmanager
def _opened(source: str, form: Format, limits: Limits, stream_above: int) -> Iterator[_Strips]:
    stored, _ = size_in_header(source, form)
    pixels = stored[0] * stored[1]
    check_size(stored, 1, limits)
    if pixels > stream_above and HAS_VIPS and form in STREAMED:
        with opened_streamed(source, form) as streamed:
            check_size(streamed.size, 1, limits)
            yield _Strips(
                streamed.size, streamed.turn_by, streamed.mode, streamed.exif, streamed.strips()
            )
        return
    if pixels > MAX_HELD_PIXELS:
        raise PictureTooComplex(_too_large_for_pillow(stored, form))
    with opened(source, limits) as header:
        turn_by = header.reader.turn_by
    picture = decode(source, limits, first_only=True)
    frame = picture.frames[0]
    yield _Strips(frame.size, turn_by, frame.mode, picture.exif, _cut(frame))


def _cut(frame: Image.Image) -> Iterable[Image.Image]:
    for top in range(0, frame.height, TILE_PX):
        yield frame.crop((0, top, frame.width, min(top + TILE_PX, frame.height)))


def _too_large_for_pillow(size: Size, form: Format) -> str:
    names = ", ".join(streamed.extension for streamed in STREAMED)
    if form not in STREAMED:
        return (
            f"the picture is {size[0]}x{size[1]} pixels; more than {MAX_HELD_PIXELS} are possible "
            f"in {names}, not in {form.extension}"
        )
    return (
        f"the picture is {size[0]}x{size[1]} pixels; more than {MAX_HELD_PIXELS} need the extra "
        "'deep' of the package on the server"
    )
