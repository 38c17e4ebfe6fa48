"""The load generator: wrk, one thread, asking for paths from a list in order, or posting."""

from __future__ import annotations

import json
import random
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from bench.servers import Server

_SCRIPT = Path(__file__).with_name("load.lua")
_POSTING = Path(__file__).with_name("post.lua")
T = TypeVar("T")
_SEED = 20_260_101


class LoadFailed(Exception):
    """A server answered with an error, or not at all: its numbers mean nothing."""


@dataclass(frozen=True, slots=True)
class Load:
    """What one run of wrk measured."""

    requests: int
    seconds: float
    refused: int
    p50_ms: float
    p95_ms: float
    p99_ms: float

    @property
    def rps(self) -> float:
        """Answered requests a second."""
        return self.requests / self.seconds


def shuffled(items: Sequence[T]) -> list[T]:
    """Return `items` in one random order, the same in every run and for every server."""
    mixed = list(items)
    random.Random(_SEED).shuffle(mixed)
    return mixed


def run(
    server: Server,
    paths: Sequence[str],
    *,
    seconds: float,
    connections: int,
    start: int = 0,
    once: bool = False,
    pause_ms: int = 0,
) -> Load:
    """Ask `server` for `paths` from index `start` on, for `seconds`.

    With `once` no path is asked for twice. Each connection pauses for a random time of
    `pause_ms` on average before it asks; 0 asks as fast as it is answered.

    Raises:
        LoadFailed: an answer was not a success, a connection broke or, with `once`,
            the paths ran out.
    """
    with beside(
        server,
        paths,
        seconds=seconds,
        connections=connections,
        start=start,
        once=once,
        pause_ms=pause_ms,
    ) as running:
        return running.result()


@dataclass(frozen=True, slots=True)
class Running:
    """A load that is under way."""

    server: Server
    wrk: subprocess.Popen[str]
    seconds: float

    def result(self, *, may_refuse: bool = False) -> Load:
        """Wait for the end; raise `LoadFailed` as `run` does.

        With `may_refuse`, answers such as 503 are counted apart and are no failure.
        """
        _, errors = self.wrk.communicate(timeout=self.seconds + 120)
        return _measured(self.server.name, self.wrk.returncode, errors, may_refuse=may_refuse)


@contextmanager
def beside(
    server: Server,
    paths: Sequence[str],
    *,
    seconds: float,
    connections: int,
    start: int = 0,
    once: bool = False,
    pause_ms: int = 0,
) -> Iterator[Running]:
    """Run the load while the block runs; it is killed if the block ends first."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as listing:
        listing.write("\n".join(paths) + "\n")
        listing.flush()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s"]
        command += ["--timeout", "60s", "-s", str(_SCRIPT), f"http://{server.host}", "--"]
        command += [listing.name, str(start), "once" if once else "cycle", str(pause_ms)]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as wrk:
            try:
                yield Running(server, wrk, seconds)
            finally:
                if wrk.poll() is None:
                    wrk.kill()


def post(
    server: Server,
    picture: Path,
    *,
    seconds: float,
    connections: int,
    path: str = "/images/",
    start: int = 0,
) -> Load:
    """Post a picture for `seconds`, each time another: with a number behind it, from `start` on.

    Raises:
        LoadFailed: one was refused, or a connection broke.
    """
    command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s"]
    command += ["--timeout", "60s", "-s", str(_POSTING), f"http://{server.host}", "--"]
    command += [str(picture), path, str(start)]
    run = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=seconds + 120
    )
    return _measured(server.name, run.returncode, run.stderr)


def _measured(name: str, status: int, output: str, *, may_refuse: bool = False) -> Load:
    """Return what wrk measured, from the line of JSON that its script ends with."""
    if status != 0:
        raise LoadFailed(f"{name}: wrk ended with {status}: {output.strip()}")
    found = json.loads(output.strip().splitlines()[-1])
    answered = found["requests"] - found["refused"]
    if found["broken"] or not answered or (found["refused"] and not may_refuse):
        raise LoadFailed(
            f"{name}: {found['requests']} answers, {found['refused']} of them errors, "
            f"{found['broken']} connections broken; expected none"
        )
    return Load(
        requests=answered,
        seconds=found["duration_us"] / 1e6,
        refused=found["refused"],
        p50_ms=found["p50_us"] / 1000,
        p95_ms=found["p95_us"] / 1000,
        p99_ms=found["p99_us"] / 1000,
    )
