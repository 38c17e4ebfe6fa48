"""The formats that are read and written: one table, and the ways to look into it.

A format is on the list if libmagic knows it by a strong signature, so that two
detectors can agree on it, and if Pillow or the package of an extra decodes it. That leaves
out TGA (no signature at all), QOI, SGI and DDS (unknown to the libmagic of pylibmagic),
Photoshop files, and PostScript, which is a program.
"""

from __future__ import annotations

import copyreg
import re
from difflib import get_close_matches

from progimage.errors import InvalidArgument
from progimage.imaging.codecs.format import Format

JPEG = Format(
    name="jpeg",
    extension="jpg",
    pillow_plugin="Jpeg",
    other_extensions=("jpeg", "jpe", "jfif"),
    other_media_types=("image/jpg", "image/pjpeg"),
    default_quality=80,
    has_lossless=False,
)
PNG = Format(
    name="png",
    pillow_plugin="Png",
    magic_types=("image/png", "image/apng", "image/vnd.mozilla.apng"),
    other_extensions=("apng",),
    other_media_types=("image/apng", "image/x-png"),
    has_alpha=True,
    is_animated=True,
)
WEBP = Format(
    name="webp",
    pillow_plugin="WebP",
    has_alpha=True,
    is_animated=True,
    default_quality=80,
    max_side=16_383,
)
GIF = Format(
    name="gif",
    pillow_plugin="Gif",
    has_alpha=True,
    is_animated=True,
    has_lossless=False,
)
AVIF = Format(
    name="avif",
    pillow_plugin="Avif",
    magic_types=("image/avif", "image/heif"),
    other_extensions=("avifs",),
    has_alpha=True,
    is_animated=True,
    default_quality=60,
    has_lossless=False,
)
TIFF = Format(
    name="tiff",
    pillow_plugin="Tiff",
    other_extensions=("tif",),
    has_alpha=True,
)
BMP = Format(
    name="bmp",
    pillow_plugin="Bmp",
    magic_types=("image/bmp", "image/x-ms-bmp"),
    other_extensions=("dib",),
    other_media_types=("image/x-ms-bmp", "image/x-bmp"),
)
JPEG2000 = Format(
    name="jpeg2000",
    extension="jp2",
    media_type="image/jp2",
    pillow_plugin="Jpeg2K",
    magic_types=("image/jp2", "image/jpx", "image/x-jp2-codestream"),
    other_extensions=("jpx", "jpf", "j2k", "j2c"),
    other_media_types=("image/jpx",),
    has_alpha=True,
    default_quality=80,
)
ICO = Format(
    name="ico",
    media_type="image/vnd.microsoft.icon",
    pillow_plugin="Ico",
    magic_types=("image/vnd.microsoft.icon", "image/x-icon"),
    other_extensions=("cur",),
    other_media_types=("image/x-icon", "image/x-win-bitmap"),
    has_alpha=True,
    max_side=256,
    # An icon, and a pointer. Source: Microsoft, "Icons" (ICONDIR).
    signature=re.compile(rb"\0\0[\1\2]\0"),
)
PNM = Format(
    name="pnm",
    extension="ppm",
    media_type="image/x-portable-anymap",
    pillow_name="PPM",
    pillow_plugin="Ppm",
    magic_types=(
        "image/x-portable-pixmap",
        "image/x-portable-greymap",
        "image/x-portable-graymap",
        "image/x-portable-bitmap",
        "image/x-portable-arbitrarymap",
    ),
    other_extensions=("pnm", "pgm", "pbm", "pam", "pfm"),
    other_media_types=(
        "image/x-portable-pixmap",
        "image/x-portable-graymap",
        "image/x-portable-bitmap",
    ),
    # Source: Netpbm, pnm(5), pam(5), pfm(5): a kind, then a width and a height.
    signature=re.compile(rb"P[1-7fF][ \t\r\n#]"),
    header=re.compile(rb"P[1-6fF](?:\s|#[^\n]{0,200}\n)+\d{1,9}(?:\s|#[^\n]{0,200}\n)+\d{1,9}\s"),
)
HEIC = Format(
    name="heic",
    pillow_name="HEIF",
    magic_types=("image/heic", "image/heif"),
    other_extensions=("heif",),
    other_media_types=("image/heif",),
    is_writable=False,
    has_alpha=True,
    default_quality=60,
    has_lossless=False,
    module="pi_heif",
)
SVG = Format(
    name="svg",
    media_type="image/svg+xml",
    is_writable=False,
    has_alpha=True,
    is_vector=True,
    module="resvg_py",
    extra="svg",
)
PDF = Format(
    name="pdf",
    media_type="application/pdf",
    is_writable=False,
    is_vector=True,
    module="pypdfium2",
    extra="pdf",
    # Source: ISO 32000-1, section 7.5.2.
    signature=re.compile(rb"%PDF-"),
)
JXL = Format(
    name="jxl",
    has_alpha=True,
    default_quality=80,
    module="pylibjxl",
    writer="imagecodecs",
    extra="jxl",
    # Bare, or in a container. Source: ISO/IEC 18181-2, 4.
    signature=re.compile(rb"\xff\x0a|\0\0\0\x0cJXL \r\n\x87\n"),
)

