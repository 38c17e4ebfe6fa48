"""The kinds of arguments that are words, places, colours or text."""

from __future__ import annotations

import base64
import binascii
import math
import re
import unicodedata
from collections.abc import Mapping
from types import EllipsisType
from typing import Unpack

from progimage.imaging import areas as area_list
from progimage.imaging.colour import Colour
from progimage.imaging.did_you_mean import did_you_mean
from progimage.imaging.gravity import COMPASS, FACE, FOCUS, SMART, SYNONYMS, Focus
from progimage.imaging.parameters.parameter import Common, Parameter, Shared, Value

_PLAIN_TEXT = re.compile(r"[A-Za-z0-9_-]+")
_RATIO = re.compile(r"([1-9][0-9]{0,3})x([1-9][0-9]{0,3})")
_PICTURE_ID = re.compile(r"[0-9a-f]{64}")


def flag(**common: Unpack[Common]) -> Parameter:
    """Yes or no."""
    words = {"true": True, "yes": True, "on": True, "1": True}
    words |= {"false": False, "no": False, "off": False, "0": False}

    def read(text: str) -> bool:
        try:
            return words[text.lower()]
        except KeyError:
            raise ValueError from None

    return Parameter(
        expected="true or false",
        read=read,
        write=lambda value: str(value).lower(),
        schema={"type": "boolean"},
        **common,
    )


def choice(
    *names: str, synonyms: Mapping[str, str] | None = None, **common: Unpack[Common]
) -> Parameter:
    """One of some names; case does not matter."""
    known = {name: name for name in names} | dict(synonyms or {})

    def read(text: str) -> str:
        try:
            return known[text.lower()]
        except KeyError:
            raise ValueError(did_you_mean(text, known)) from None

    return Parameter(
        expected=f"one of {', '.join(names)}",
        read=read,
        schema={"type": "string", "enum": list(names)},
        **common,
    )


def compass(**common: Unpack[Common]) -> Parameter:
    """One of nine places; `top`, `ne`, `centre` and similar names are accepted."""
    return choice(*COMPASS, synonyms=SYNONYMS, **common)


def gravity(**common: Unpack[Common]) -> Parameter:
    """One of nine places, `smart`, `focus` and `face` (of the record), or a point like 0.3x0.7."""
    named = choice(*COMPASS, SMART, FOCUS, FACE, synonyms=SYNONYMS)

    def read(text: str) -> Value:
        try:
            return Focus.parse(text)
        except ValueError:
            return named.read(text)

    return Parameter(
        expected=f"{named.expected}, or a focal point such as 0.3x0.7",
        read=read,
        schema={
            "type": "string",
            "anyOf": [
                {"enum": [*COMPASS, SMART, FOCUS, FACE]},
                {"pattern": r"^[01]?(\.[0-9]+)?x[01]?(\.[0-9]+)?$"},
            ],
        },
        **common,
    )


def areas(**common: Unpack[Common]) -> Parameter:
    """Areas of the picture, or `faces`, which are those of the record."""
    return Parameter(
        expected="faces, or boxes as left x top x width x height from 0 to 1, such as "
        "0.1x0.2x0.3x0.4, with _ between them",
        read=area_list.read,
        write=area_list.write,
        schema={"type": "string", "pattern": area_list.PATTERN},
        **common,
    )


def colour(
    default: str | EllipsisType | None = ..., *, is_solid: bool = False, **shared: Unpack[Shared]
) -> Parameter:
    """A colour by CSS name or in hex; with alpha, unless it has to be solid."""

    def read(text: str) -> Colour:
        found = Colour.parse(text)
        if is_solid and not found.is_opaque:
            raise ValueError("it has to be opaque")
        return found

    examples = "navy, fff or ff8800" if is_solid else "navy, fff, ff880080 or transparent"
    return Parameter(
        expected=f"a colour by name or in hex, such as {examples}",
        read=read,
        schema={"type": "string", "format": "color"},
        default=Colour.parse(default) if isinstance(default, str) else default,
        **shared,
    )


def ratio(**common: Unpack[Common]) -> Parameter:
    """Two whole numbers with an `x` between them, reduced: 1920x1080 is 16x9."""

    def read(raw: str) -> tuple[int, int]:
        match = _RATIO.fullmatch(raw)
        if match is None:
            raise ValueError
        width, height = int(match[1]), int(match[2])
        common_factor = math.gcd(width, height)
        return width // common_factor, height // common_factor

    return Parameter(
        expected="two whole numbers from 1 to 9999 such as 16x9",
        read=read,
        write=lambda value: f"{value[0]}x{value[1]}",
        schema={"type": "string", "pattern": f"^{_RATIO.pattern}$"},
        **common,
    )


def text(max_length: int, **common: Unpack[Common]) -> Parameter:
    """Text in Unicode's composed form.

    Anything that holds more than letters, digits, `_` and `-` is written as `~` and
    the unpadded base64url of its UTF-8, and both spellings are read.
    """

    def read(raw: str) -> str:
        # Before any work on the text. A character has at most four bytes of UTF-8, which
        # are six of base64, and may be written as up to four code points.
        if len(raw) > 24 * max_length:
            raise ValueError
        decoded = unicodedata.normalize("NFC", _from_base64url(raw[1:]) if raw[:1] == "~" else raw)
        if not 0 < len(decoded) <= max_length or any(map(_is_unprintable, decoded)):
            raise ValueError
        return decoded

    def write(value: str) -> str:
        if _PLAIN_TEXT.fullmatch(value):
            return value
        return "~" + base64.urlsafe_b64encode(value.encode()).decode().rstrip("=")

    return Parameter(
        expected=f"text of 1 to {max_length} printable characters, plain or as ~base64url",
        read=read,
        write=write,
        schema={"type": "string", "minLength": 1, "maxLength": max_length},
        **common,
    )


def picture_id(*, instead_of: tuple[str, ...] = (), **common: Unpack[Common]) -> Parameter:
    """The id of another picture of the library.

    Forms empty the arguments named in `instead_of` when a picture is chosen, because they do
    not go with it.
    """

    def read(raw: str) -> str:
        if not _PICTURE_ID.fullmatch(raw):
            raise ValueError
        return raw

    return Parameter(
        expected="the id of a picture, 64 lowercase hex digits",
        read=read,
        schema={
            "type": "string",
            "format": "picture-id",
            "pattern": f"^{_PICTURE_ID.pattern}$",
            "x-instead-of": list(instead_of),
        },
        names_picture=True,
        **common,
    )


def _from_base64url(raw: str) -> str:
    try:
        padded = raw + "=" * (-len(raw) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError):
        raise ValueError from None


def _is_unprintable(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs", "Cn", "Zl", "Zp")
