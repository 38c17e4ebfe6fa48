"""Tables of what was measured, in Markdown."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Table:
    """One case's result: a heading, a note on method, columns and rows."""

    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def markdown(self) -> str:
        """Return the table with its heading."""
        lines = [f"### {self.title}", "", self.note, ""]
        lines.append("| " + " | ".join(self.columns) + " |")
        lines.append("|" + "---|" * len(self.columns))
        lines += ["| " + " | ".join(row) + " |" for row in self.rows]
        return "\n".join(lines) + "\n"


def spread(values: Sequence[float], digits: int = 1) -> str:
    """Return the median and, in brackets, the least and the greatest."""
    middle = f"{statistics.median(values):.{digits}f}"
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):.{digits}f}-{max(values):.{digits}f})"


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return the ratio of the medians of two servers' rounds."""
    return statistics.median(ours) / statistics.median(theirs)


def verdict(value: float, aim: float, *, at_most: bool = False) -> str:
    """Return `value` beside its aim, and whether it is met."""
    met = value <= aim if at_most else value >= aim
    return f"{value:.2f} (aim {'<=' if at_most else '>='} {aim:g}: {'met' if met else 'missed'})"


def machine() -> str:
    """Return one line on what this ran on."""
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
    cores = os.cpu_count()
    system = f"Linux {platform.release()}, Python {platform.python_version()}"
    return f"{model}, {cores} cores, {system}"


def busy() -> float:
    """Return how many processes wanted a core on average over the last minute."""
    return os.getloadavg()[0]


def save(target: Path, command: str, load_before: float, tables: Sequence[Table]) -> None:
    """Put these tables before what `target` holds already, with the command that made them."""
    stamp = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    head = "# Results\n\nNewest first; every number comes from the command above it.\n"
    old = target.read_text().removeprefix(head) if target.exists() else ""
    where = f"{machine()}. Load average before the start: {load_before:.1f}."
    body = "\n".join(table.markdown() for table in tables)
    target.write_text(f"{head}\n## {stamp}\n\n`{command}`\n\n{where}\n\n{body}{old}")
