"""The libraries that Pillow brings along, for calls that Pillow itself does not offer."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Sequence
from ctypes.util import find_library
from pathlib import Path
from typing import Any

import PIL

Declaration = tuple[str, Any, Sequence[Any]]
"""The name of a function, the type of its result, and those of its arguments."""


def load_library(name: str, functions: Iterable[Declaration] = ()) -> ctypes.CDLL | None:
    """Return the library `name` ("libtiff") that Pillow brings along, else that of the system.

    None if there is neither, as with a Pillow linked statically.

    Args:
        functions: those that ctypes has to know the types of.

    Raises:
        AttributeError: the library lacks one.
    """
    beside_pillow = Path(PIL.__file__).parents[1]
    found = [
        *beside_pillow.glob(f"pillow.libs/{name}-*.so*"),
        *beside_pillow.glob(f"PIL/.dylibs/{name}.*.dylib"),
    ]
    path = str(found[0]) if found else find_library(name.removeprefix("lib"))
    if path is None:
        return None
    try:
        library = ctypes.CDLL(path)
    except OSError:
        return None
    declare(library, functions)
    return library


def declare(library: ctypes.CDLL, functions: Iterable[Declaration]) -> None:
    """Tell ctypes the types of functions."""
    for name, result, arguments in functions:
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
