"""Gravity: which part of a picture to keep in a crop, or where to place it."""

from __future__ import annotations

import re
from array import array
from typing import NamedTuple

from PIL import ImageFilter
from PIL.Image import Image, Resampling

COMPASS = {
    "center": (0.5, 0.5),
    "north": (0.5, 0.0),
    "northeast": (1.0, 0.0),
    "east": (1.0, 0.5),
    "southeast": (1.0, 1.0),
    "south": (0.5, 1.0),
    "southwest": (0.0, 1.0),
    "west": (0.0, 0.5),
    "northwest": (0.0, 0.0),
}
"""The shares of the free space that lie left of, and above, the part that is placed."""

SYNONYMS = {
    "centre": "center",
    "top": "north",
    "right": "east",
    "bottom": "south",
    "left": "west",
    "c": "center",
    "n": "north",
    "ne": "northeast",
    "e": "east",
    "se": "southeast",
    "s": "south",
    "sw": "southwest",
    "w": "west",
    "nw": "northwest",
}

SMART = "smart"
FOCUS = "focus"
"""The focal point of the record; `Pipeline.at_focus` replaces it by a point."""

FACE = "face"
"""The faces of the record; `Pipeline.at_faces` replaces it by a point."""

_FOCUS = re.compile(r"([01]|[01]?\.[0-9]{1,4})x([01]|[01]?\.[0-9]{1,4})")
_SURVEY_PX = 96
# From 4:1 on the shorter side decides, so that it keeps enough rows to see something in.
_THIN_SURVEY_PX, _LONG_SURVEY_PX = 24, 2_400


class Focus(NamedTuple):
    """A point to keep in view, as fractions of width and height."""

    x: float
    y: float

    @classmethod
    def parse(cls, text: str) -> Focus:
        """Read `0.3x0.7`; raise ValueError for anything else, or outside 0 to 1."""
        match = _FOCUS.fullmatch(text)
        if match is None or max(found := cls(float(match[1]), float(match[2]))) > 1:
            raise ValueError
        return found

    def __str__(self) -> str:
        """Write it with the fewest digits."""
        return f"{self.x:g}x{self.y:g}"


Gravity = str | Focus
"""A compass name, `smart`, `focus`, `face`, or a focal point."""


def place(
    gravity: Gravity, whole: tuple[float, float], part: tuple[float, float], image: Image
) -> tuple[float, float]:
    """Return left and top of a `part` of this size inside the `whole`.

    `image` shows what the whole looks like, at any scale; only `smart` looks at it, and
    `focus` and `face`, which stand for it where no picture has a focal point or a face.
    """
    if isinstance(gravity, Focus):
        return (
            _clamp(gravity.x * whole[0] - part[0] / 2, whole[0] - part[0]),
            _clamp(gravity.y * whole[1] - part[1] / 2, whole[1] - part[1]),
        )
    if gravity in (SMART, FOCUS, FACE):
        share_x, share_y = _busiest(image, part[0] / whole[0], part[1] / whole[1])
    else:
        share_x, share_y = COMPASS[gravity]
    return (whole[0] - part[0]) * share_x, (whole[1] - part[1]) * share_y


def _clamp(value: float, high: float) -> float:
    return min(max(value, 0.0), high)


def _busiest(image: Image, part_x: float, part_y: float) -> tuple[float, float]:
    """Return the shares of free space before the window that holds the most edges.

    Detail draws the eye, and edges are a cheap measure of it. The picture is
    reduced to a survey of at most 96 pixels a side, its edges are summed along
    each axis, and on each axis the window with the largest sum wins. Among equals
    the most central one does, so a flat picture is cut as by `center`.
    """
    size = _survey_size(image.size)
    survey = image.resize(size, Resampling.BOX)
    if survey.mode in ("LA", "RGBA"):
        # Transparent pixels count as flat, whatever their hidden colour is.
        survey = survey.convert(survey.mode[:-1] + "a").convert(survey.mode[:-1] + "A")
    edges = survey.convert("L").filter(ImageFilter.FIND_EDGES)
    # The kernel leaves the outermost pixels as they were.
    inner = edges.crop((1, 1, size[0] - 1, size[1] - 1)).convert("F")
    columns = inner.resize((inner.width, 1), Resampling.BOX)
    rows = inner.resize((1, inner.height), Resampling.BOX)
    return _best_start(columns, part_x), _best_start(rows, part_y)


def _survey_size(size: tuple[int, int]) -> tuple[int, int]:
    """Return the size at which to survey a picture of this size.

    Very wide or high pictures are seen larger: their subject is a small part of them.
    """
    scale = max(_SURVEY_PX / max(size), _THIN_SURVEY_PX / min(size))
    scale = min(1.0, scale, _LONG_SURVEY_PX / max(size))
    return max(3, round(size[0] * scale)), max(3, round(size[1] * scale))


def _best_start(profile: Image, part: float) -> float:
    """Return the share of free positions before the window of that `part` to take."""
    weights = array("f", profile.tobytes())
    window = max(1, round(len(weights) * part))
    last = len(weights) - window
    if last < 1:
        return 0.5
    total = sum(weights[:window])
    best, best_total = 0, -1.0
    for start in range(last + 1):
        if start:
            total += weights[start + window - 1] - weights[start - 1]
        is_more = total > best_total * 1.0001 + 1e-6
        is_more_central = total > best_total * 0.9999 - 1e-6 and abs(start - last / 2) < abs(
            best - last / 2
        )
        if is_more or is_more_central:
            best, best_total = start, total
    # With an even number of places there are two in the middle.
    return 0.5 if abs(best - last / 2) < 1 else best / last
