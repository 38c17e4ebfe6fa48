"""Reading the arguments of thumbor's filters; what is malformed is answered 400."""

from __future__ import annotations

import re
from collections.abc import Sequence

from progimage.api.fronts.foreign import Size
from progimage.api.fronts.thumbor.path import malformed

_SIDE = r"([0-9]{1,6}(?:\.[0-9]{0,9})?|\.[0-9]{1,9})"
_POINT = re.compile(rf"{_SIDE}x{_SIDE}")
_REGION = re.compile(rf"{_SIDE}x{_SIDE}:{_SIDE}x{_SIDE}")


def number(name: str, arguments: Sequence[str], index: int, default: float | None = None) -> float:
    """Return the argument at `index` as a number, `default` if it is missing."""
    text = arguments[index] if index < len(arguments) else ""
    if not text and default is not None:
        return default
    if not re.fullmatch(r"-?[0-9]{1,6}(\.[0-9]{0,6})?|-?\.[0-9]{1,6}", text):
        raise malformed(f"filters: {name}: {text[:80]!r} is not a number")
    return float(text)


def flag(arguments: Sequence[str], index: int, *, default: bool = False) -> bool:
    """Return the argument at `index` as a flag, `default` if it is missing."""
    if index >= len(arguments):
        return default
    return arguments[index].lower() in ("1", "true")


def colour(name: str, text: str) -> str:
    """Return the name or the hex digits of a colour."""
    if not re.fullmatch(r"#?[0-9a-zA-Z]{1,30}", text):
        raise malformed(f"filters: {name}: {text[:80]!r} is not a colour")
    return text.removeprefix("#").lower()


def focus_of(filters: Sequence[tuple[str, list[str]]], size: Size) -> Size | None:
    """Return the weighted centre of all `focal` filters, in pixels of the source.

    thumbor takes regions in pixels; imagor also points, and shares of the sides from 0 to 1.

    Args:
        size: of the source.
    """
    total, across, down = 0, 0, 0
    for name, arguments in filters:
        if name != "focal":
            continue
        left, top, right, bottom = _region(",".join(arguments), size)
        weight = (right - left) * (bottom - top)
        if weight > 0:
            total += weight
            across += (left + (right - left) // 2) * weight
            down += (top + (bottom - top) // 2) * weight
    return (across // total, down // total) if total else None


def _region(text: str, size: Size) -> tuple[int, int, int, int]:
    point = _POINT.fullmatch(text.replace(",", "x", 1))
    match = point or _REGION.fullmatch(text)
    if match is None:
        raise malformed(
            f"filters: focal: {text[:80]!r} is no region or point; write 10x20:30x40 or 10x20"
        )
    sides = [float(side) for side in match.groups()]
    if max(sides) <= 1 and any(side % 1 for side in sides):
        sides = [side * size[place % 2] for place, side in enumerate(sides)]
    left, top, *rest = (int(side) for side in sides)
    right, bottom = rest or (left + 1, top + 1)
    return left, top, right, bottom
