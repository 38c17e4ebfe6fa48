"""`python -m bench`: measure all cases, or those named, and print Markdown tables."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

from bench import peers, report
from bench.bench import Bench
from bench.cases import (
    beside,
    bulk,
    cached,
    ceph,
    cold,
    console,
    deep,
    disk_cache,
    fresh,
    imports,
    limits,
    memory,
    origins,
    privacy,
    quality,
    searches,
    starting,
    tail,
    uploads,
)
from bench.load import LoadFailed
from bench.photos import sources
from bench.report import Table
from bench.servers import StartFailed

_HERE = Path(__file__).parent
_QUIET = 0.7
_SERVERS = ("progimage", "thumbor", "ipx", "nginx")

CASES: dict[str, Callable[[Bench], list[Table]]] = {
    "cold": cold.cold_jpeg,
    "cold-first": cold.cold_first,
    "cold-others": cold.cold_others,
    "limits": limits.limits,
    "quality": quality.quality,
    "cached": cached.cached,
    "cached-nginx": cached.cached_nginx,
    "origins": origins.origins,
    "tail": tail.tail,
    "peak": memory.peak,
    "soak": memory.soak,
    "privacy": privacy.privacy,
    "searches": searches.searches,
    "beside": beside.beside,
    "starting": starting.starting,
    "fresh": fresh.fresh,
    "uploads": uploads.uploads,
    "photographs": uploads.photographs,
    "imports": imports.imports,
    "bulk": bulk.bulk,
    "ceph": ceph.over_ceph,
    "deep": deep.tiles,
    "deep-first": deep.first_tiles,
    "gigapixel": deep.gigapixel,
    "disk-cache": disk_cache.disk_cache,
    "console": console.console,
}


def main() -> int:
    """Run what the command line asks for; 0 if every case ran with every peer."""
    options = _options()
    work = _HERE / ".work"
    work.mkdir(exist_ok=True)
    load_before = report.busy()
    if load_before > _QUIET and not options.smoke:
        print(f"the machine is busy (load {load_before:.1f}): expect poor numbers", file=sys.stderr)
    bench = Bench(
        sources=sources(work, options.photos, smoke=options.smoke),
        work=work,
        wanted=tuple(options.servers),
        seconds=1.0 if options.smoke else options.seconds,
        rounds=1 if options.smoke else options.rounds,
        connections=2 if options.smoke else options.connections,
        soak_minutes=0.1 if options.smoke else options.soak_minutes,
        smoke=options.smoke,
        as_shipped=options.as_shipped,
        libraries=options.libraries,
        pictures=tuple(options.pictures),
        files=options.files,
        missing=_missing(options.servers),
    )
    for name, reason in bench.missing.items():
        print(f"without {name}: {reason}", file=sys.stderr)
    tables, failed = [], []
    for name in options.cases or CASES:
        print(f"{name} …", file=sys.stderr, flush=True)
        try:
            made = CASES[name](bench)
        except (LoadFailed, StartFailed) as error:
            failed.append(name)
            print(f"{name} failed: {error}", file=sys.stderr, flush=True)
            continue
        for table in made:
            print(table.markdown(), flush=True)
        tables += made
    if options.save:
        command = shlex.join(["python", "-m", "bench", *sys.argv[1:]])
        report.save(_HERE / "RESULTS.md", command, load_before, tables)
    return 1 if failed or (bench.missing and not options.allow_missing) else 0


def _missing(wanted: list[str]) -> dict[str, str]:
    """Install the wanted peers; return those that could not be installed, with the reason."""
    peers.tool("wrk")
    installers: dict[str, Callable[[], object]] = {
        "thumbor": peers.thumbor,
        "ipx": peers.ipx,
        "nginx": lambda: peers.tool("nginx"),
    }
    missing = {}
    for name in wanted:
        try:
            installers.get(name, str)()
        except peers.PeerMissing as error:
            missing[name] = str(error)
    return missing


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    add = parser.add_argument
    add("cases", nargs="*", metavar="case", help=f"of {', '.join(CASES)}; default: all")
    add("--photos", type=Path, help="folder of JPEGs to measure in place of drawn ones")
    add("--servers", nargs="+", choices=_SERVERS, default=list(_SERVERS), help="default: all")
    add("--seconds", type=float, default=10.0, help="length of a round; default 10")
    add("--rounds", type=int, default=5, help="rounds a server, taking turns; default 5")
    add("--connections", type=int, default=8, help="default 8")
    add("--soak-minutes", type=float, default=10.0, help="default 10")
    add("--as-shipped", action="store_true", help="peers write progressive JPEGs, their default")
    add("--libraries", type=Path, help="folder that keeps generated libraries")
    add(
        "--pictures",
        type=int,
        nargs="+",
        default=[],
        help="in the libraries to search; default 10000 100000",
    )
    add("--files", type=int, default=10_000, help="in a bulk upload; default 10000")
    add("--smoke", action="store_true", help="tiny pictures, a second each: only prove it runs")
    add("--allow-missing", action="store_true", help="succeed without a peer that is missing")
    add("--save", action="store_true", help="put the tables into bench/RESULTS.md")
    options = parser.parse_args()
    if unknown := set(options.cases) - set(CASES):
        parser.error(f"no case named {', '.join(sorted(unknown))}; use {', '.join(CASES)}")
    return options


if __name__ == "__main__":
    try:
        sys.exit(main())
    except peers.PeerMissing as error:
        sys.exit(f"bench: {error}")
