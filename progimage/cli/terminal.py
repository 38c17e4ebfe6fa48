"""Output: results to standard output, everything else to standard error."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import typer
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

console = Console(stderr=True)

_GAP = 2


class CommandError(Exception):
    """An error of the command line itself, such as wrong use; its message is one line."""


def allow_any_text() -> None:
    """Escape characters that the terminal's encoding does not have, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def message(text: str, style: str | None = None) -> None:
    """Write a line to standard error."""
    console.print(printable(text), style=style, markup=False, highlight=False, soft_wrap=True)


def confirm(question: str) -> None:
    """Ask a question; end the command unless the answer is yes.

    Raises:
        CommandError: there is no terminal to ask.
    """
    if not sys.stdin.isatty():
        raise CommandError("there is no terminal to ask for confirmation; use --yes")
    typer.confirm(question, abort=True, err=True)


def print_row(*fields: object) -> None:
    """Print a line of results, its fields separated by tabs."""
    print("\t".join(printable(str(field)) for field in fields))


def print_json(value: Any) -> None:
    """Print a value as a line of JSON."""
    # Escapes of other encodings would not be JSON, and lone surrogates have no UTF-8.
    is_utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    text = json.dumps(value, ensure_ascii=not is_utf8, default=str)
    try:
        text.encode()
    except UnicodeEncodeError:
        text = json.dumps(value, default=str)
    print(text)


class Table:
    """Rows of results: columns that fit the terminal, or tabs where the output is no terminal.

    Args:
        widths: the cells of each column; those of 0 share what is left of the line.
        as_json: print each row as a line of JSON.
    """

    def __init__(self, *widths: int, as_json: bool = False) -> None:
        self._as_json = as_json
        self._widths = list(widths)
        if not sys.stdout.isatty():
            self._widths = []
            return
        self._terminal_width = Console(file=sys.stdout).width
        left = self._terminal_width - sum(widths) - _GAP * (len(widths) - 1)
        flexible = widths.count(0)
        self._widths = [width or max(8, left // flexible) for width in widths]

    @property
    def fits_terminal(self) -> bool:
        """Whether the rows are cut to columns."""
        return bool(self._widths)

    def show(self, facts: Any, *fields: object) -> None:
        """Print a row, or its facts as JSON."""
        if self._as_json:
            print_json(facts)
        else:
            self.add(*fields)

    def add(self, *fields: object) -> None:
        """Print a row."""
        if not self._widths:
            print_row(*fields)
            return
        cells = []
        for field, width in zip(fields, self._widths, strict=False):
            text = printable(str(field))
            is_cut = cell_len(text) > width
            cells.append(
                f"{set_cell_size(text, width - 1)}…" if is_cut else set_cell_size(text, width)
            )
        line = (" " * _GAP).join(cells)
        print(set_cell_size(line, min(cell_len(line), self._terminal_width)).rstrip())


def printable(text: str) -> str:
    """Return text with a mark for each character that could control a terminal or end a line."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in ("Cc", "Cs") else c for c in text
    )


def bar() -> Progress:
    """Return a progress bar with the time left; it shows on a terminal only."""
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
    """Yield a function to call with each key; it shows their number on a terminal."""
    with console.status(f"{doing} …") as status:
        seen = 0

        def count(key: str) -> None:
            nonlocal seen
            seen += 1
            if seen % 100 == 0:
                status.update(f"{doing}: {seen:,} objects, now at {escape(key[:40])}")

        yield count


def used(amount: int, limit: int) -> str:
    """Return how much of a limit is used, in words; a limit of 0 is none."""
    return f"{amount:,} of {limit:,}" if limit else f"{amount:,}, without a limit"
