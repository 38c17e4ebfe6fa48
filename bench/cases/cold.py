"""Renditions that are not cached: every request is a new size of some picture."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from bench import load, processes, servers
from bench.bench import Bench, every, in_turn
from bench.load import LoadFailed
from bench.photos import Photo
from bench.report import Table, ratio, spread, verdict
from bench.servers import Server

# 288 pictures: decoded, several times what the workers remember.
_COPIES = 6
# Removing copies shortly before would not do: ext4 without a journal passes over all inodes
# that were removed within the last minute, whenever it looks for a free one.
_WITHOUT_COPIES = {"PROGIMAGE_RENDER_WORKING_COPY_PX": "0"}
_COLUMNS = (
    "case",
    "server",
    "requests/s, median (least-most)",
    "CPU ms a request",
    "p50 ms",
    "progimage is",
)


def cold_jpeg(bench: Bench) -> list[Table]:
    """6 to 12 megapixel JPEGs, down to 100 to 900 pixels wide."""
    aims = {"thumbor": 4.0, "ipx": 4.0}
    photos = bench.sources.jpegs
    many = [replace(photo, copy=n) for n in range(_COPIES) for photo in photos]
    rows = (
        *_rows(bench, f"{len(photos)} pictures", photos, range(100, 901), "jpeg", aims),
        *_rows(bench, f"{len(many)} in turn", many, range(100, 901, 16), "jpeg", aims, in_turn),
    )
    note = (
        "6 to 12 megapixels to 100-900 px wide. First a library small enough for progimage's "
        "workers to remember many decoded pictures, in random order; then one that is not, where "
        f"no picture comes again before all others came. {_note(bench)}"
    )
    return [Table("Cold renditions of JPEG photographs", note, _COLUMNS, rows)]


def cold_first(bench: Bench) -> list[Table]:
    """Pictures whose working copies are missing: the first rendition of each, and the next."""
    photos = [replace(photo, copy=n) for n in range(_COPIES) for photo in bench.sources.jpegs]
    # Others, so that the processes for pictures have started.
    others = [replace(photo, copy=_COPIES) for photo in bench.sources.jpegs[: bench.connections]]
    uploaded = [*photos, *others]
    rows = []
    first: dict[str, float] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=bench.work)))
        running = []
        if "progimage" in bench.wanted:
            with servers.progimage(uploaded, folder / "store", _WITHOUT_COPIES):
                pass
            running.append(stack.enter_context(servers.progimage(uploaded, folder / "store")))
        if "ipx" in bench.wanted and "ipx" not in bench.missing:
            running.append(stack.enter_context(servers.ipx(bench.sources.folder, as_shipped=False)))
        for server in running:
            _requested_once(
                server, [server.path(photo, 300, "jpeg") for photo in others], bench.connections
            )
        for case, width in (("first", 300), ("the next", 320)):
            for server in running:
                paths = [server.path(photo, width, "jpeg") for photo in load.shuffled(photos)]
                rate, cpu_ms = _requested_once(server, paths, bench.connections)
                first.setdefault(case, rate)
                compared = "-"
                if server.name != "progimage":
                    aim = 0.7 if case == "first" else 4.0
                    compared = verdict(first[case] / rate, aim) + " x"
                rows.append((case, server.name, f"{rate:.1f}", f"{cpu_ms:.1f}", compared))
    note = (
        f"{len(photos)} pictures of 6 to 12 megapixels, each asked for at 300 px, then at 320 px, "
        f"by {bench.connections} clients that open a connection for each request. They were "
        "uploaded to a server without working copies."
    )
    columns = ("rendition", "server", "requests/s", "CPU ms a request", "progimage is")
    return [Table("Renditions of pictures without working copies", note, columns, tuple(rows))]


def _requested_once(server: Server, paths: Sequence[str], clients: int) -> tuple[float, float]:
    """Return requests a second and processor milliseconds a request."""
    used, started = processes.cpu_seconds(server.pid), time.perf_counter()
    with ThreadPoolExecutor(clients) as threads:
        statuses = {answer.status for answer in threads.map(server.fetch, paths)}
    seconds = time.perf_counter() - started
    used = processes.cpu_seconds(server.pid) - used
    if statuses != {200}:
        raise LoadFailed(f"{server.name}: answered {statuses}, expected 200")
    return len(paths) / seconds, 1000 * used / len(paths)


def cold_others(bench: Bench) -> list[Table]:
    """Where decoding or resampling is the slow part: PNG, WebP, and larger targets."""
    aims = {"thumbor": 3.0, "ipx": 3.0}
    large = {"thumbor": 1.8, "ipx": 1.8}
    sources = bench.sources
    rows = (
        *_rows(bench, "JPEG to 900-1700 px", sources.jpegs, range(900, 1701), "jpeg", large),
        *_rows(bench, "PNG to JPEG, 100-900 px", sources.pngs, range(100, 901), "jpeg", aims),
        *_rows(bench, "PNG to WebP, 100-900 px", sources.cut_outs, range(100, 901), "webp", aims),
        *_rows(bench, "WebP to JPEG, 100-900 px", sources.webps, range(100, 901), "jpeg", aims),
        *_rows(bench, "WebP to WebP, 100-900 px", sources.webps, range(100, 901), "webp", aims),
    )
    return [Table("Cold renditions of PNG and WebP, and larger ones", _note(bench), _COLUMNS, rows)]


def _rows(
    bench: Bench,
    case: str,
    photos: Sequence[Photo],
    widths: range,
    form: str,
    aims: dict[str, float],
    order: Callable[..., list[str]] = every,
) -> tuple[tuple[str, ...], ...]:
    with bench.contestants(photos) as running:
        measured = bench.turns(
            running, lambda server: order(server, photos, widths, form), once=True
        )
    rates = {name: [run.rps for run in runs] for name, runs in measured.items()}
    rows = []
    for name, runs in measured.items():
        compared = "-"
        if name != "progimage" and "progimage" in rates:
            compared = verdict(ratio(rates["progimage"], rates[name]), aims[name]) + " x"
        cpu = spread([run.cpu_ms for run in runs])
        p50 = spread([run.load.p50_ms for run in runs], 0)
        rows.append((case, name, spread(rates[name]), cpu, p50, compared))
    return tuple(rows)


def _note(bench: Bench) -> str:
    coding = "as each ships" if bench.as_shipped else "baseline"
    return (
        f"{bench.connections} connections, quality 80, JPEG coding {coding}; "
        f"{bench.rounds} rounds of {bench.seconds:g} s each, servers taking turns, "
        "the same shuffled sequence of pictures and sizes for all."
    )
