"""Open a picture, read its header, and hold it to the limits.

Every exception that a decoder raises on hostile bytes becomes a `PictureError` here.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError

from progimage.errors import (
    CorruptPicture,
    PictureTooComplex,
    ProgImageError,
    UnsupportedMedia,
)
from progimage.imaging.codecs.format import Format
from progimage.imaging.codecs.formats import (
    BMP,
    GIF,
    ICO,
    JPEG,
    JPEG2000,
    JXL,
    PDF,
    PNG,
    PNM,
    READABLE,
    SVG,
    TIFF,
    missing_extra,
    names,
)
from progimage.imaging.codecs.pages import check_page
from progimage.imaging.codecs.readers.bmp import BmpReader
from progimage.imaging.codecs.readers.gif import GifReader
from progimage.imaging.codecs.readers.ico import IcoReader
from progimage.imaging.codecs.readers.jpeg import JpegReader
from progimage.imaging.codecs.readers.jpeg2000 import Jpeg2000Reader
from progimage.imaging.codecs.readers.jxl import JxlReader
from progimage.imaging.codecs.readers.pdf import PdfReader
from progimage.imaging.codecs.readers.pillow import PillowReader
from progimage.imaging.codecs.readers.png import PngReader
from progimage.imaging.codecs.readers.pnm import PnmReader
from progimage.imaging.codecs.readers.reader import Reader, Size
from progimage.imaging.codecs.readers.svg import SvgReader
from progimage.imaging.codecs.readers.tiff import TiffReader
from progimage.imaging.codecs.signatures import HEAD_BYTES, by_signature
from progimage.imaging.limits import Limits

# Source: EXIF 2.32, tag 0x0112; each value is undone by one whole-pixel move.
_UPRIGHT: dict[int, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

_READERS: dict[
    str,
    type[PngReader | BmpReader | IcoReader | JxlReader | Jpeg2000Reader | PnmReader],
] = {
    PNG.name: PngReader,
    BMP.name: BmpReader,
    ICO.name: IcoReader,
    JXL.name: JxlReader,
    JPEG2000.name: Jpeg2000Reader,
    PNM.name: PnmReader,
}


@dataclass(frozen=True, slots=True)
class Opened:
    """A picture whose header is read, whose size is allowed, and nothing decoded.

    Attributes:
        reader: decodes it, once.
        frame: of an animation, the frame to show as a still, from 2; 1 for all of them.
        size_bytes: of the file.
    """

    reader: Reader
    form: Format
    size_bytes: int
    frame: int = 1

    @property
    def turn(self) -> Image.Transpose | None:
        """The move that brings the decoded pixels upright, if one is needed."""
        return _UPRIGHT.get(self.reader.turn_by)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height as displayed."""
        width, height = self.reader.size
        return (height, width) if self.reader.turn_by >= 5 else (width, height)

    @property
    def frame_count(self) -> int:
        """Frames to show; 1 for a still."""
        return self.reader.frame_count if self.frame == 1 else 1

    @property
    def is_animated(self) -> bool:
        """True if there is more than one frame to show."""
        return self.frame_count > 1


@contextmanager
def opened(path: str, limits: Limits, page: int = 1) -> Iterator[Opened]:
    """Yield the picture at `path`; exceptions of the block are translated as well.

    `page` counts from 1: a page of a PDF or TIFF. For an animation 1 is the whole, and
    another number a frame of it.

    Sizes of an icon and the further pictures of a phone's JPEG or HEIC are not an
    animation; the first, or the largest icon, is used.

    Raises:
        CorruptPicture: it cannot be opened.
        PictureTooComplex: it passes `limits`.
        InvalidArgument: there is no such page.
        UnsupportedMedia: what reads its format is not installed.
    """
    with (
        translated_errors(),
        _bounded(limits.max_source_pixels),
        open(path, "rb") as file,  # noqa: PTH123 - every render comes here
    ):
        form = by_signature(file.read(HEAD_BYTES))
        if form is None:
            raise CorruptPicture(_unreadable())
        if form not in READABLE:
            raise UnsupportedMedia(f"the picture is {form.name}, {missing_extra(form)}")
        size_bytes = file.seek(0, 2)
        file.seek(0)
        reader = _reader(file, form, limits, page)
        check_size(reader.size, reader.frame_count, limits)
        frame = page if form.is_animated else 1
        check_page(frame, form, reader.frame_count)
        yield Opened(reader, form, size_bytes, frame)


