"""The arguments of operations, declared as data.

A parameter reads its own text, names what it expected when it cannot, writes the
one canonical spelling back and describes itself as JSON Schema.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import partial
from types import EllipsisType
from typing import Any, TypedDict, TypeVar, Unpack

from progimage.errors import InvalidArgument
from progimage.imaging.colour import Colour
from progimage.imaging.gravity import COMPASS, SMART, SYNONYMS, Focus
from progimage.imaging.suggestions import did_you_mean, shown

Value = int | float | str | Colour | Focus | None
"""What an argument may be once it is read: hashable, picklable, comparable."""

DECIMALS = 4
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,2})?")
_MAX_DIGITS = 24
_PLAIN_TEXT = re.compile(r"[A-Za-z0-9_-]+")
_PICTURE_ID = re.compile(r"[0-9a-f]{64}")
_Number = TypeVar("_Number", float, Decimal)


class Shared(TypedDict, total=False):
    """What every kind of parameter can be told.

    neutral: the value that makes the operation change nothing.
    aliases: other names of the argument.
    by_name_only: it cannot be given by position.
    about: one phrase for the documentation.
    """

    neutral: Value
    aliases: tuple[str, ...]
    by_name_only: bool
    about: str


class Common(Shared, total=False):
    """And its default, the value when it is not given; without one it is required."""

    default: Value


@dataclass(frozen=True)
class Parameter:
    """One argument of an operation.

    Attributes:
        expected: what a valid text is, to follow the word "expected".
        read: text to value; ValueError, perhaps with a hint, if it is not valid.
        write: value to canonical text, made of letters, digits and `._-~`.
        schema: JSON Schema of the value.
    """

    expected: str
    read: Callable[[str], Value]
    write: Callable[[Any], str]
    schema: Mapping[str, Any]
    default: Value | EllipsisType = ...
    neutral: Value | EllipsisType = ...
    aliases: tuple[str, ...] = ()
    by_name_only: bool = False
    about: str = ""
    names_picture: bool = False

    def parse(self, text: str, where: str) -> Value:
        """Return the value of `text`.

        Raises:
            InvalidArgument: naming `where`, what was expected and what was given.
        """
        try:
            return self.read(text)
        except ValueError as error:
            hint = f"; {error}" if str(error) else ""
            raise InvalidArgument(
                f"{where}: expected {self.expected}, got {shown(text)}{hint}"
            ) from None

    def json_schema(self) -> dict[str, Any]:
        """Describe the argument, its default and its other names."""
        described = dict(self.schema)
        if self.about:
            described["description"] = self.about
        if self.default is not ... and self.default is not None:
            is_plain = isinstance(self.default, int | float)
            described["default"] = self.default if is_plain else str(self.default)
        if self.aliases:
            described["x-aliases"] = list(self.aliases)
        return described


def whole(low: int, high: int, **common: Unpack[Common]) -> Parameter:
    """A whole number between two bounds, both allowed."""

    def read(text: str) -> int:
        number = _decimal(text, low, high)
        if number != number.to_integral_value():
            raise ValueError
        return int(number)

    return Parameter(
        expected=f"a whole number from {low} to {high}",
        read=read,
        write=str,
        schema={"type": "integer", "minimum": low, "maximum": high},
        **common,
    )


def number(low: float, high: float, **common: Unpack[Common]) -> Parameter:
    """A number between two bounds, both allowed, kept to four decimals."""

    return Parameter(
        expected=f"a number from {low:g} to {high:g}",
        read=partial(_rounded, low=low, high=high),
        write=write_number,
        schema={"type": "number", "minimum": low, "maximum": high},
        **common,
    )


def angle(**common: Unpack[Common]) -> Parameter:
    """Degrees from -360 to 360; equal directions become one value, 0 or more, below 360."""
    signed = number(-360, 360)

    def read(text: str) -> float:
        # A tiny negative angle comes out of the first modulo as 360 itself.
        return round(_rounded(text, -360, 360) % 360, DECIMALS) % 360

    return Parameter(
        expected=signed.expected,
        read=read,
        write=write_number,
        schema=signed.schema,
        **common,
    )


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
        write=str,
        schema={"type": "string", "enum": list(names)},
        **common,
    )


def compass(**common: Unpack[Common]) -> Parameter:
    """One of nine places; `top`, `ne`, `centre` and the like are understood."""
    return choice(*COMPASS, synonyms=SYNONYMS, **common)


def gravity(**common: Unpack[Common]) -> Parameter:
    """One of nine places, `smart`, or a focal point like 0.3x0.7."""
    named = choice(*COMPASS, SMART, synonyms=SYNONYMS)

    def read(text: str) -> Value:
        try:
            return Focus.parse(text)
        except ValueError:
            return named.read(text)

    return Parameter(
        expected=f"{named.expected}, or a focal point such as 0.3x0.7",
        read=read,
        write=str,
        schema={
            "type": "string",
            "anyOf": [
                {"enum": [*COMPASS, SMART]},
                {"pattern": r"^[01]?(\.[0-9]+)?x[01]?(\.[0-9]+)?$"},
            ],
        },
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
        write=str,
        schema={"type": "string", "format": "color"},
        default=Colour.parse(default) if isinstance(default, str) else default,
        **shared,
    )


def text(max_length: int, **common: Unpack[Common]) -> Parameter:
    """Text in Unicode's composed form.

    Anything that holds more than letters, digits, `_` and `-` is written as `~` and
    the unpadded base64url of its UTF-8, and both spellings are read.
    """

    def read(raw: str) -> str:
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


def picture_id(**common: Unpack[Common]) -> Parameter:
    """The id of another picture of the library."""

    def read(raw: str) -> str:
        if not _PICTURE_ID.fullmatch(raw):
            raise ValueError
        return raw

    return Parameter(
        expected="the id of a picture, 64 lowercase hex digits",
        read=read,
        write=str,
        schema={"type": "string", "pattern": f"^{_PICTURE_ID.pattern}$"},
        names_picture=True,
        **common,
    )


def write_number(value: float) -> str:
    """Write a number with the fewest characters: 1.5, 100, 0."""
    return f"{value:.{DECIMALS}f}".rstrip("0").rstrip(".")


def _rounded(raw: str, low: float, high: float) -> float:
    # Adding 0.0 turns -0.0 into 0.0.
    return _bounded(round(float(_decimal(raw, low, high)), DECIMALS) + 0.0, low, high)


def _decimal(raw: str, low: float, high: float) -> Decimal:
    """Read a decimal number between bounds, without ever building a huge one."""
    if len(raw) > _MAX_DIGITS or not _NUMBER.fullmatch(raw):
        raise ValueError
    try:
        return _bounded(Decimal(raw), Decimal(str(low)), Decimal(str(high)))
    except InvalidOperation:
        raise ValueError from None


def _bounded(value: _Number, low: _Number, high: _Number) -> _Number:
    if not low <= value <= high:
        raise ValueError
    return value


def _from_base64url(raw: str) -> str:
    try:
        padded = raw + "=" * (-len(raw) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError):
        raise ValueError from None


def _is_unprintable(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs", "Cn", "Zl", "Zp")
