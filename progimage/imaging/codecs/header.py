"""Open a picture with Pillow, read its header, and hold it to the limits.

Every exception Pillow raises on hostile bytes becomes one of ours here.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import BinaryIO

from PIL import ExifTags, Image, ImageFile, UnidentifiedImageError

from progimage.errors import CorruptPicture, PictureTooComplex, ProgImageError, UnsupportedMedia
from progimage.imaging.codecs.formats import (
    AVIF,
    GIF,
    PNG,
    READABLE,
    TIFF,
    WEBP,
    Format,
    by_pillow_name,
    names,
)
from progimage.imaging.codecs.pillow_plugins import PILLOW_NAMES
from progimage.imaging.codecs.structure import gif_frames
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


@dataclass(frozen=True, slots=True)
class Opened:
    """A picture whose header is read, whose size is allowed, and nothing decoded.

    Attributes:
        image: Pillow's, at its first frame.
        form: its format.
        orientation: what EXIF says, 1 to 8.
        turn: the move that brings the loaded pixels upright, if one is needed.
        size: width and height as displayed.
        frames: Pillow's numbers of the frames to show; one for a still.
    """

    image: ImageFile.ImageFile
    form: Format
    orientation: int
    turn: Image.Transpose | None
    size: tuple[int, int]
    frames: range

    @property
    def is_animated(self) -> bool:
        """True if there is more than one frame to show."""
        return len(self.frames) > 1


@contextmanager
def opened(path: str, limits: Limits) -> Iterator[Opened]:
    """Yield the picture at `path`; exceptions of the block are translated as well.

    Raises:
        EmptyPicture, UnsupportedMedia, CorruptPicture: it cannot be opened.
        PictureTooComplex: it passes `limits`.
    """
    # Pillow's own bound on bombs, for what it allocates before we see a size.
    Image.MAX_IMAGE_PIXELS = limits.max_source_pixels
    with (
        Path(path).open("rb") as file,
        translated_errors(),
        _read_header(file) as image,
    ):
        form = by_pillow_name(image.format or "")
        if form is None:
            raise UnsupportedMedia(f"{image.format} is not accepted")
        check_size(image.size, 1, limits)
        frames = _frames(image, form, file, limits)
        check_size(image.size, len(frames), limits)
        orientation = _orientation(image, form)
        # Pillow turns a TIFF as it loads it, and swaps its size at once.
        turn = None if form is TIFF else _UPRIGHT.get(orientation)
        width, height = image.size
        if turn and orientation >= 5:
            width, height = height, width
        yield Opened(image, form, orientation, turn, (width, height), frames)


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn whatever a decoder raises into a `PictureError`, and keep its warnings in.

    Plugins fed hostile bytes raise nearly anything: OSError, SyntaxError, ValueError,
    struct.error, zlib.error, KeyError, TypeError... all mean the bytes are bad.
    `MemoryError` passes, since it may be our limit rather than the picture.
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
        raise CorruptPicture(
            f"the picture's header cannot be read; send a whole {names(READABLE)}"
        ) from None
    except Exception as error:
        raise CorruptPicture(
            "the picture is truncated or damaged and cannot be decoded; send it again"
        ) from error


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


def _read_header(file: BinaryIO) -> ImageFile.ImageFile:
    try:
        return Image.open(file, formats=PILLOW_NAMES)
    except MemoryError:
        # Nothing was decoded yet: the length of some part of the header is a lie.
        raise CorruptPicture(
            "the picture's header claims more bytes than there can be; send it again"
        ) from None


def _frames(image: ImageFile.ImageFile, form: Format, file: BinaryIO, limits: Limits) -> range:
    """Number the frames of an animation, counting none past the limit.

    Pages of a TIFF, sizes of an icon and the further pictures of a phone's JPEG or
    HEIC are not an animation; the first, or the largest icon, stands for the file.
    """
    if form is GIF:
        with mmap(file.fileno(), 0, access=ACCESS_READ) as data:
            return range(max(1, sum(1 for _ in islice(gif_frames(data), limits.max_frames + 1))))
    if form in (PNG, WEBP, AVIF):
        # An animated PNG may begin with a picture for old readers that is no frame of it.
        first = 1 if getattr(image, "default_image", False) else 0
        return range(first, max(first + 1, getattr(image, "n_frames", 1)))
    return range(1)


def _orientation(image: Image.Image, form: Format) -> int:
    """Return the EXIF orientation; 1 where there is none or it is nonsense."""
    if form is PNG and not {"exif", "Raw profile type exif"} & set(image.info):
        # Pillow would decode the whole picture to look for EXIF behind it.
        return 1
    if image.format == "PNG" and "exif" not in image.info:
        # It may stand behind the pixels, so Pillow would load them, and what breaks there
        # is damage to the picture.
        image.load()
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # a damaged EXIF block must not cost us the picture
        return 1
    return value if value in range(1, 9) else 1
