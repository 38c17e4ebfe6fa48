"""From a picture to bytes.

The defaults are chosen for pictures that are encoded while a client waits. Measured on a
photograph
of 900x675: WebP method 2 takes 0.4 of the time of method 4 for 4 % more bytes, AVIF
speed 9 takes 0.3 of the time of speed 8 for 5 % more, PNG level 3 a third of the time
of level 6 for 5 % more, and a JPEG with optimised tables 2.5 times as long for 1 % less. Of
a small JPEG the standard tables are a large part: at 100 pixels its own save 8 %, at 300 2 %.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image, ImageFile
from PIL.PngImagePlugin import PngInfo

from progimage.errors import InvalidArgument, OutputTooLarge
from progimage.imaging.codecs import jpeg_planes
from progimage.imaging.codecs.formats import (
    AVIF,
    GIF,
    ICO,
    JPEG,
    JPEG2000,
    JXL,
    PNG,
    TIFF,
    WEBP,
    WRITABLE,
    Format,
    missing_extra,
    names,
)
from progimage.imaging.codecs.metadata import Metadata, carried_exif, carried_xmp
from progimage.imaging.codecs.own_size import (
    estimated_bytes,
    is_better_lossless,
    is_drawing,
    like_source,
    own_source,
    quality_like,
    tiff_parameters,
)
from progimage.imaging.codecs.palettes import with_palettes
from progimage.imaging.codecs.picture import Picture, Source
from progimage.imaging.codecs.pillow_plugins import save
from progimage.imaging.codecs.tiff_metadata import with_metadata
from progimage.imaging.resampling import resized

MIN_SEARCHED_QUALITY = 30
"""To fit `max_bytes`, quality goes no lower; then the picture gets smaller instead."""

_MIN_SEARCHED_SIDE = 16
# 16 bits hold it (WebP container specification, "Loop Count").
_MAX_WEBP_PLAYS = 65_535
_MIN_GIF_DURATION_MS = 20
_XMP_KEYWORD = "XML:com.adobe.xmp"
_PHOTOSHOP = b"Photoshop 3.0\0"
# What fits a segment behind its name; longer blocks are left out.
_MAX_JPEG_XMP, _MAX_JPEG_IPTC = 65_504, 65_519
_FULL_CHROMA_QUALITY = 90
_SMALL_JPEG_PIXELS = 70_000


@dataclass(frozen=True, slots=True)
class EncodeOptions:
    """How to write a picture.

    Attributes:
        quality: 1 to 100, or None for the format's default; it means nothing to
            formats that are always lossless.
        max_bytes: the result must not be larger; quality and then size give way.
        lossless: keep every pixel as it is.
        progressive: JPEG shows a coarse picture first; it means nothing elsewhere.
        metadata: which of the source's metadata is copied: "none"; "icc", a colour
            profile; "exif", that and the EXIF block without its location; "all".
        background: red, green and blue behind transparency in formats without it.
    """

    quality: int | None = None
    max_bytes: int | None = None
    lossless: bool = False
    progressive: bool = False
    metadata: Metadata = "none"
    background: tuple[int, int, int] = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class Encoded:
    """What was written: bytes, pixels a side, frames, and the quality used if any."""

    size_bytes: int
    width: int
    height: int
    frames: int
    quality: int | None


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
    picture = _suited(picture, form, options.background)
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
    data, encoded = _fitted(picture, form, options, quality, options.max_bytes)
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
    return has_settings and quality < _FULL_CHROMA_QUALITY and jpeg_planes.is_possible()


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
        has_own_tables=_is_small(luma.size),
    )
    _write_all(data, target)
    return Encoded(len(data), *luma.size, 1, quality)


def _write_all(data: bytes, target: str | BinaryIO) -> None:
    if isinstance(target, str):
        Path(target).write_bytes(data)
    else:
        target.write(data)


def _is_small(size: tuple[int, int]) -> bool:
    """Tell if a JPEG is so small that Huffman tables of its own are worth their time."""
    return size[0] * size[1] <= _SMALL_JPEG_PIXELS


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


def _suited(picture: Picture, form: Format, background: tuple[int, int, int]) -> Picture:
    """Return the picture in a form that the format can hold."""
    width, height = picture.size
    if form is ICO and max(width, height) > form.max_side:
        picture = _scaled(picture, form.max_side / max(width, height))
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
    if form is GIF:
        frames = with_palettes(frames)
    elif (source := own_source(picture, form)) and len(frames) == 1:
        frames = [like_source(frames[0], form, source)]
    return replace(picture, frames=tuple(frames))


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


def _write(
    picture: Picture, file: BinaryIO, form: Format, options: EncodeOptions, quality: int | None
) -> Encoded:
    start = file.tell()
    first, *others = picture.frames
    parameters = _parameters(picture, form, options, quality)
    if others:
        parameters |= _timing(picture, form) | {"save_all": True, "append_images": others}
    if form is TIFF and options.metadata in ("exif", "all"):
        _save_tiff(picture, file, parameters, options.metadata)
    else:
        save(first, file, form, parameters)
    file.seek(0, 2)
    return Encoded(file.tell() - start, *picture.size, len(picture.frames), quality)


def _parameters(
    picture: Picture, form: Format, options: EncodeOptions, quality: int | None
) -> dict[str, Any]:
    """Return the arguments of `Image.save`, named as in Pillow's handbook."""
    parameters: dict[str, Any] = {}
    source = own_source(picture, form)
    if form is JPEG:
        parameters = {
            "quality": quality,
            # Colour at half resolution goes unseen in photographs at usual qualities.
            "subsampling": "4:4:4" if (quality or 0) >= _FULL_CHROMA_QUALITY else "4:2:0",
            "progressive": options.progressive,
            # The tables of its source may have been optimised as well.
            "optimize": source is not None or _is_small(picture.size),
        }
    elif form is PNG:
        # Drawings are much smaller with more effort, which costs little there.
        has_few_bytes = source is not None and is_drawing(picture, source)
        parameters = {"compress_level": 9 if picture.mode == "P" or has_few_bytes else 3}
    elif form is WEBP:
        # In a lossless file Pillow's quality is the effort to compress.
        parameters = {"quality": quality or 50, "lossless": options.lossless, "method": 2}
    elif form is JXL:
        parameters = {"quality": quality, "lossless": options.lossless}
    elif form is AVIF:
        # One thread: renders run side by side, one a core, and equal bytes are promised.
        parameters = {"quality": quality, "speed": 9, "max_threads": 1}
        if picture.is_animated:
            # Chromium takes the full range of an animation for a limited one.
            parameters["range"] = "limited"
    elif form is TIFF:
        parameters = {"compression": "tiff_adobe_deflate"}
        if source:
            parameters |= tiff_parameters(picture.frames[0], source)
    elif form is JPEG2000 and quality:
        # Decibels of PSNR: 42 shows hardly a difference, 22 hardly a picture.
        parameters = {
            "quality_mode": "dB",
            "quality_layers": [22 + 0.2 * quality],
            "irreversible": True,
        }
    elif form is ICO:
        parameters = {"sizes": [picture.size]}
    return parameters | _metadata(picture, form, options.metadata)


