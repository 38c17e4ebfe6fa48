"""A network that can fall silent or slow between a node and its store: a TCP proxy."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_BLOCK = 64 * 1024


class Network:
    """Passes on what comes, until it is told otherwise.

    Attributes:
        address: host:port where clients connect.
        is_silent: while true, everything is swallowed and nobody is told, as by a
            firewall that drops packets: connections open, but nothing ever comes.
        delay_s: added to each block on its way.
    """

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = "{}:{}".format(*self._listener.getsockname())
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
        with (
            contextlib.suppress(OSError),
            client,
            socket.create_connection(self._target) as server,
        ):
            answers = threading.Thread(target=self._copy, args=(server, client), daemon=True)
            answers.start()
            self._copy(client, server)
            answers.join()

    def _copy(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(_BLOCK):
                time.sleep(self.delay_s)
                if not self.is_silent:
                    target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)


@contextmanager
def network(target: tuple[str, int]) -> Iterator[Network]:
    """Run a network before `target`."""
    between = Network(target)
    thread = threading.Thread(target=between.run, daemon=True)
    thread.start()
    try:
        yield between
    finally:
        between.close()
        thread.join()
