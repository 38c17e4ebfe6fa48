"""Whether cached renditions wait behind cold ones."""

from __future__ import annotations

import statistics

from bench import load
from bench.bench import Bench, every
from bench.cases.cached import warm
from bench.load import Load
from bench.report import Table, spread, verdict
from bench.servers import Server

_PICTURES = 6
_CONNECTIONS = 4
_PAUSE_MS = 10
_AIM = 3.0
_COLUMNS = (
    "server",
    "hits asked for",
    "p99 ms alone",
    "p99 ms beside the flood",
    "times slower",
    "cached requests/s beside it",
    "flood's renditions/s",
    "flood's refusals",
)


def tail(bench: Bench) -> list[Table]:
    """The p99 of cached hits, alone and beside a flood of cold renditions."""
    photos = bench.sources.jpegs
    rows = []
    with bench.contestants(photos, results=True) as running:
        for server in running:
            hits = every(server, photos[:_PICTURES], (250,), "jpeg")
            warm(server, hits)
            cold = every(server, photos, range(300, 901), "jpeg")
            for pause_ms in (0, _PAUSE_MS):
                manner = f"{_CONNECTIONS * 1000 // pause_ms}/s" if pause_ms else "flat out"
                # Each manner gets half of the sizes, so that its flood is cold as well.
                half = cold[::2] if pause_ms else cold[1::2]
                rows.append((server.name, manner, *_compared(bench, server, hits, half, pause_ms)))
    note = (
        f"{_CONNECTIONS} connections ask for cached renditions, first alone, then while "
        f"{bench.connections} others ask for cold ones all the time; {bench.rounds} rounds of "
        f"{bench.seconds:g} s. Asked for flat out, most requests fall into the good moments (wrk "
        "is a closed loop); asked for at random moments, each moment counts alike."
    )
    return [Table("Cached renditions beside a cold flood", note, _COLUMNS, tuple(rows))]


def _compared(
    bench: Bench, server: Server, hits: list[str], cold: list[str], pause_ms: int
) -> tuple[str, ...]:
    alone: list[Load] = []
    busy: list[Load] = []
    flood: list[Load] = []
    start = 0
    for _ in range(bench.rounds):
        alone.append(_hits(bench, server, hits, pause_ms))
        with load.beside(
            server,
            cold,
            seconds=bench.seconds + 3,
            connections=bench.connections,
            start=start,
            once=True,
        ) as running:
            # The first second fills the queue; it belongs to neither state.
            load.run(server, hits, seconds=1, connections=_CONNECTIONS)
            busy.append(_hits(bench, server, hits, pause_ms))
            flood.append(running.result(may_refuse=True))
        start += flood[-1].requests + flood[-1].refused + 2 * bench.connections
    times = statistics.median(r.p99_ms for r in busy) / statistics.median(r.p99_ms for r in alone)
    return (
        spread([run.p99_ms for run in alone], 2),
        spread([run.p99_ms for run in busy], 2),
        verdict(times, _AIM, at_most=True),
        spread([run.rps for run in busy], 0),
        spread([run.rps for run in flood]),
        str(sum(run.refused for run in flood)),
    )


def _hits(bench: Bench, server: Server, hits: list[str], pause_ms: int) -> Load:
    return load.run(
        server, hits, seconds=bench.seconds, connections=_CONNECTIONS, pause_ms=pause_ms
    )
