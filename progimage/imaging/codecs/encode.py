"""From a picture to bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from progimage.errors import InvalidArgument
from progimage.imaging.codecs import jpeg_planes
from progimage.imaging.codecs.encode_options import EncodeOptions
from progimage.imaging.codecs.encode_parameters import (
    FULL_CHROMA_QUALITY,
    is_small,
    save_parameters,
)
from progimage.imaging.codecs.fit_bytes import Encoded, written_within
from progimage.imaging.codecs.fit_format import fitted_to_format
from progimage.imaging.codecs.format import Format
from progimage.imaging.codecs.formats import JPEG, TIFF, WRITABLE, missing_extra, names
from progimage.imaging.codecs.metadata_parameters import save_tiff
from progimage.imaging.codecs.own_size import (
    estimated_bytes,
    is_better_lossless,
    own_source,
    quality_like,
)
from progimage.imaging.codecs.picture import Picture, Source
from progimage.imaging.codecs.pillow_plugins import save


def encode(
    picture: Picture, target: str | BinaryIO, form: Format, options: EncodeOptions | None = None
) -> Encoded:
    """Write `picture` in the format `form` to a path or an open, seekable file.

    Transparency is laid on `options.background` where the format has none, an
    animation becomes its first frame where the format has none, and an icon is made
    to fit 256x256. Equal pictures and options give equal bytes.

    With `options.max_bytes` the highest quality that fits is searched for; if even
    `MIN_SEARCHED_QUALITY` does not fit, the picture is made smaller until it does.

    Raises:
        InvalidArgument: the format is only read, or cannot be lossless.
        OutputTooLarge: the format cannot hold the picture's size, or the picture
            cannot be made to fit `options.max_bytes`.
    """
    options = options or EncodeOptions()
    _check_possible(form, options)
    picture = fitted_to_format(picture, form, options.background)
    has_quality = form.default_quality is not None and not options.lossless
    quality = (options.quality or form.default_quality) if has_quality else None
    source = own_source(picture, form)
    if quality and source and options.quality is None:
        options, quality = _like_source(picture, form, options, quality, source)
    if options.max_bytes is None:
        if isinstance(target, str):
            with Path(target).open("wb") as file:
                return _write(picture, file, form, options, quality)
        return _write(picture, target, form, options, quality)

    def write(candidate: Picture, at_quality: int | None) -> tuple[bytes, Encoded]:
        buffer = BytesIO()
        encoded = _write(candidate, buffer, form, options, at_quality)
        return buffer.getvalue(), encoded

    data, encoded = written_within(picture, form, quality, options.max_bytes, write)
    _write_all(data, target)
    return encoded


def _like_source(
    picture: Picture, form: Format, options: EncodeOptions, quality: int, source: Source
) -> tuple[EncodeOptions, int | None]:
    """Return options and a quality at which a picture does not grow without need."""

    def written(at_quality: int) -> int:
        return estimated_bytes(
            picture, lambda start: _write(start, BytesIO(), form, options, at_quality).size_bytes
        )

    if is_better_lossless(source, quality, written):
        return replace(options, lossless=True), None
    return options, quality_like(source, quality, written)


def takes_planes(options: EncodeOptions) -> bool:
    """Return whether `encode_planes` writes what `encode` does for a JPEG."""
    quality = options.quality or JPEG.default_quality or 0
    has_settings = not (options.max_bytes or options.lossless or options.metadata != "none")
    return has_settings and quality < FULL_CHROMA_QUALITY and jpeg_planes.is_possible()


def encode_planes(
    luma: Image.Image,
    chroma: Sequence[Image.Image],
    target: str | BinaryIO,
    options: EncodeOptions,
) -> Encoded:
    """Write planes as a JPEG, if `takes_planes` allows it; `chroma` as in `jpeg_planes`."""
    quality = options.quality or JPEG.default_quality or 0
    data = jpeg_planes.encoded(
        luma,
        chroma,
        quality,
        is_progressive=options.progressive,
        is_small=is_small(luma.size),
    )
    _write_all(data, target)
    return Encoded(len(data), *luma.size, 1, quality)


def _write_all(data: bytes, target: str | BinaryIO) -> None:
    if isinstance(target, str):
        Path(target).write_bytes(data)
    else:
        target.write(data)


def _check_possible(form: Format, options: EncodeOptions) -> None:
    if not form.is_writable:
        raise InvalidArgument(
            f"format: {form.name} is read but not written; use one of {names(WRITABLE)}"
        )
    if not form.is_written_here:
        raise InvalidArgument(f"format: {form.name}, {missing_extra(form, act='write')}")
    if options.lossless and not form.has_lossless:
        able = names(tuple(other for other in WRITABLE if other.has_lossless))
        raise InvalidArgument(f"lossless: {form.name} cannot be lossless; use one of {able}")


def _write(
    picture: Picture, file: BinaryIO, form: Format, options: EncodeOptions, quality: int | None
) -> Encoded:
    start = file.tell()
    first, *others = picture.frames
    parameters = save_parameters(picture, form, options, quality)
    if others:
        parameters |= {"save_all": True, "append_images": others}
    if form is TIFF and options.metadata in ("exif", "all"):
        save_tiff(picture, file, parameters, options.metadata)
    else:
        save(first, file, form, parameters)
    file.seek(0, 2)
    return Encoded(file.tell() - start, *picture.size, len(picture.frames), quality)
