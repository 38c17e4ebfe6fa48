"""A network that breaks, falls silent or slows down: a TCP proxy."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from tests.system.serving.server import Server

_BLOCK = 64 * 1024


class Network:
    """Passes on what comes, until a test changes that.

    Args:
        connect: opens a connection to the server of each client.
        cut_after: bytes that a client may send before its connection is cut.
        on_cut: called with the number of the cut, before it happens.

    Attributes:
        address: host:port where clients connect.
        cuts: how many connections were cut.
        is_silent: while true, everything is dropped, as by a firewall that drops
            packets: connections open, but nothing ever comes.
        delay_s: added to each block on its way.
    """

    def __init__(
        self,
        connect: Callable[[], socket.socket],
        cut_after: float = float("inf"),
        on_cut: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._connect = connect
        self._cut_after = cut_after
        self._on_cut = on_cut
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self.address = "{}:{}".format(*self._listener.getsockname())
        self.cuts = 0
        self.is_silent = False
        self.delay_s = 0.0

    def run(self) -> None:
        """Take connections until `close`."""
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client, self._connect() as server:
            answers = threading.Thread(target=self._answer, args=(server, client), daemon=True)
            answers.start()
            if not self._copy(client, server, self._cut_after):
                with self._lock:
                    self.cuts += 1
                    self._on_cut(self.cuts)
                client.shutdown(socket.SHUT_RDWR)
            server.shutdown(socket.SHUT_WR)
            answers.join()

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            self._copy(server, client)
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)

    def _copy(
        self, source: socket.socket, target: socket.socket, most: float = float("inf")
    ) -> bool:
        """Pass on what comes until the end; False once that is more than `most` bytes."""
        while most and (data := source.recv(int(min(_BLOCK, most)))):
            time.sleep(self.delay_s)
            if not self.is_silent:
                target.sendall(data)
            most -= len(data)
        return most > 0


@contextmanager
def network(target: tuple[str, int]) -> Iterator[Network]:
    """Run a network before `target`."""
    with _running(Network(lambda: socket.create_connection(target))) as between:
        yield between


@contextmanager
def flaky(
    servers: Sequence[Server], *, cut_after: int, on_cut: Callable[[int], None] = lambda _: None
) -> Iterator[Network]:
    """Run a network that hands each connection to the next of the servers that run, and cuts it."""
    turn = itertools.cycle(servers)

    def connect() -> socket.socket:
        while True:  # a load balancer skips those that do not run
            with contextlib.suppress(ConnectionRefusedError):
                return next(turn).socket()

    with _running(Network(connect, cut_after, on_cut)) as between:
        yield between


@contextmanager
def _running(between: Network) -> Iterator[Network]:
    thread = threading.Thread(target=between.run, daemon=True)
    thread.start()
    try:
        yield between
    finally:
        between.close()
        thread.join()
