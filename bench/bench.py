"""The context of every case: the sources, the servers and the load."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench import load, processes, servers
from bench.load import Load
from bench.peers import PeerMissing
from bench.photos import Photo, Sources
from bench.servers import Server


@dataclass(frozen=True, slots=True)
class Turn:
    """One round of one server: the load, and the processor time its processes took."""

    load: Load
    cpu_s: float

    @property
    def rps(self) -> float:
        """Answered requests a second."""
        return self.load.rps

    @property
    def cpu_ms(self) -> float:
        """Processor time a request; hardly moved by what else the machine does."""
        return self.cpu_s * 1000 / self.load.requests


@dataclass(slots=True)
class Bench:
    """One run's settings.

    Attributes:
        work: a folder that may be filled.
        wanted: names of the servers to measure, in the order of the columns.
        seconds: how long one round lasts.
        rounds: rounds a server; all servers take turns within a round.
        as_shipped: peers keep their own encoder settings (progressive JPEG).
        libraries: the folder for generated libraries; None for a temporary one.
        pictures: how many those that are searched hold; empty for the usual numbers.
        files: how many a bulk upload has.
        missing: names of peers that could not be installed, with the reason.
    """

    sources: Sources
    work: Path
    wanted: tuple[str, ...]
    seconds: float
    rounds: int
    connections: int
    soak_minutes: float
    smoke: bool
    as_shipped: bool
    libraries: Path | None = None
    pictures: tuple[int, ...] = ()
    files: int = 10_000
    missing: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def contestants(
        self, photos: Sequence[Photo], *, results: bool = False
    ) -> Iterator[list[Server]]:
        """Run every wanted server that renders; with `results`, those that keep renditions.

        Stores and result storages start empty and go away at the end.
        """
        with ExitStack() as stack:
            scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=self.work)))
            folder = self.sources.folder
            start: dict[str, Callable[[], Server]] = {
                "progimage": lambda: stack.enter_context(
                    servers.progimage(photos, scratch / "store")
                ),
                "thumbor": lambda: stack.enter_context(
                    servers.thumbor(
                        folder,
                        results=scratch / "results" if results else None,
                        as_shipped=self.as_shipped,
                    )
                ),
                "ipx": lambda: stack.enter_context(servers.ipx(folder, as_shipped=self.as_shipped)),
            }
            if results:
                del start["ipx"]  # it keeps nothing
            running = []
            for name in self.wanted:
                if name in start and name not in self.missing:
                    try:
                        running.append(start[name]())
                    except PeerMissing as reason:
                        self.missing[name] = str(reason)
            yield running

    def turns(
        self,
        running: Sequence[Server],
        paths: Callable[[Server], Sequence[str]],
        *,
        once: bool = False,
    ) -> dict[str, list[Turn]]:
        """Load each server in turn, round after round, each from the same list.

        With `once`, no path is asked for twice: a round goes on where the server's last
        round ended.
        """
        measured: dict[str, list[Turn]] = {server.name: [] for server in running}
        lists = {server.name: list(paths(server)) for server in running}
        start = dict.fromkeys(measured, 0)
        for turn in range(-1, self.rounds):
            for server in running:
                seconds = self.seconds if turn >= 0 else min(2.0, self.seconds)
                used = processes.cpu_seconds(server.pid)
                done = load.run(
                    server,
                    lists[server.name],
                    seconds=seconds,
                    connections=self.connections,
                    start=start[server.name],
                    once=once and not self.smoke,  # tiny pictures are soon exhausted
                )
                used = processes.cpu_seconds(server.pid) - used
                if once:
                    # wrk asks once more per connection than it counts.
                    start[server.name] += done.requests + 2 * self.connections
                if turn >= 0:  # the first turn only warms up
                    measured[server.name].append(Turn(done, used))
        return measured


def every(server: Server, photos: Iterable[Photo], widths: Iterable[int], form: str) -> list[str]:
    """Return the path of every photo at every width, in the one shuffled order."""
    pairs = [(photo, width) for photo in photos for width in widths]
    return [server.path(photo, width, form) for photo, width in load.shuffled(pairs)]


def in_turn(server: Server, photos: Sequence[Photo], widths: Iterable[int], form: str) -> list[str]:
    """Return the same paths ordered so that no photo comes again before all others came."""
    return [
        server.path(photo, width, form)
        for width in load.shuffled(list(widths))
        for photo in load.shuffled(photos)
    ]