def size_in_header(path: str, form: Format) -> tuple[Size, bool]:
    """Return width and height as stored, and whether there is more than one frame.

    Only the beginning of the file is read, so this is for files too large for `opened`.

    Raises:
        CorruptPicture: Pillow cannot read the header.
    """
    with (
        translated_errors(),
        _bounded(None),
        Path(path).open("rb") as file,
        Image.open(file, formats=(form.pillow_name,)) as image,
    ):
        # The pages of a TIFF are no animation, nor are the further pictures of a phone's JPEG.
        is_animated = form not in (TIFF, JPEG) and getattr(image, "n_frames", 1) > 1
        return image.size, is_animated


@contextmanager
def _bounded(max_pixels: int | None) -> Iterator[None]:
    """Set Pillow's own bound on bombs, for what it allocates before we see a size."""
    before = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = max_pixels
    try:
        yield
    finally:
        Image.MAX_IMAGE_PIXELS = before


def _reader(file: BinaryIO, form: Format, limits: Limits, page: int) -> Reader:
    check_page(page, form)
    try:
        if form is TIFF:
            return TiffReader(file.name, page, accepts_damage=limits.accept_damaged)
        if form is JPEG:
            return JpegReader(file, accepts_damage=limits.accept_damaged)
        return _reader_of_all(file.read(), form, limits, page)
    except MemoryError:
        # Nothing was decoded yet: the length of some part of the header is a lie.
        raise CorruptPicture(
            "the picture's header claims more bytes than there can be; send it again"
        ) from None


def _reader_of_all(data: bytes, form: Format, limits: Limits, page: int) -> Reader:
    """Return the reader of a format that is read as a whole."""
    if form is SVG:
        return SvgReader(
            data, max_pixels=limits.max_source_pixels, accepts_damage=limits.accept_damaged
        )
    if form is PDF:
        return PdfReader(data, page, accepts_damage=limits.accept_damaged)
    if form is GIF:
        return GifReader(data, max_frames=limits.max_frames, accepts_damage=limits.accept_damaged)
    if form.name in _READERS:
        return _READERS[form.name](data, accepts_damage=limits.accept_damaged)
    return PillowReader(data, form, accepts_damage=limits.accept_damaged)


_UNDECODABLE = "the picture is truncated or damaged and cannot be decoded; send it again"


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn any exception of a decoder into a `PictureError`, and suppress its warnings.

    Plugins fed hostile bytes raise nearly anything: OSError, SyntaxError, ValueError,
    struct.error, zlib.error, KeyError, TypeError... all mean the bytes are bad.
    `MemoryError` passes, since it may be our limit rather than the picture, and so does an
    OSError of the system, such as EIO: Pillow's own have no number.
    """
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"PIL\.")
            yield
    except (ProgImageError, MemoryError):
        raise
    except Image.DecompressionBombError:
        raise PictureTooComplex(
            "the picture has more pixels than is allowed; send a smaller one"
        ) from None
    except UnidentifiedImageError:
        raise CorruptPicture(_unreadable()) from None
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise CorruptPicture(_UNDECODABLE) from error
    except BaseException as error:
        # A library in Rust has panicked (pyo3, `PanicException`): no `Exception`, so that it
        # would pass every handler, and it cannot be sent to another process.
        if type(error).__name__ != "PanicException":
            raise
        raise CorruptPicture(_UNDECODABLE) from None


def _unreadable() -> str:
    return f"the picture's header cannot be read; send a whole {names(READABLE)}"


def check_size(size: tuple[int, int], frames: int, limits: Limits) -> None:
    """Raise `PictureTooComplex` unless that many frames of `size` are within `limits`."""
    width, height = size
    if width < 1 or height < 1:
        raise CorruptPicture(f"the picture's header says {width}x{height} pixels")
    if max(size) > limits.max_source_side:
        raise PictureTooComplex(
            f"the picture is {width}x{height} pixels; "
            f"a side may have at most {limits.max_source_side}"
        )
    if frames > limits.max_frames:
        raise PictureTooComplex(
            f"the animation has more frames than the {limits.max_frames} allowed"
        )
    if width * height * frames > limits.max_source_pixels:
        count = f" in {frames} frames" if frames > 1 else ""
        raise PictureTooComplex(
            f"the picture is {width}x{height} pixels{count}; "
            f"at most {limits.max_source_pixels} pixels in all are allowed"
        )
