"""Reading the arguments of imgproxy's options: numbers, flags, colours, gravities.

An argument that should be a number and is not is answered with 404, as by imgproxy. A flag that
is neither true nor false counts as false, also as in imgproxy.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Sequence

from progimage.api.fronts.foreign import ForeignUrlError
from progimage.api.fronts.imgproxy.options import FOCUS, GRAVITIES, SMART, Extend, Gravity
from progimage.imaging.codecs import formats

# The texts that Go's strconv.ParseBool reads as true.
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_INTEGER = re.compile(r"[+-]?[0-9]{1,9}")
_NUMBER = re.compile(r"[+-]?([0-9]{1,9}(\.[0-9]{0,9})?|\.[0-9]{1,9})")
_HEX_COLOUR = re.compile(r"[0-9a-fA-F]{3}|[0-9a-fA-F]{6}")
_BYTE = 255
_FORMATS = frozenset(
    ["jpeg", "jpg", "jxl", "png", "webp", "gif", "ico", "svg", "heic", "avif", "bmp", "tiff"]
)


def invalid(name: str, text: str, expected: str) -> ForeignUrlError:
    """Return the error for an argument that cannot be read."""
    return ForeignUrlError(f"imgproxy URL: {name}: {text[:80]!r} is not {expected}", 404)


def at_most(name: str, arguments: Sequence[str], count: int) -> None:
    """Check the number of arguments; raises `ForeignUrlError` if there are too many."""
    if len(arguments) > count:
        raise invalid(name, ":".join(arguments), f"a list of at most {count} arguments")


def whole(name: str, text: str, low: int = 0, high: int = 2**31 - 1) -> int:
    """Read an integer from `low` to `high`."""
    if not _INTEGER.fullmatch(text) or not low <= int(text) <= high:
        raise invalid(name, text, f"a whole number from {low} to {high}")
    return int(text)


def number(name: str, text: str, low: float = -math.inf, high: float = math.inf) -> float:
    """Read a decimal number from `low` to `high`."""
    if not _NUMBER.fullmatch(text) or not low <= float(text) <= high:
        raise invalid(name, text, f"a number from {low:g} to {high:g}")
    return float(text)


def positive(name: str, text: str) -> float:
    """Read a decimal number above 0."""
    value = number(name, text, low=0)
    if not value:
        raise invalid(name, text, "a number above 0")
    return value


def flag(text: str) -> bool:
    """Read a flag."""
    return text in _TRUE


def colour(name: str, arguments: Sequence[str]) -> str:
    """Read `R:G:B` or a hex colour; return six hex digits, or "" for an empty argument."""
    if len(arguments) == 3:
        return "".join(f"{whole(name, text, high=_BYTE):02x}" for text in arguments)
    if len(arguments) != 1:
        raise invalid(name, ":".join(arguments), "a colour; write R:G:B or hex digits")
    [text] = arguments
    if text and not _HEX_COLOUR.fullmatch(text):
        raise invalid(name, text, "a colour of 3 or 6 hex digits")
    return text.lower() if len(text) != 3 else "".join(digit * 2 for digit in text.lower())


def gravity(name: str, arguments: Sequence[str], *special: str) -> Gravity:
    """Read a gravity: its kind (one of nine, or one of `special`) and up to two offsets."""
    kind, offsets = arguments[0], arguments[1:]
    if kind not in GRAVITIES and kind not in special:
        raise invalid(name, kind, f"one of {', '.join((*GRAVITIES, *special))}")
    if len(offsets) > (0 if kind == SMART else 2) or (kind == FOCUS and len(offsets) != 2):
        raise invalid(name, ":".join(arguments), "a gravity with its offsets")
    low, high = (0.0, 1.0) if kind == FOCUS else (-math.inf, math.inf)
    values = [number(name, text, low, high) if text else 0.0 for text in offsets]
    return Gravity(kind, *values)


def extend(name: str, arguments: Sequence[str], before: Extend) -> Extend:
    """Read whether to extend, and the gravity if one is given."""
    at_most(name, arguments, 4)
    place = gravity(name, arguments[1:], FOCUS) if len(arguments) > 1 else before.gravity
    return Extend(flag(arguments[0]), place)


def format_name(name: str, text: str) -> str:
    """Return the name of an output format here.

    Raises:
        ForeignUrlError: 404 for a format that imgproxy does not know, 422 for one that it
            knows and that is not written here.
    """
    if text not in _FORMATS:
        raise invalid(name, text, "a format")
    written = {word: form.name for form in formats.WRITABLE for word in form.extensions}
    if text not in written:
        raise ForeignUrlError(f"imgproxy URL: {name}: {text} is not written here", 422)
    return written[text]


def decoded_base64(name: str, text: str) -> str:
    """Read URL-safe base64 of UTF-8, with or without padding."""
    bare = text.rstrip("=")
    try:
        padded = bare + "=" * (-len(bare) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError, ValueError):
        raise invalid(name, text, "URL-safe base64") from None
