"""Cuts off the clients that threads wait for, if they are too slow, or threads or places short."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress

from progimage.config.networks import site_of
from progimage.server.connection import Connection

# The server waits this long for a client before the client's speed counts, and before it can
# be cut off because other requests need its thread.
_SPEED_WINDOW_S = 10.0
_PRESSURE_AFTER_S = 1.0

# A client that sends faster keeps its place for uploads.
_FAST_BYTES_PER_S = 32 * 1024


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
        blocked = self._slowest_first(
            conn
            for conn in self.copy()
            if conn.sock.is_blocking_thread and conn.sock.waited_s > _PRESSURE_AFTER_S
        )
        for conn in blocked[: max(0, len(blocked) - most_waiting)]:
            _cut(conn)

    def free_place(self) -> None:
        """Cut off the slowest client that sends a long body, if there is a slow one."""
        slow = self._slowest_first(
            conn
            for conn in self.copy()
            if conn.sock.is_awaited
            and conn.sock.waited_s > _SPEED_WINDOW_S
            and _speed(conn) < _FAST_BYTES_PER_S
        )
        for conn in slow[:1]:
            _cut(conn)

    @staticmethod
    def _slowest_first(conns: Iterable[Connection]) -> list[Connection]:
        """Return connections in the order in which they are cut."""
        found = list(conns)
        held = Counter(site_of(conn.peer) for conn in found)
        return sorted(found, key=lambda conn: (-held[site_of(conn.peer)], _speed(conn)))


def _speed(conn: Connection) -> float:
    return conn.sock.moved / conn.sock.waited_s


def is_too_slow(conn: Connection, min_bytes_per_s: float) -> bool:
    """Return True if a client was slower than that while the server last waited for it."""
    return conn.sock.is_slower_than(min_bytes_per_s, _SPEED_WINDOW_S)


def _cut(conn: Connection) -> None:
    with suppress(OSError):
        conn.sock.cut()
