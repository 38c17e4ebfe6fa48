"""The grammar of IIIF image requests: region, size, rotation, quality and format.

Nothing here depends on a picture. Sources: IIIF Image API 3.0, section 4, and 2.1.1, section 4.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NoReturn
from urllib.parse import unquote_to_bytes

from progimage.errors import InvalidRequest
from progimage.imaging.did_you_mean import shown

Version = Literal[2, 3]

FORMATS = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "gif": "image/gif",
    "tif": "image/tiff",
    "jp2": "image/jp2",
    "avif": "image/avif",
}
"""The formats of IIIF that are written here, with their media types."""

QUALITIES = ("default", "color", "gray", "bitonal")

RegionKind = Literal["full", "square", "pixels", "percent"]
SizeKind = Literal["max", "full", "width", "height", "exact", "fit", "percent"]

_MAX_SEGMENT = 200
_INTEGER = "[0-9]{1,9}"
# A double of JavaScript has up to 17 significant digits; the specification advises 10 decimals.
_DECIMAL = r"[0-9]{1,9}(?:\.[0-9]{1,20})?|\.[0-9]{1,20}"
_REGION = re.compile(rf"({_INTEGER}),({_INTEGER}),({_INTEGER}),({_INTEGER})")
_PERCENT_REGION = re.compile(rf"pct:({_DECIMAL}),({_DECIMAL}),({_DECIMAL}),({_DECIMAL})")
_SIZE = re.compile(
    rf"(?P<up>\^?)(?:(?P<word>max|full)|pct:(?P<percent>{_DECIMAL})"
    rf"|(?P<fit>!)(?P<fit_width>{_INTEGER}),(?P<fit_height>{_INTEGER})"
    rf"|(?P<width>{_INTEGER})?,(?P<height>{_INTEGER})?)"
)
_ROTATION = re.compile(rf"(!?)({_DECIMAL})")


@dataclass(frozen=True, slots=True)
class RegionRequest:
    """A part of a picture; `numbers` are left, top, width and height in pixels or percent."""

    kind: RegionKind
    numbers: tuple[Fraction, ...] = ()


@dataclass(frozen=True, slots=True)
class SizeRequest:
    """A size; 0 stands for a side that follows from the other one.

    Attributes:
        may_enlarge: the result may be larger than the region.
    """

    kind: SizeKind
    width: int = 0
    height: int = 0
    percent: Fraction = Fraction(0)
    may_enlarge: bool = False


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """All parts of a request.

    Attributes:
        degrees: clockwise, from 0 and below 360; the picture is mirrored before.
    """

    region: RegionRequest
    size: SizeRequest
    is_mirrored: bool
    degrees: Fraction
    quality: str
    extension: str


def parse(version: Version, segments: tuple[str, ...]) -> ImageRequest:
    """Return the request that four raw segments of a path describe.

    Args:
        segments: region, size, rotation, and quality with format, percent-encoded.

    Raises:
        InvalidRequest: one of them is not in the grammar of this version.
    """
    region, size, rotation, last = (_decoded(segment) for segment in segments)
    quality, dot, extension = last.rpartition(".")
    if not dot or quality not in QUALITIES:
        _fail("quality", ", ".join(QUALITIES), quality or last)
    if extension not in FORMATS:
        _fail("format", ", ".join(FORMATS), extension)
    mirrored, degrees = _rotation(rotation)
    return ImageRequest(
        _region(region), _size(version, size), mirrored, degrees, quality, extension
    )


def _region(text: str) -> RegionRequest:
    if text in ("full", "square"):
        return RegionRequest("full" if text == "full" else "square")
    kind: RegionKind = "pixels"
    match = _REGION.fullmatch(text)
    if match is None:
        kind, match = "percent", _PERCENT_REGION.fullmatch(text)
    if match is None:
        _fail("region", "full, square, x,y,w,h or pct:x,y,w,h", text)
    numbers = tuple(map(Fraction, match.groups()))
    if not numbers[2] or not numbers[3]:
        raise InvalidRequest(f"region: {text} has no pixels; a width and a height are above 0")
    return RegionRequest(kind, numbers)


def _size(version: Version, text: str) -> SizeRequest:
    match = _SIZE.fullmatch(text)
    is_known = match is not None and text != "^,"
    if version == 3:
        expected = "max, w, ,h pct:n w,h or !w,h, with ^ before it for a larger picture"
        is_known = is_known and match is not None and match["word"] != "full"
    else:
        expected = "full, max, w, ,h pct:n w,h or !w,h"
        is_known = is_known and match is not None and not match["up"]
    if match is None or not is_known or text == ",":
        _fail("size", expected, text)
    may_enlarge = bool(match["up"]) or version == 2
    if match["word"]:
        kind: SizeKind = "full" if match["word"] == "full" else "max"
        return SizeRequest(kind, may_enlarge=bool(match["up"]))
    if match["percent"]:
        percent = Fraction(match["percent"])
        if not percent:
            raise InvalidRequest("size: pct:0 leaves no pixels; give a number above 0")
        return SizeRequest("percent", percent=percent, may_enlarge=may_enlarge)
    sides = [match["fit_width"], match["fit_height"]] if match["fit"] else []
    sides = sides or [match["width"], match["height"]]
    if any(side is not None and not int(side) for side in sides):
        raise InvalidRequest(f"size: {text} has no pixels; a width and a height are above 0")
    width, height = (int(side or 0) for side in sides)
    if match["fit"]:
        kind = "fit"
        # 2.1 leaves the scale of a fit to the server.
        may_enlarge = bool(match["up"])
    else:
        kind = "exact" if width and height else "width" if width else "height"
    return SizeRequest(kind, width, height, may_enlarge=may_enlarge)


def _rotation(text: str) -> tuple[bool, Fraction]:
    match = _ROTATION.fullmatch(text)
    if match is None or (degrees := Fraction(match[2])) > 360:
        _fail("rotation", "degrees from 0 to 360, with ! before them for a mirrored picture", text)
    return bool(match[1]), degrees % 360


def _decoded(segment: str) -> str:
    if len(segment) > _MAX_SEGMENT:
        raise InvalidRequest(f"path: a part is longer than {_MAX_SEGMENT} characters")
    try:
        return unquote_to_bytes(segment).decode()
    except UnicodeDecodeError:
        raise InvalidRequest("path: expected percent-encoded UTF-8") from None


def _fail(what: str, expected: str, got: str) -> NoReturn:
    raise InvalidRequest(f"{what}: expected {expected}, got {shown(got)}")
