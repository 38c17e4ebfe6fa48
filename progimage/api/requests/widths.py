"""The widths of a `srcset`, read from a query."""

from __future__ import annotations

import re
from typing import NamedTuple

from progimage.api.requests.search import QueryParameters
from progimage.errors import InvalidRequest
from progimage.imaging.did_you_mean import shown

MAX_WIDTHS = 20
MAX_SIZES = 500
DEFAULT_WIDTHS = (320, 640, 960, 1280, 1920, 2560)

_WIDTH = re.compile(r"[1-9][0-9]{0,4}")
_DENSITY = re.compile(r"[1-5](?:\.[0-9]{1,2})?")


class Wanted(NamedTuple):
    """A width in pixels, and the descriptor of its candidate."""

    width: int
    descriptor: str


def widths_of(parameters: QueryParameters, own: int, most: int) -> list[Wanted]:
    """Return the widths in `widths`, or those for `width` with `dpr`, or the usual ones.

    Args:
        own: the width of the picture. Larger widths become this one: nothing is enlarged.
        most: the largest width of a rendition.

    Raises:
        InvalidRequest: they are not such lists, or do not go together.
    """
    own = min(own, most)
    density, width = parameters.one("dpr"), parameters.one("width")
    if density is not None or width is not None:
        if "widths" in parameters:
            raise InvalidRequest("widths: cannot be combined with width or dpr; choose one")
        if width is None:
            raise InvalidRequest("dpr: needs a width in CSS pixels too, as in width=400&dpr=1,2,3")
        return _by_density(_whole("width", width, most), density or "1,2", own)
    text = parameters.one("widths")
    found = (
        [_whole("widths", item, most) for item in _items("widths", text)]
        if text is not None
        else [*DEFAULT_WIDTHS]
    )
    return [Wanted(each, f"{each}w") for each in sorted({min(each, own) for each in found})]


def sizes_of(parameters: QueryParameters) -> str | None:
    """Return the value of the attribute `sizes`; None without one.

    Raises:
        InvalidRequest: it is too long or not one line of text.
    """
    text = parameters.one("sizes")
    if text is not None and (len(text) > MAX_SIZES or not text.isprintable()):
        raise InvalidRequest(
            f"sizes: expected one line of at most {MAX_SIZES} characters, such as "
            "(min-width: 800px) 50vw, 100vw"
        )
    return text


def _by_density(width: int, text: str, own: int) -> list[Wanted]:
    """Return a width for each density; the picture's own replaces those that are wider."""
    densities = _items("dpr", text)
    for density in densities:
        if not _DENSITY.fullmatch(density):
            raise InvalidRequest(
                f"dpr: expected numbers from 1 to 5 separated by commas, got {shown(density)}"
            )
    found: dict[int, str] = {}
    for number in sorted({float(item) for item in densities}):
        pixels = min(round(width * number), own)
        ratio = number if pixels < own else max(1.0, own / width)
        found.setdefault(pixels, f"{ratio:.2f}".rstrip("0").rstrip(".") + "x")
    return [Wanted(pixels, descriptor) for pixels, descriptor in found.items()]


def _items(name: str, text: str) -> list[str]:
    items = [item.strip() for item in text.split(",")]
    if len(items) > MAX_WIDTHS:
        raise InvalidRequest(f"{name}: expected at most {MAX_WIDTHS} numbers, got {len(items):,}")
    return items


def _whole(name: str, text: str, most: int) -> int:
    if not _WIDTH.fullmatch(text) or int(text) > most:
        many = "whole numbers" if name == "widths" else "a whole number"
        raise InvalidRequest(f"{name}: expected {many} from 1 to {most:,}, got {shown(text)}")
    return int(text)
