"""Hits of a node over Ceph: without copies on its disk, with ones it asks about, and trusts."""

from __future__ import annotations

import statistics
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from bench import servers
from bench.bench import Bench, Turn, every
from bench.cases.cached import warm
from bench.ceph import ceph
from bench.load import LoadFailed
from bench.peers import PeerMissing
from bench.report import Table, spread
from bench.servers import Server

_PICTURES = 12
_WIDTHS = (400, 1600)
_NODES = {"no disk cache": None, "asks every time": "0", "trusts for 5 s": "5"}
_COLUMNS = ("renditions", "node", "hits/s", "p50 ms", "p99 ms", "CPU ms", "times no disk cache")


def disk_cache(bench: Bench) -> list[Table]:
    """Three nodes over one bucket take turns; each hit is a rendition that S3 has."""
    if "progimage" not in bench.wanted:
        return []
    photos = bench.sources.jpegs[:_PICTURES]
    rows = []
    try:
        with ceph(smallest=bench.smoke) as bucket, ExitStack() as stack:
            scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=bench.work)))
            nodes = []
            for name, trust_s in _NODES.items():
                settings = {
                    "PROGIMAGE_STORE": bucket.url,
                    "PROGIMAGE_CREATE_STORE": "true",
                    "PROGIMAGE_JOBS_RUNNER": "none",
                    "PROGIMAGE_LOG_LEVEL": "warning",
                    **bucket.environment,
                }
                if trust_s is not None:
                    folder = scratch.absolute() / f"trust-{trust_s}"
                    settings["PROGIMAGE_DISK_CACHE_DIR"] = str(folder)
                    settings["PROGIMAGE_DISK_CACHE_TRUST_S"] = trust_s
                node = stack.enter_context(servers.progimage(photos, scratch, settings))
                nodes.append(replace(node, name=name))
            for width in _WIDTHS:
                paths = every(nodes[0], photos, (width,), "jpeg")
                for node in nodes:
                    warm(node, paths)
                size = statistics.mean(len(nodes[0].fetch(path).body) for path in paths)
                measured = bench.turns(nodes, lambda _: paths)  # noqa: B023 (called at once)
                _check(nodes)
                rows += _rows(f"{len(paths)} of {size / 1000:,.0f} kB", measured)
    except PeerMissing as reason:
        print(f"disk-cache skipped: {reason}", file=sys.stderr, flush=True)
        if not bench.smoke:
            bench.missing["Ceph"] = str(reason)
        return []
    note = (
        f"Nodes of two web processes over one bucket of a Ceph on the same machine, whose "
        f"CPU time is counted for no node; {bench.connections} connections, nodes taking turns. "
        "Ratios are of the rounds in pairs."
    )
    return [Table("Hits with copies on the node's disk, over Ceph", note, _COLUMNS, tuple(rows))]


def _rows(what: str, measured: dict[str, list[Turn]]) -> list[tuple[str, ...]]:
    plain = measured[next(iter(_NODES))]

    def times(turns: list[Turn]) -> str:
        return spread([turn.rps / other.rps for turn, other in zip(turns, plain, strict=True)], 2)

    return [
        (
            what,
            name,
            spread([turn.rps for turn in turns], 0),
            spread([turn.load.p50_ms for turn in turns], 2),
            spread([turn.load.p99_ms for turn in turns], 2),
            spread([turn.cpu_ms for turn in turns], 2),
            "-" if turns is plain else times(turns),
        )
        for name, turns in measured.items()
    ]


def _check(nodes: list[Server]) -> None:
    """Raise `LoadFailed` unless each node did what its name says."""
    for node, outcome in zip(nodes, (None, "confirmed", "trusted"), strict=True):
        numbers = node.fetch("/metrics").body.decode()
        for each in ("confirmed", "trusted"):
            has = f'progimage_disk_cache_lookups_total{{outcome="{each}"}}' in numbers
            if has != (each == outcome or (each, outcome) == ("confirmed", "trusted")):
                raise LoadFailed(f"{node.name}: copies that were {each}: {has}")
