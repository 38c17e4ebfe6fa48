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

_GROUPS = {
    "Size": resizing,
    "Turn and frame": geometry,
    "Colours and light": colours,
    "Channels and grain": tones,
    "Effects": effects,
    "Shapes, texts and pictures": overlays,
    "File": output,
}
"""The modules, by the title under which people find their operations."""

_DECLARED_IN = {
    title: tuple(value for value in vars(module).values() if isinstance(value, Declared))
    for title, module in _GROUPS.items()
}

DECLARED: tuple[Declared, ...] = tuple(what for group in _DECLARED_IN.values() for what in group)
"""All operations and settings, in the order of the documentation."""

BY_NAME = {name: what for what in DECLARED for name in (what.name, *what.aliases)}
"""All of them by name, and by their other names."""


def describe() -> list[dict[str, Any]]:
    """Return names, group, documentation, JSON Schema of the arguments and an example of each."""
    return [
        {**what.describe(), "group": title}
        for title, group in _DECLARED_IN.items()
        for what in group
    ]
