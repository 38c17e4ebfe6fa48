"""What goes to the terminal: results to standard output, all else to standard error."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

console = Console(stderr=True)


class Complaint(Exception):
    """What the command line itself has to say; one line, exit code 2."""


def say(text: str, style: str | None = None) -> None:
    """Tell something beside the results."""
    console.print(printable(text), style=style, markup=False, highlight=False, soft_wrap=True)


def put(*fields: object) -> None:
    """Print one line of results, its fields separated by tabs."""
    print("\t".join(printable(str(field)) for field in fields))


def put_json(value: Any) -> None:
    """Print one value as a line of JSON."""
    print(json.dumps(value, ensure_ascii=False, default=str))


def put_bytes(data: bytes) -> None:
    """Write bytes to standard output as they are."""
    sys.stdout.buffer.write(data)


def printable(text: str) -> str:
    """Return text without what would control a terminal, nor break it into lines."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in ("Cc", "Cs") else c for c in text
    )


def bar() -> Progress:
    """Return a progress bar; nothing of it shows where there is no terminal."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )


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
