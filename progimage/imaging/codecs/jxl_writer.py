"""Writing JPEG XL, by libjxl as imagecodecs brings it: an extra.

It writes the picture alone; the container with its metadata is made here.
Source: ISO/IEC 18181-2 (the container); libjxl, encode.h, JxlEncoderDistanceFromQuality.
"""

from __future__ import annotations

from typing import IO

from PIL.Image import Image

# More takes three times as long for a tenth fewer bytes.
_EFFORT = 4
_DEFAULT_QUALITY = 80
_SIGNATURE = b"\0\0\0\x0cJXL \r\n\x87\n"
_FILE_TYPE = b"jxl \0\0\0\0jxl "
_EXIF = b"Exif\0\0"


def save(image: Image, file: IO[bytes], filename: str | bytes) -> None:  # noqa: ARG001 - Pillow gives it
    """Write an image of mode L, LA, RGB or RGBA: the interface of Pillow's plug-ins.

    Options: `quality` (1 to 100) or `lossless`; `exif` and `xmp`, blocks of metadata.
    """
    import numpy  # noqa: PLC0415 - an extra
    from imagecodecs import jpegxl_encode  # noqa: PLC0415 - an extra

    options = image.encoderinfo
    is_lossless = options.get("lossless", False)
    distance = 0.0 if is_lossless else _distance(options.get("quality", _DEFAULT_QUALITY))
    # One thread: renders run side by side, one a core, and equal bytes are promised.
    codestream = jpegxl_encode(
        numpy.asarray(image),
        effort=_EFFORT,
        distance=distance,
        lossless=is_lossless,
        numthreads=1,
        usecontainer=False,
    )
    exif, xmp = options.get("exif", b""), options.get("xmp", b"")
    file.write(_in_container(bytes(codestream), exif, xmp) if exif or xmp else codestream)


def _distance(quality: int) -> float:
    """Return libjxl's measure of loss for a quality; 0.1 is the least."""
    if quality >= 30:
        return 0.1 + (100 - quality) * 0.09
    return 53 / 3000 * quality**2 - 23 / 20 * quality + 25


def _in_container(codestream: bytes, exif: bytes, xmp: bytes) -> bytes:
    parts = [_SIGNATURE, _box(b"ftyp", _FILE_TYPE)]
    if exif:
        # The TIFF header is where the offset says: at once.
        parts.append(_box(b"Exif", bytes(4) + exif.removeprefix(_EXIF)))
    if xmp:
        parts.append(_box(b"xml ", xmp))
    return b"".join((*parts, _box(b"jxlc", codestream)))


def _box(kind: bytes, content: bytes) -> bytes:
    return (len(content) + 8).to_bytes(4, "big") + kind + content
