"""What goes to the terminal beside results: complaints and progress, on standard error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

console = Console(stderr=True)


@contextmanager
def progress(doing: str) -> Iterator[Callable[[str], None]]:
    """Give a function that shows, on a terminal, how many objects were looked at."""
    with console.status(f"{doing} …") as status:
        seen = 0

        def tell(key: str) -> None:
            nonlocal seen
            seen += 1
            if seen % 100 == 0:
                status.update(f"{doing}: {seen:,} objects, now at {escape(key[:40])}")

        yield tell
