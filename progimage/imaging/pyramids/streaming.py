"""Decodes JPEG, PNG and TIFF from top to bottom by libvips, without the whole picture in memory.

The library comes with the extra `deep`, and is loaded by the first picture that needs it. Other
code of this package decodes with Pillow, which holds all pixels.
Source: libvips, "How it opens files" (sequential access) and the manual of `vips_jpegload`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image

from progimage.errors import CorruptPicture, UnsupportedMedia
from progimage.imaging.codecs.colour_management import managed
from progimage.imaging.codecs.format import Format
from progimage.imaging.codecs.formats import JPEG, PNG, TIFF
from progimage.imaging.codecs.readers.reader import exif_orientation, with_exif_header
from progimage.imaging.operation import Size
from progimage.imaging.tiles import TILE_PX

STREAMED = (JPEG, PNG, TIFF)
"""The formats that can be decoded so, where `limits.HAS_VIPS` is True."""

# Rows that are read at a time. More take more memory, fewer more time.
_ROWS = 64

_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_OUT_OF_MEMORY = ("out of memory", "insufficient memory", "unable to allocate", "cannot allocate")


@dataclass(frozen=True, slots=True)
class Streamed:
    """A picture whose header is read.

    Attributes:
        size: width and height as displayed.
        turn_by: EXIF orientation, 1 to 8, that the stored pixels needed.
        mode: of the strips: L, LA, RGB or RGBA.
        exif: the EXIF block, or b"".
    """

    size: Size
    turn_by: int
    mode: str
    exif: bytes
    _image: Any
    _profile: bytes | None
    # Its calls into this process would lead nowhere once it is collected.
    _source: Any

    def strips(self) -> Iterator[Image.Image]:
        """Yield the picture upright in sRGB, `TILE_PX` rows at a time.

        Raises:
            CorruptPicture: it is damaged.
            MemoryError: it cannot be decoded within the memory of this process.
        """
        import pyvips  # noqa: PLC0415 - see above

        width, height = self.size
        region = pyvips.Region.new(self._image)
        raw = "CMYK" if self._image.interpretation == "cmyk" else self.mode
        for top in range(0, height, TILE_PX):
            strip = Image.new(self.mode, (width, min(TILE_PX, height - top)), None)
            for offset in range(0, strip.height, _ROWS):
                rows = min(_ROWS, strip.height - offset)
                data = _checked(partial(region.fetch, 0, top + offset, width, rows))
                part = Image.frombuffer(raw, (width, rows), data, "raw", raw, 0, 1)
                strip.paste(managed(part, self._profile), (0, offset))
            yield strip


@contextmanager
def opened_streamed(path: str, form: Format) -> Iterator[Streamed]:
    """Yield a picture in one of the formats `STREAMED`, its header read.

    Raises:
        CorruptPicture: it cannot be read.
        UnsupportedMedia: its pixels are no integers of 8 or 16 bits in grey, RGB or CMYK.
    """
    import pyvips  # noqa: PLC0415 - 20 MB that most processes never need

    pyvips.cache_set_max(0)
    loaders = {
        JPEG.name: pyvips.Image.jpegload_source,
        PNG.name: pyvips.Image.pngload_source,
        TIFF.name: pyvips.Image.tiffload_source,
    }
    with Path(path).open("rb") as file:
        yield _read_header(file, partial(loaders[form.name], fail_on="error"))


def _read_header(file: BinaryIO, load: Callable[..., Any]) -> Streamed:
    source = _source_of(file)
    image = _checked(partial(load, source, access="sequential"))
    exif = _field(image, "exif-data")
    turn_by = exif_orientation(with_exif_header(exif)) if exif else _orientation(image)
    if turn_by > 1:
        # Turning needs rows in any order, so the decoded picture goes to a temporary file.
        file.seek(0)
        source = _source_of(file)
        image = _checked(partial(load, source, access="random"))
        image = image.autorot()
    profile = _field(image, "icc-profile-data") or None
    image = _eight_bits(image)
    if image.interpretation == "cmyk" and image.bands == 4:
        mode = "RGB"
    elif image.interpretation in ("b-w", "srgb") and image.bands in _MODES:
        mode = _MODES[image.bands]
    else:
        raise UnsupportedMedia(
            f"pictures of this size can be grey, RGB or CMYK; this has {image.bands} channels "
            f"of the kind {image.interpretation}; convert it first"
        )
    return Streamed((image.width, image.height), turn_by, mode, exif, image, profile, source)


def _source_of(file: BinaryIO) -> Any:
    """Return what libvips reads the file from; by itself it would map all of it into memory."""
    import pyvips  # noqa: PLC0415 - see above

    source = pyvips.SourceCustom()
    source.on_read(file.read)
    source.on_seek(file.seek)
    return source


def _eight_bits(image: Any) -> Any:
    if image.format == "uchar":
        return image
    if image.format != "ushort":
        raise UnsupportedMedia(
            "pictures of this size can have 8 or 16 bits a channel; convert it first"
        )
    kind = {"grey16": "b-w", "rgb16": "srgb"}.get(image.interpretation, image.interpretation)
    return (image * (255 / 65_535)).rint().cast("uchar").copy(interpretation=kind)


def _field(image: Any, name: str) -> bytes:
    return bytes(image.get(name)) if image.get_typeof(name) else b""


def _orientation(image: Any) -> int:
    value = image.get("orientation") if image.get_typeof("orientation") else 1
    return value if value in range(1, 9) else 1


def _checked(work: Any) -> Any:
    """Return `work()`; raise what its errors mean."""
    import pyvips  # noqa: PLC0415 - see above

    try:
        return work()
    except pyvips.Error as error:
        if any(words in str(error).lower() for words in _OUT_OF_MEMORY):
            raise MemoryError from None
        raise CorruptPicture(
            "the picture is truncated or damaged and cannot be decoded; send it again"
        ) from error
