"""A render pool without processes, where a test needs the pixels but not the walls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from progimage.imaging.pool import RenderPool


class InlinePool(RenderPool):
    """Runs what it is given in the calling thread."""

    def __init__(self) -> None:
        super().__init__(workers=1, timeout_s=1, memory_bytes=2**30, tasks=1)

    def run(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Return what the function returns."""
        return function(*args, **kwargs)