KNOWN = tuple(value for value in list(globals().values()) if isinstance(value, Format))
"""All formats above, in their order; those of extras that are not installed as well."""

READABLE: tuple[Format, ...] = tuple(form for form in KNOWN if form.is_installed)
WRITABLE: tuple[Format, ...] = tuple(form for form in KNOWN if form.is_writable)
"""The same on every server, so that all of them understand the same URLs."""

HAS_HEIC = HEIC in READABLE
"""True where pi-heif is installed: the requirements have it, but no platform must."""

HAS_JXL_WRITER = JXL.is_written_here
"""Looked up once: the import system needs 40 microseconds, and many requests ask for it."""

VECTOR_TYPES = frozenset(form.media_type for form in KNOWN if form.is_vector)
"""The media types of documents that are drawn at any size."""

_BY_WORD = {word: form for form in KNOWN for word in (form.name, *form.extensions)}
_BY_MEDIA_TYPE = {kind: form for form in KNOWN for kind in form.media_types}


def by_name(word: str) -> Format:
    """Return the format with this name or extension, in any case: "jpeg", "JPG", "tif".

    Raises:
        InvalidArgument: there is none; the message suggests the nearest.
    """
    form = _BY_WORD.get(word.lower())
    if form is None:
        close = get_close_matches(word.lower(), _BY_WORD, n=1)
        hint = f"did you mean '{close[0]}'? use" if close else "use"
        raise InvalidArgument(f"no format {word!r}; {hint} one of {names(READABLE)}")
    return form


def by_extension(extension: str) -> Format:
    """Return the format with this extension, with or without its dot, as `by_name` does."""
    return by_name(extension.removeprefix("."))


def by_media_type(media_type: str) -> Format:
    """Return the format with this media type; parameters after `;` do not matter.

    Raises:
        InvalidArgument: there is none.
    """
    form = _BY_MEDIA_TYPE.get(media_type.partition(";")[0].strip().lower())
    if form is None:
        known = ", ".join(form.media_type for form in READABLE)
        raise InvalidArgument(f"no format of media type {media_type!r}; use one of {known}")
    return form


def nearest_writable(form: Format, *, has_alpha: bool) -> Format:
    """Return the format itself if every server writes it, else what can hold the same picture."""
    if form.is_writable and not form.extra:
        return form
    return PNG if has_alpha else JPEG


def missing_extra(form: Format, *, act: str = "read") -> str:
    """Return the end of a sentence that says how a server learns to read or write `form`."""
    package = f"the extra '{form.extra}' of progimage-service" if form.extra else form.module
    return f"which this server cannot {act}: its operator has to install {package}"


def names(formats: tuple[Format, ...]) -> str:
    """Return the extensions of `formats` for a message: "jpg, png, webp"."""
    return ", ".join(form.extension for form in formats)


# Formats are compared by `is`: another process has to find the one of the same name.
copyreg.pickle(Format, lambda form: (by_name, (form.name,)))
