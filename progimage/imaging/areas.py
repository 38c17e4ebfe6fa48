"""Areas of a picture, as fractions of its width and height."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

FACES = "faces"
"""Stands for the areas of faces, which the record of a picture knows."""

MAX_AREAS = 50

_NUMBER = r"([01]|[01]?\.[0-9]{1,4})"
_AREA = re.compile("x".join([_NUMBER] * 4))
PATTERN = rf"^(faces|{_AREA.pattern}(_{_AREA.pattern})*)$"
"""A regular expression for `faces`, and for areas; not all that match are inside the picture."""

# A face is found from the brows to the chin; so much of its sides is added for the rest of it.
_MARGIN = 0.25


class Area(NamedTuple):
    """A box: its corner, its width and its height, from 0 to 1."""

    left: float
    top: float
    width: float
    height: float

    @classmethod
    def parse(cls, text: str) -> Area:
        """Read `0.1x0.2x0.3x0.4`; raise ValueError for anything else, or outside 0 to 1."""
        match = _AREA.fullmatch(text)
        if match is None:
            raise ValueError
        area = cls(*map(float, match.groups()))
        if max(area) > 1 or min(area.width, area.height) <= 0:
            raise ValueError
        return area

    def __str__(self) -> str:
        """Write it with the fewest digits."""
        return "x".join(f"{value:g}" for value in self)


Areas = str | tuple[Area, ...]
"""`FACES`, or some areas."""


def read(text: str) -> Areas:
    """Read `faces`, or areas with `_` between them; raise ValueError for anything else."""
    if text == FACES:
        return FACES
    parts = text.split("_", MAX_AREAS)
    if len(parts) > MAX_AREAS:
        raise ValueError
    return tuple(map(Area.parse, parts))


def write(areas: Areas) -> str:
    """Write areas as `read` takes them."""
    return areas if isinstance(areas, str) else "_".join(map(str, areas))


def middle_of(faces: Sequence[Area]) -> tuple[float, float]:
    """Return the middle of some faces, of which large ones count for more."""
    weights = [face.width * face.height for face in faces]
    x = sum(w * (f.left + f.width / 2) for w, f in zip(weights, faces, strict=True)) / sum(weights)
    y = sum(w * (f.top + f.height / 2) for w, f in zip(weights, faces, strict=True)) / sum(weights)
    return round(min(x, 1.0), 4), round(min(y, 1.0), 4)


def whole_faces(faces: Sequence[Area]) -> tuple[Area, ...]:
    """Return the areas that cover faces with their hair and ears."""
    return tuple(_grown(face) for face in faces[:MAX_AREAS])


def _grown(face: Area) -> Area:
    left = max(0.0, face.left - face.width * _MARGIN)
    top = max(0.0, face.top - face.height * _MARGIN)
    right = min(1.0, face.left + face.width * (1 + _MARGIN))
    bottom = min(1.0, face.top + face.height * (1 + _MARGIN))
    return Area(*(round(value, 4) for value in (left, top, right - left, bottom - top)))
