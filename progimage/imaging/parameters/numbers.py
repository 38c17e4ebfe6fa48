"""Arguments that are numbers."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import TypeVar, Unpack

from progimage.imaging.parameters.parameter import Common, Parameter

DECIMALS = 4
_NUMBER = re.compile(r"[+-]?([0-9]+(?:\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,2})?")
_MAX_DIGITS = 24
_MOST = 1_000
_Number = TypeVar("_Number", float, Decimal)


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
        schema={"type": "integer", "minimum": low, "maximum": high},
        **common,
    )


def number(low: float, high: float, **common: Unpack[Common]) -> Parameter:
    """A number between two bounds, both allowed, rounded to four decimals."""

    return Parameter(
        expected=f"a number from {low:g} to {high:g}",
        read=partial(_rounded, low=low, high=high),
        write=write_number,
        schema={"type": "number", "minimum": low, "maximum": high},
        **common,
    )


def angle(**common: Unpack[Common]) -> Parameter:
    """Degrees from -360 to 360; equal directions become one value, 0 or more, below 360."""

    def read(text: str) -> float:
        # A tiny negative angle comes out of the first modulo as 360 itself.
        return round(_rounded(text, -360, 360) % 360, DECIMALS) % 360

    return replace(number(-360, 360, **common), read=read)


def numbers(fewest: int, most: int, **common: Unpack[Common]) -> Parameter:
    """Several numbers with `_` between them, each from -1000 to 1000."""

    def read(text: str) -> tuple[float, ...]:
        texts = text.split("_", most)
        if not fewest <= len(texts) <= most:
            raise ValueError
        return tuple(_rounded(one, -_MOST, _MOST) for one in texts)

    return Parameter(
        expected=f"{fewest} to {most} numbers with _ between them",
        read=read,
        write=lambda values: "_".join(write_number(value) for value in values),
        schema={"type": "string", "pattern": r"^-?[0-9.]+(_-?[0-9.]+)*$"},
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
