"""Cuts off the clients that threads wait for, if they are too slow or threads are short."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress

from progimage.server.client_limits import client_of
from progimage.server.connection import Connection

# The server waits this long for a client before the client's speed counts, and before it can
# be cut off because other requests need its thread.
_SPEED_WINDOW_S = 10.0
_PRESSURE_AFTER_S = 1.0


class ServedClients(set[Connection]):
    """The connections that threads work on; each thread adds and removes its own."""

    def cut_too_slow(self, min_bytes_per_s: float) -> None:
        """Cut off every client that is slower than that."""
        for conn in self.copy():
            if is_too_slow(conn, min_bytes_per_s):
                _cut(conn)

    def free_threads(self, most_waiting: int) -> None:
        """Cut off the slowest clients, until so many threads at most wait for clients.

        The clients that hold the most threads come first.
        """
        blocked = [
            (client_of(conn.peer), conn.sock.moved / conn.sock.waited_s, conn)
            for conn in self.copy()
            if conn.sock.is_blocking_thread and conn.sock.waited_s > _PRESSURE_AFTER_S
        ]
        excess = len(blocked) - most_waiting
        if excess <= 0:
            return
        held = Counter(client for client, _, _ in blocked)
        blocked.sort(key=lambda entry: (-held[entry[0]], entry[1]))
        for _, _, conn in blocked[:excess]:
            _cut(conn)


def is_too_slow(conn: Connection, min_bytes_per_s: float) -> bool:
    """Return True if a client was slower than that while the server last waited for it."""
    return conn.sock.is_slower_than(min_bytes_per_s, _SPEED_WINDOW_S)


def _cut(conn: Connection) -> None:
    with suppress(OSError):
        conn.sock.cut()
