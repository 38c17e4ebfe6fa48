"""The size of an SVG document that is shown by itself.

Source: SVG 2, section 8.2; CSS Values 3, section 6.2; CSS 2.1, section 10.3.2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

Size = tuple[int, int]

MAX_SIDE = 4096
"""The longer side of a document that names a larger one."""

_DEFAULT_SIZE = (300.0, 150.0)
_LARGEST = 1e9

_DIGITS = r"[0-9]*\.?[0-9]+(?:e[+-]?[0-9]{1,2})?"
_LENGTH = re.compile(rf"\+?({_DIGITS})(px|pt|pc|mm|cm|in|em|ex)?", re.IGNORECASE)
_NUMBER = re.compile(rf"[+-]?{_DIGITS}", re.IGNORECASE)
# An em is the initial font size, and an ex half of it.
_PX: dict[str | None, float] = {
    **{None: 1.0, "px": 1.0, "pt": 4 / 3, "pc": 16.0, "in": 96.0},
    **{"mm": 96 / 25.4, "cm": 96 / 2.54, "em": 16.0, "ex": 8.0},
}
_MAX_TEXT = 200


def own_size(attributes: Mapping[str, str]) -> tuple[tuple[float, float], Size]:
    """Return the size that the root element names, and the one in whole pixels to draw.

    A side that is missing or relative follows from the view box. Without one, and without
    sides, it is 300 x 150 pixels, as in browsers.
    """
    width, height = (_length(attributes.get(name, "")) for name in ("width", "height"))
    box = _box(attributes.get("viewBox", ""))
    if box is not None:
        if width is None and height is None:
            width, height = box
        width = width if width is not None else (height or 0) * box[0] / box[1]
        height = height if height is not None else width * box[1] / box[0]
    own = (
        min(width or _DEFAULT_SIZE[0], _LARGEST),
        min(height or _DEFAULT_SIZE[1], _LARGEST),
    )
    scale = min(1.0, MAX_SIDE / max(own))
    return own, (max(1, round(own[0] * scale)), max(1, round(own[1] * scale)))


def _length(text: str) -> float | None:
    """Return a length in pixels; None for none, a percentage or nonsense."""
    match = _LENGTH.fullmatch(text.strip()) if len(text) < _MAX_TEXT else None
    if match is None:
        return None
    length = float(match[1]) * _PX[match[2] and match[2].lower()]
    return length if length > 0 else None


def _box(text: str) -> tuple[float, float] | None:
    """Return width and height of a view box; None without one, or for an empty one."""
    numbers = _NUMBER.findall(text) if len(text) < _MAX_TEXT else []
    if len(numbers) != 4:
        return None
    width, height = float(numbers[2]), float(numbers[3])
    return (width, height) if width > 0 and height > 0 else None
