"""Every operation there is, found in the modules that declare them."""

from __future__ import annotations

from typing import Any

from progimage.imaging.operation import Declared
from progimage.imaging.operations import (
    colours,
    effects,
    geometry,
    output,
    overlays,
    resizing,
    tones,
)

_MODULES = (resizing, geometry, colours, tones, effects, overlays, output)

DECLARED: tuple[Declared, ...] = tuple(
    value for module in _MODULES for value in vars(module).values() if isinstance(value, Declared)
)
"""All operations and settings, in the order of the documentation."""

BY_NAME = {name: what for what in DECLARED for name in (what.name, *what.aliases)}
"""All of them by name, and by their other names."""


def describe() -> list[dict[str, Any]]:
    """Return name, documentation, JSON Schema of the arguments and an example of each."""
    return [what.describe() for what in DECLARED]
