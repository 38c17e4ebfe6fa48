"""The metadata of a picture as arguments of `Image.save`, and in a TIFF."""

from __future__ import annotations

from io import BytesIO
from typing import Any, BinaryIO

from PIL.PngImagePlugin import PngInfo

from progimage.imaging.codecs.format import Format
from progimage.imaging.codecs.formats import AVIF, JPEG, JXL, PNG, TIFF, WEBP
from progimage.imaging.codecs.metadata import Metadata, carried_exif, carried_xmp
from progimage.imaging.codecs.picture import Picture
from progimage.imaging.codecs.pillow_plugins import save
from progimage.imaging.codecs.tiff_metadata import with_metadata

_XMP_KEYWORD = "XML:com.adobe.xmp"
_PHOTOSHOP = b"Photoshop 3.0\0"
# What fits a segment behind its name; longer blocks are left out.
_MAX_JPEG_XMP, _MAX_JPEG_IPTC = 65_504, 65_519


def metadata_parameters(picture: Picture, form: Format, keep: Metadata) -> dict[str, Any]:
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


def save_tiff(picture: Picture, file: BinaryIO, parameters: dict[str, Any], keep: Metadata) -> None:
    """Write a TIFF with the metadata that Pillow cannot write."""
    buffer = BytesIO()
    save(picture.frames[0], buffer, TIFF, parameters)
    iptc = picture.iptc if keep == "all" else b""
    exif, xmp = carried_exif(picture.exif, keep), carried_xmp(picture.xmp, keep)
    file.write(with_metadata(buffer.getvalue(), exif, xmp, iptc))
