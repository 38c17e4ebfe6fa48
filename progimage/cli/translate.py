"""`progimage translate`: what the URLs of another service become here."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from progimage.api.fronts.translate import SAMPLE, translate

app = typer.Typer()

_SHOWN = 50


class Grammar(StrEnum):
    """The URL grammars that are understood."""

    IMGPROXY = "imgproxy"
    THUMBOR = "thumbor"


@app.command("translate")
def show(
    grammar: Annotated[Grammar, typer.Argument(help="the service that the URLs belong to")],
    files: Annotated[
        list[Path] | None, typer.Argument(help="URLs or access logs; standard input by default")
    ] = None,
    prefix: Annotated[str, typer.Option(help="a path before each URL, such as /images")] = "",
    everything: Annotated[bool, typer.Option("--all", help="show all kinds of URLs")] = False,
) -> None:
    """Show what URLs of imgproxy or thumbor become here, or why they are not understood.

    Each line is a URL, a path, or a line of an access log. Signatures are not checked. URLs
    that differ only in numbers and sources are counted together.
    """
    lines = (line for file in files for line in _lines(file)) if files else iter(sys.stdin)
    found = translate(lines, grammar.value, prefix.rstrip("/"))
    kinds = list(found.most_frequent())
    for kind in kinds if everything else kinds[:_SHOWN]:
        mark = "   " if kind.is_understood else "NO "
        print(f"{mark}{kind.count:8} {kind.example[:200]}\n{'':12}{kind.outcome[:300]}")
    if len(kinds) > _SHOWN and not everything:
        print(f"{'':12}… and {len(kinds) - _SHOWN} more kinds; --all shows them")
    understood, refused = found.counts[True], found.counts[False]
    print(
        f"{understood:,} URLs understood, {refused:,} not, {found.lines_without:,} lines without "
        f"one. Sources were taken for JPEGs of {SAMPLE.size[0]}x{SAMPLE.size[1]} pixels."
    )
    if refused:
        raise typer.Exit(1)


def _lines(file: Path) -> list[str]:
    with file.open(encoding="utf-8", errors="replace") as opened:
        return list(opened)
