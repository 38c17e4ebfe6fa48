"""Loaded into a fork server, to find out what its processes import by themselves."""

from __future__ import annotations

import os
import sys

_at_first: set[str] = set()
os.register_at_fork(after_in_child=lambda: _at_first.update(sys.modules))


def imported() -> list[str]:
    """Return the names of the modules that this process has imported itself."""
    return sorted(set(sys.modules) - _at_first)
