"""`python -m bench.hedge`: effect of hedged reads on the slowest reads from S3, and their cost.

Reads small objects from a real S3 server through a proxy that holds some requests up, with
hedging off and on in turns. The server is the one that PROGIMAGE_TEST_S3_URL names, as
`tests/system/s3/run.sh .venv/bin/python -m bench.hedge` starts it.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import random
import socket
import statistics
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from bench import report
from bench.report import Table
from progimage.stores import ObjectStore, open_raw

_BYTES = 25_000
_OBJECTS = 50
_THREADS = 4
_BLOCK = 65_536


@dataclass
class Slowness:
    """Which requests are held up, and for how long; `counted` is how many came."""

    name: str
    share: float
    seconds: float
    counted: int = 0


KINDS = (
    Slowness("1 request of 50 takes 0.3 s longer", 0.02, 0.3),
    Slowness("1 request of 5 takes 0.3 s longer", 0.2, 0.3),
    Slowness("none does", 0.0, 0.0),
)


class SlowProxy:
    """Passes requests on to `target`, some of them late, as `slowness` says."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.address = "{}:{}".format(*self._listener.getsockname())
        self.slowness = KINDS[-1]

    def run(self) -> None:
        """Take connections for as long as the process lives."""
        while True:
            client, _ = self._listener.accept()
            server = socket.create_connection(self._target)
            for act, source, sink in ((self._requests, client, server), (_copy, server, client)):
                source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=act, args=(source, sink), daemon=True).start()

    def _requests(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError), server:
            while data := client.recv(_BLOCK):
                if data.startswith((b"GET ", b"HEAD ", b"PUT ")):
                    self.slowness.counted += 1
                    if random.random() < self.slowness.share:
                        time.sleep(self.slowness.seconds)
                server.sendall(data)


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError), sink:
        while data := source.recv(_BLOCK):
            sink.sendall(data)


def hedge(url: str, reads: int, rounds: int) -> Table:
    """Measure both ways under each kind of slowness."""
    endpoint = parse_qs(urlsplit(url).query)["endpoint_url"][0]
    parts = urlsplit(endpoint)
    proxy = SlowProxy((str(parts.hostname), parts.port or 80))
    threading.Thread(target=proxy.run, daemon=True).start()
    url = url.replace(endpoint, f"http://{proxy.address}")
    stores = {on: open_raw(url, threads=_THREADS, hedged_reads=on) for on in (False, True)}
    keys = [f"hedge/{number}" for number in range(_OBJECTS)]
    for key in keys:
        stores[False].put(key, io.BytesIO(os.urandom(_BYTES)), media_type="image/webp")
    rows = []
    for kind in KINDS:
        proxy.slowness = kind
        found: dict[bool, list[float]] = {False: [], True: []}
        requested = {False: 0, True: 0}
        cpu = {False: 0.0, True: 0.0}
        _read(stores[True], keys, reads // 4)  # it learns what is late here
        for _ in range(rounds):
            for on, store in stores.items():
                kind.counted, spent = 0, time.process_time()
                found[on] += _read(store, keys, reads)
                requested[on] += kind.counted
                cpu[on] += time.process_time() - spent
        rows += [_row(kind.name, on, found, requested, cpu) for on in stores]
    for key in keys:
        stores[False].delete(key)
    note = (
        f"{_THREADS} threads read {_OBJECTS} objects of {_BYTES:,} bytes from a Ceph on the same "
        f"machine through a proxy that holds up requests at random; {rounds} rounds of "
        f"{reads} reads, with and without in turns. CPU includes the proxy's."
    )
    columns = ("slowness", "hedged reads", "p50 ms", "p95 ms", "p99 ms", "p99.9 ms", "mean ms")
    columns += ("p99 of that without", "GET a read", "CPU ms a read")
    return Table("Hedged reads", note, columns, tuple(rows))


def _read(store: ObjectStore, keys: list[str], reads: int) -> list[float]:
    def one(number: int) -> float:
        started = time.perf_counter()
        with store.open(keys[number % len(keys)]) as reader:
            if len(reader.read()) != _BYTES:
                raise AssertionError("a short read")
        return time.perf_counter() - started

    with ThreadPoolExecutor(_THREADS) as threads:
        return list(threads.map(one, range(reads)))


def _row(
    kind: str,
    on: bool,
    found: dict[bool, list[float]],
    requested: dict[bool, int],
    cpu: dict[bool, float],
) -> tuple[str, ...]:
    p50, p95, p99, p999 = (_percentile(found[on], share) for share in (0.5, 0.95, 0.99, 0.999))
    ratio = p99 / _percentile(found[False], 0.99)
    reads = len(found[on])
    return (
        kind,
        "on" if on else "off",
        *(f"{value * 1000:.1f}" for value in (p50, p95, p99, p999, statistics.mean(found[on]))),
        f"{ratio:.2f}" if on else "",
        f"{requested[on] / reads:.3f}",
        f"{cpu[on] / reads * 1000:.2f}",
    )


def _percentile(values: list[float], share: float) -> float:
    return sorted(values)[int(share * (len(values) - 1))]


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.hedge", description=__doc__)
    parser.add_argument("--reads", type=int, default=2_000, help="in a round; default 2000")
    parser.add_argument("--rounds", type=int, default=3, help="default 3")
    options = parser.parse_args()
    url = os.environ.get("PROGIMAGE_TEST_S3_URL")
    if not url:
        sys.exit("name a server in PROGIMAGE_TEST_S3_URL, or use tests/system/s3/run.sh")
    print(report.machine(), f"Load average before the start: {report.busy():.1f}.", sep=". ")
    print(hedge(url.replace("{prefix}", "bench"), options.reads, options.rounds).markdown())
    return 0


if __name__ == "__main__":
    sys.exit(main())
