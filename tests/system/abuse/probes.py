"""Measures how long requests take, beside the same requests to a program that does nothing.

Both are asked in turn from a process of its own, so that attackers in the process of the tests
do not hold its interpreter. The second number tells how busy the machine is.

    python -m tests.system.abuse.probes HOST PORT PATH
"""

from __future__ import annotations

import json
import multiprocessing
import socket
import subprocess
import sys
import time
from dataclasses import dataclass

from tests.system.serving.server import ROOT, Peer

SAMPLES = 100
# So that an attack has the time to fill what it fills.
_PAUSE_S = 0.02
_ANSWER = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"


@dataclass(frozen=True)
class Delays:
    """99th percentiles in seconds.

    Attributes:
        server_s: of probes and cached pictures.
        control_s: of the program that does nothing.
    """

    server_s: float
    control_s: float


def delays(peer: Peer, hit: str) -> Delays:
    """Ask a server for probes and for a cached picture, and return how long it took."""
    command = [sys.executable, "-m", __name__, *map(str, peer.address), hit]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Delays(*json.loads(done.stdout))


class _Program(Peer):
    """The program that does nothing."""

    def __init__(self) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        self.address = listener.getsockname()
        self.process = multiprocessing.get_context("fork").Process(
            target=_answer, args=(listener,), daemon=True
        )
        self.process.start()
        listener.close()


def _answer(listener: socket.socket) -> None:
    while True:
        client, _ = listener.accept()
        with client:
            client.recv(65536)
            client.sendall(_ANSWER)


def _p99(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.99) - 1]


def _seconds(peer: Peer, path: str) -> float:
    started = time.monotonic()
    assert peer.get(path).status == 200
    return time.monotonic() - started


def _main() -> None:
    server, control = Peer(), _Program()
    server.address = (sys.argv[1], int(sys.argv[2]))
    paths = [sys.argv[3], "/health/live"] * (SAMPLES // 2)
    times: tuple[list[float], list[float]] = ([], [])
    for path in paths:
        for peer, found in zip((server, control), times, strict=True):
            found.append(_seconds(peer, path))
        time.sleep(_PAUSE_S)
    print(json.dumps([_p99(found) for found in times]))


if __name__ == "__main__":
    _main()