def _metadata(picture: Picture, form: Format, keep: Metadata) -> dict[str, Any]:
    """Return the part of the source's metadata to write."""
    parameters: dict[str, Any] = {}
    if form not in (JPEG, PNG, WEBP, AVIF, TIFF, JXL):
        return parameters
    # JPEG XL says by itself that its colours are sRGB.
    if keep != "none" and picture.icc and form is not JXL:
        parameters["icc_profile"] = picture.icc
    if form is TIFF:
        return parameters
    if exif := carried_exif(picture.exif, keep):
        parameters["exif"] = exif
    xmp = carried_xmp(picture.xmp, keep)
    if xmp and form is PNG:
        parameters["pnginfo"] = PngInfo()
        parameters["pnginfo"].add_itxt(_XMP_KEYWORD, xmp.decode("utf-8", "replace"))
    elif xmp and (form is not JPEG or len(xmp) <= _MAX_JPEG_XMP):
        parameters["xmp"] = xmp
    if form is JPEG and keep == "all" and 0 < len(picture.iptc) <= _MAX_JPEG_IPTC:
        body = _PHOTOSHOP + picture.iptc
        parameters["extra"] = b"\xff\xed" + (len(body) + 2).to_bytes(2, "big") + body
    return parameters


def _save_tiff(
    picture: Picture, file: BinaryIO, parameters: dict[str, Any], keep: Metadata
) -> None:
    buffer = BytesIO()
    save(picture.frames[0], buffer, TIFF, parameters)
    iptc = picture.iptc if keep == "all" else b""
    exif, xmp = carried_exif(picture.exif, keep), carried_xmp(picture.xmp, keep)
    file.write(with_metadata(buffer.getvalue(), exif, xmp, iptc))


