"""What EXIF says of how a photograph was taken.

Source: EXIF 2.32, 4.6.5 (tags of the EXIF directory) and 4.6.6 (tags of the GPS directory).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from PIL import ExifTags, Image

Fields = Mapping[str, Any]

_MAX_TEXT = 100
_DATE = re.compile(r"(\d{4}):(\d\d):(\d\d) (\d\d):(\d\d):(\d\d)")
_OFFSET = re.compile(r"[+-]\d\d:\d\d|Z")


def read_capture(exif: bytes) -> tuple[Fields, Fields | None]:
    """Return what an EXIF block says of the photograph, and where it was taken.

    They are the fields of `model.Capture` and `model.Place`, whose library takes 10 MB of
    memory that processes for pictures do not need. Values that are damaged or make no sense
    count as absent.
    """
    block = Image.Exif()
    try:
        block.load(exif)
        main = dict(block)
        camera = dict(block.get_ifd(ExifTags.IFD.Exif))
        place = dict(block.get_ifd(ExifTags.IFD.GPSInfo))
    except Exception:  # Pillow's parser raises anything on a damaged block
        return {}, None
    tags = ExifTags.Base
    return (
        {
            "taken": _date(camera) or None,
            "camera": _camera(_text(main.get(tags.Make)), _text(main.get(tags.Model))),
            "lens": _text(camera.get(tags.LensModel)),
            "exposure_s": _number(camera.get(tags.ExposureTime)),
            "f_number": _number(camera.get(tags.FNumber)),
            "iso": _whole(camera.get(tags.ISOSpeedRatings)),
            "focal_length_mm": _number(camera.get(tags.FocalLength)),
        },
        _place(place),
    )


def _text(value: object) -> str:
    """Return a text in one line, without what no display shows."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return ""
    shown = "".join(c for c in value[: 4 * _MAX_TEXT] if c.isprintable())
    return " ".join(shown.split())[:_MAX_TEXT]


def _camera(make: str, model: str) -> str:
    """Return make and model; many models begin with their make."""
    return model if model.lower().startswith(make.lower()) else f"{make} {model}".strip()


def _date(camera: Mapping[int, Any]) -> str:
    """Return the local time of the photograph, with its offset from UTC where that is known."""
    found = _DATE.fullmatch(_text(camera.get(ExifTags.Base.DateTimeOriginal)))
    if not found:
        return ""
    try:
        taken = datetime(*map(int, found.groups())).isoformat()  # type: ignore[arg-type]  # noqa: DTZ001 - EXIF has local time
    except ValueError:
        return ""
    offset = _text(camera.get(ExifTags.Base.OffsetTimeOriginal))
    return taken + offset if _OFFSET.fullmatch(offset) else taken


def _number(value: object) -> float | None:
    """Return a positive number with at most six digits behind the point."""
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return round(number, 6) if math.isfinite(number) and 0 < number < 1e9 else None


def _whole(value: object) -> int | None:
    if isinstance(value, tuple) and value:
        value = value[0]
    number = _number(value)
    return round(number) if number else None


def _place(gps: Mapping[int, Any]) -> Fields | None:
    tags = ExifTags.GPS
    latitude = _degrees(gps.get(tags.GPSLatitude), gps.get(tags.GPSLatitudeRef), "S", 90)
    longitude = _degrees(gps.get(tags.GPSLongitude), gps.get(tags.GPSLongitudeRef), "W", 180)
    if latitude is None or longitude is None:
        return None
    return {"latitude": latitude, "longitude": longitude}


def _degrees(value: object, reference: object, negative: str, most: int) -> float | None:
    """Return degrees, minutes and seconds as degrees."""
    if not isinstance(value, tuple) or len(value) != 3:
        return None
    try:
        whole, minutes, seconds = (float(part) for part in value)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    degrees = whole + minutes / 60 + seconds / 3600
    if not math.isfinite(degrees) or not 0 <= degrees <= most:
        return None
    return round(-degrees if _text(reference) == negative else degrees, 6)
