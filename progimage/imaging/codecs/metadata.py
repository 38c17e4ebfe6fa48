"""The part of a source's metadata that is copied into a rendition."""

from __future__ import annotations

import re
from typing import Literal

from PIL import ExifTags, Image

Metadata = Literal["none", "icc", "exif", "all"]
"""Nothing; the profile; that and EXIF without the place; that, all EXIF, XMP and IPTC."""

# Untrue of the new pixels: orientation, size, an embedded thumbnail's place.
_STALE: tuple[int, ...] = (
    ExifTags.Base.Orientation,
    ExifTags.Base.ImageWidth,
    ExifTags.Base.ImageLength,
    ExifTags.Base.JpegIFOffset,
    ExifTags.Base.JpegIFByteCount,
)
_STALE_OF_CAMERA: tuple[int, ...] = (ExifTags.Base.ExifImageWidth, ExifTags.Base.ExifImageHeight)
# Maker notes and embedded XMP hold serial numbers, faces and places of their own.
_REVEALING = (ExifTags.Base.XMLPacket, ExifTags.Base.ImageResources, ExifTags.Base.IPTCNAA)
_REVEALING_OF_CAMERA = (ExifTags.Base.MakerNote,)


_XMP_ORIENTATION = re.compile(rb"""(tiff:Orientation(?:=["']|>)\s*)\d""")


def carried_xmp(xmp: bytes, keep: Metadata) -> bytes:
    """Return the XMP packet to write, upright; b"" for none."""
    return _XMP_ORIENTATION.sub(rb"\g<1>1", xmp) if keep == "all" else b""


def carried_exif(exif: bytes, keep: Metadata) -> bytes:
    """Return the EXIF block to write: upright, without thumbnail; b"" for none.

    With "exif" the location (GPS), maker's notes and other fields that can hold a location are
    left out. A damaged block is dropped.
    """
    if keep not in ("exif", "all") or not exif:
        return b""
    try:
        block = Image.Exif()
        block.load(exif)
        # Asking for a directory that is not there would create it.
        has_camera, has_place = ExifTags.IFD.Exif in block, ExifTags.IFD.GPSInfo in block
        camera = block.get_ifd(ExifTags.IFD.Exif) if has_camera else {}
        if has_place:
            block.get_ifd(ExifTags.IFD.GPSInfo)
        drop, drop_of_camera = _STALE, _STALE_OF_CAMERA
        if keep == "exif":
            drop += (*_REVEALING, ExifTags.IFD.GPSInfo)
            drop_of_camera += _REVEALING_OF_CAMERA
        for tag in drop:
            block.pop(tag, None)
        for tag in drop_of_camera:
            camera.pop(tag, None)
        block.endian = "<"
        return block.tobytes()
    except Exception:  # Pillow's parser raises anything on a damaged block
        return b""
