"""A network that breaks: a TCP proxy that cuts each connection after so many bytes."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from tests.serving.server import Server

_BLOCK = 64 * 1024


class FlakyNetwork:
    """Hands each new connection to the next of the servers that run, and cuts it.

    Attributes:
        address: where clients connect.
        cuts: how many connections were cut.
        on_cut: called with the number of the cut, before it happens.
    """

    def __init__(
        self, servers: Sequence[Server], cut_after: int, on_cut: Callable[[int], None]
    ) -> None:
        self._servers = itertools.cycle(servers)
        self._cut_after = cut_after
        self._on_cut = on_cut
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = "http://{}:{}".format(*self._listener.getsockname())
        self.cuts = 0
        self._lock = threading.Lock()

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
        with client, self._connect() as server, contextlib.suppress(OSError):
            answers = threading.Thread(target=_copy, args=(server, client), daemon=True)
            answers.start()
            if not self._forward(client, server):
                with self._lock:
                    self.cuts += 1
                    self._on_cut(self.cuts)
                client.shutdown(socket.SHUT_RDWR)
            server.shutdown(socket.SHUT_WR)
            answers.join()

    def _connect(self) -> socket.socket:
        """Return a connection to a server that runs; a load balancer skips those that do not."""
        while True:
            with contextlib.suppress(ConnectionRefusedError):
                return next(self._servers).socket()

    def _forward(self, client: socket.socket, server: socket.socket) -> bool:
        """Pass on what the client sends; False once that is too much."""
        left = self._cut_after
        while left and (data := client.recv(min(_BLOCK, left))):
            server.sendall(data)
            left -= len(data)
        return left > 0


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(_BLOCK):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)


@contextmanager
def flaky(
    servers: Sequence[Server], *, cut_after: int, on_cut: Callable[[int], None] = lambda _: None
) -> Iterator[FlakyNetwork]:
    """Run a network between clients and `servers` that cuts after so many bytes sent."""
    network = FlakyNetwork(servers, cut_after, on_cut)
    thread = threading.Thread(target=network.run, daemon=True)
    thread.start()
    try:
        yield network
    finally:
        network.close()
        thread.join()