def _timing(picture: Picture, form: Format) -> dict[str, Any]:
    durations = list(picture.durations_ms)
    if form is not GIF:
        return {"duration": durations, "loop": min(picture.loop, _MAX_WEBP_PLAYS)}
    # Hundredths of a second, and browsers slow frames of less than two of them down.
    durations = [max(_MIN_GIF_DURATION_MS, round(ms / 10) * 10) for ms in durations]
    timing: dict[str, Any] = {"duration": durations}
    if picture.loop != 1:
        # A GIF counts how often it is repeated after the first time; 0 is forever.
        timing["loop"] = max(0, picture.loop - 1)
    if "transparency" in picture.frames[0].info:
        # Otherwise earlier frames would show through the holes of later ones.
        timing["disposal"] = 2
    return timing


def _fitted(
    picture: Picture, form: Format, options: EncodeOptions, quality: int | None, max_bytes: int
) -> tuple[bytes, Encoded]:
    def attempt(candidate: Picture, at_quality: int | None) -> tuple[bytes, Encoded]:
        buffer = BytesIO()
        encoded = _write(candidate, buffer, form, options, at_quality)
        return buffer.getvalue(), encoded

    data, encoded = attempt(picture, quality)
    if encoded.size_bytes <= max_bytes:
        return data, encoded
    if quality is None:
        lossy = names(tuple(other for other in WRITABLE if other.default_quality))
        raise OutputTooLarge(
            f"the {form.name} has {encoded.size_bytes} bytes, {max_bytes} are allowed, and "
            f"without loss it gets no smaller; reduce its width and height or use one of {lossy}"
        )
    low, high = min(MIN_SEARCHED_QUALITY, quality), quality - 1
    best: tuple[bytes, Encoded] | None = None
    while low <= high:
        middle = (low + high) // 2
        data, encoded = attempt(picture, middle)
        if encoded.size_bytes <= max_bytes:
            best, low = (data, encoded), middle + 1
        else:
            high = middle - 1
    scale = 1.0
    while best is None:
        # Bytes go roughly with the area; a little less, so that few attempts are needed.
        scale *= min(0.9, 0.95 * math.sqrt(max_bytes / encoded.size_bytes))
        if max(picture.size) * scale < _MIN_SEARCHED_SIDE:
            raise OutputTooLarge(
                f"no {form.name} of this picture has {max_bytes} bytes or less; allow more"
            )
        data, encoded = attempt(_scaled(picture, scale), encoded.quality)
        best = (data, encoded) if encoded.size_bytes <= max_bytes else None
    return best


def _scaled(picture: Picture, scale: float) -> Picture:
    width, height = (max(1, round(side * scale)) for side in picture.size)
    frames = tuple(resized(frame, (width, height)) for frame in picture.frames)
    return replace(picture, frames=frames)
