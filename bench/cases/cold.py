"""Renditions nobody asked for before: every request is a new size of some picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from bench.bench import Bench, every, in_turn
from bench.photos import Photo
from bench.report import Table, ratio, spread, verdict

# 288 pictures: decoded, several times what the workers remember.
_COPIES = 6
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
    aims = {"thumbor": 2.0, "ipx": 1.3}
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


def cold_others(bench: Bench) -> list[Table]:
    """Where decoding or resampling is the slow part: PNG, WebP, and larger targets."""
    aims = {"thumbor": 1.2, "ipx": 1.2}
    sources = bench.sources
    rows = (
        *_rows(bench, "JPEG to 900-1700 px", sources.jpegs, range(900, 1701), "jpeg", aims),
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
