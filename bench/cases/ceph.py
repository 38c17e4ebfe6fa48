"""What the service adds to the S3 calls it makes, over a real Ceph."""

from __future__ import annotations

import re
import statistics
import sys
from collections import Counter

from bench import processes
from bench.bench import Bench, Turn
from bench.ceph import ceph
from bench.load import Load, LoadFailed
from bench.over_s3 import PICTURES, Case, cases, library_size
from bench.peers import PeerMissing
from bench.raw_s3 import Raw, Request, raw
from bench.report import Table, spread
from bench.servers import Server

_COLUMNS = (
    "call",
    "GET, PUT, HEAD, LIST",
    "calls/s",
    "p50, p99 ms",
    "boto3 alone: a second",
    "p50, p99 ms",
    "rate / boto3's",
    "CPU ms",
    "boto3's CPU ms",
)
_KINDS = {"open": "get", "put": "put", "stat": "head", "list": "list", "delete": "delete"}
_OPERATIONS = re.compile(
    r'^progimage_store_seconds_count\{operation="(\w+)",outcome="\w+"\} ([\d.e+]+)$', re.MULTILINE
)
_UNEXPECTED = 0.05
# What folding a change into the index costs at most, by the way.
_FOLDED = {"get": 2.2, "put": 0.2, "list": 0.5, "delete": 2.2}
_LEAST_S = 3.0


def over_ceph(bench: Bench) -> list[Table]:
    """Each call over HTTP beside what boto3 alone takes for its S3 calls, in turn."""
    if "progimage" not in bench.wanted:
        return []
    try:
        with (
            ceph(smallest=bench.smoke) as bucket,
            raw(bucket, bench.connections) as alone,
            cases(bench, bucket) as all_,
        ):
            rows = []
            for case in all_:
                rows.append(_row(case, *_turns(bench, case, alone)))
                print(*rows[-1], sep=" | ", file=sys.stderr, flush=True)
    except PeerMissing as reason:
        print(f"ceph skipped: {reason}", file=sys.stderr, flush=True)
        if not bench.smoke:
            bench.missing["Ceph"] = str(reason)
        return []
    note = (
        f"One node (two web processes) over Ceph on the same machine, asked by wrk over "
        f"{bench.connections} connections; then the S3 calls of the same request by boto3 alone, "
        f"from two processes with as many threads in all. {PICTURES} JPEGs of 640x480 pixels; "
        f"searches among {library_size(bench):,} pictures. Medians of the rounds; ratios are "
        "of each round's two, in brackets the least and the greatest. CPU is that of the node's "
        "processes, or of boto3's, for one call."
    )
    return [Table("The service and its S3 calls, over Ceph", note, _COLUMNS, tuple(rows))]


def _turns(bench: Bench, case: Case, alone: Raw) -> tuple[list[Turn], list[Turn]]:
    """Return the rounds of a call and those of its S3 calls alone."""
    ours: list[Turn] = []
    theirs: list[Turn] = []
    for turn in range(0 if bench.smoke else -1, bench.rounds):
        seconds = max(_LEAST_S, bench.seconds if turn >= 0 else 0)
        before, used = _operations(case.server), processes.cpu_seconds(case.server.pid)
        try:
            done = case.run(seconds, turn + 1)
        except LoadFailed as error:
            raise LoadFailed(f"{case.name}: {error}") from None
        used = processes.cpu_seconds(case.server.pid) - used
        if turn >= 0:  # the first turn only warms up
            _check(bench, case, done, _operations(case.server) - before)
        raw_turn = alone.run(case.requests, seconds)
        if turn >= 0:
            ours.append(Turn(done, used))
            theirs.append(raw_turn)
    return ours, theirs


def _row(case: Case, ours: list[Turn], alone: list[Turn]) -> tuple[str, ...]:
    made = _calls(case.requests[0])
    return (
        case.name,
        ", ".join(f"{made[kind]:g}" for kind in ("get", "put", "head", "list")),
        _median([turn.rps for turn in ours], 0),
        _latencies(ours),
        _median([turn.rps for turn in alone], 0),
        _latencies(alone),
        spread([our.rps / their.rps for our, their in zip(ours, alone, strict=True)], 2),
        _median([turn.cpu_ms for turn in ours], 2),
        _median([turn.cpu_ms for turn in alone], 2),
    )


def _latencies(turns: list[Turn]) -> str:
    p50 = _median([turn.load.p50_ms for turn in turns], 1)
    return f"{p50}, {_median([turn.load.p99_ms for turn in turns], 1)}"


def _median(values: list[float], digits: int) -> str:
    return f"{statistics.median(values):.{digits}f}"


def _calls(request: Request) -> Counter[str]:
    """Return the S3 calls of a request by their kind."""
    made: Counter[str] = Counter()
    for call in (call for stage in request for call in stage):
        made[call.kind.partition("-")[0]] += call.pages
    return made


def _operations(server: Server) -> Counter[str]:
    """Return what a node has asked of its store so far."""
    found: Counter[str] = Counter()
    for operation, count in _OPERATIONS.findall(server.fetch("/metrics").body.decode()):
        found[_KINDS[operation]] += round(float(count))
    return found


def _check(bench: Bench, case: Case, done: Load, requested: Counter[str]) -> None:
    """Raise `LoadFailed` unless boto3 is asked for the same as the store was."""
    expected = Counter(call.kind.partition("-")[0] for stage in case.requests[0] for call in stage)
    # What was under way when wrk stopped was counted by the node, not by wrk.
    unsure = _UNEXPECTED + 2 * bench.connections / done.requests
    for kind in _KINDS.values():
        a_call = requested[kind] / done.requests
        extra = _FOLDED.get(kind, 0.0) if case.is_folded else 0.0
        slack = unsure * max(expected[kind], 1)
        # Searches that come while a listing is under way share the next one.
        least = 0.0 if kind == "list" else expected[kind] - slack
        if not least <= a_call <= expected[kind] + extra + slack:
            raise LoadFailed(
                f"{case.name}: the service made {a_call:.2f} {kind} calls a request, "
                f"the case has {expected[kind]}"
            )
