"""How long a server over a large library takes until it is ready, and until its first searches."""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from bench.bench import Bench
from bench.libraries import TAGS, library, names
from bench.processes import cpu_seconds
from bench.report import Table, spread, verdict
from bench.servers import Server, StartFailed, progimage

SIZES = (10_000, 1_000_000)
ROUNDS = 3
RARE = 4_000

_ONE = {"PROGIMAGE_SERVER_WORKERS": "1"}  # so that the same process answers again


def starting(bench: Bench) -> list[Table]:
    """Time to the first answers, for libraries of different sizes."""
    sizes = (100, 500) if bench.smoke else bench.pictures or SIZES
    rounds = 2 if bench.smoke else ROUNDS
    rows = [_row(bench, size, rounds) for size in sizes]
    note = (
        "The server starts over a folder that has the index, its bytes in the page cache; median "
        f"(least-most) of {rounds} starts. Ready is the time from the start of the command to "
        "`/health/ready`, with Python's imports; CPU is that of all processes until then. The "
        "size of the library must not show in it. Then come a first page of everything and a "
        "search for a rare tag, which opens every shelf and compares its checksum, each followed "
        "by the same again."
    )
    columns = (
        "pictures",
        "ready, ms",
        "CPU until ready, ms",
        "first page, ms",
        "again, ms",
        "first rare tag, ms",
        "again, ms",
        "first page, s",
    )
    return [Table("Starting", note, columns, tuple(rows))]


def _row(bench: Bench, size: int, rounds: int) -> tuple[str, ...]:
    source = library(bench.libraries or bench.work / "libraries", size)
    rare = names(TAGS, 2)[RARE]
    paths = ("/images/?limit=50", f"/images/?limit=50&tag={rare}")
    times: list[list[float]] = []
    with tempfile.TemporaryDirectory(dir=source.parent) as folder:
        root = Path(folder) / "library"
        with progimage((), root):
            pass  # makes the store
        shutil.rmtree(root / "index")
        # The server replaces files and never writes into them.
        shutil.copytree(source / "index", root / "index", copy_function=os.link)
        for _ in range(rounds):
            began = time.perf_counter()
            with ExitStack() as stack:
                server = stack.enter_context(progimage((), root, _ONE))
                _fetch(server, "/health/ready")
                ready = 1000 * (time.perf_counter() - began)
                used = 1000 * cpu_seconds(server.pid)
                searches = [_fetch(server, path) for path in paths for _ in range(2)]
                times.append([ready, used, *searches])
    columns = [spread(ms, 0) for ms in zip(*times, strict=True)]
    first_s = statistics.median(row[2] for row in times) / 1000
    return (f"{size:,}", *columns, verdict(first_s, 1.0, at_most=True))


def _fetch(server: Server, path: str) -> float:
    """Return how many milliseconds the answer took."""
    began = time.perf_counter()
    answer = server.fetch(path)
    if answer.status != 200:
        raise StartFailed(f"{path}: {answer.status} {answer.body[:300]!r}")
    return 1000 * (time.perf_counter() - began)
