"""Connections of one web process that wait for their clients: they cost a socket, not a thread.

Used by the worker's loop only, which must never wait for a client:

    collecting   the head and a short body of a request arrive, until a deadline
    sending      the client reads the rest of an answer, at a minimum rate
    lingering    the client reads its last answer and closes, until a deadline
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from selectors import EVENT_READ, EVENT_WRITE, BaseSelector

from progimage.server.connection import Connection
from progimage.server.connection_problems import write_problem
from progimage.server.slow_clients import is_too_slow

LINGER_S = 2.0
"""How long a client may take to read the last answer before its connection is cut."""

BLOCK = 64 * 1024
"""How many bytes are read from a client at a time."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long clients may take.

    Attributes:
        head_timeout_s: how long the head of a request may take.
        body_timeout_s: how long a short body may take after its head.
        send_timeout_s: how long a client may read nothing of an answer.
        min_bytes_per_s: how much a client must send or read while the server waits for it.
    """

    head_timeout_s: float
    body_timeout_s: float
    send_timeout_s: float
    min_bytes_per_s: float


class WaitingConnections:
    """The connections that wait in the loop.

    Args:
        poller: the loop's own.
        on_request: called with each connection whose request has arrived.
        on_answered: called with a connection whose client has read its answer, and with whether
            the connection stays open.
        on_end: called after each connection that was closed.
    """

    def __init__(
        self,
        poller: BaseSelector,
        limits: Limits,
        on_request: Callable[[Connection], None],
        on_answered: Callable[[Connection, bool], None],
        on_end: Callable[[], None],
    ) -> None:
        self._poller = poller
        self._limits = limits
        self._on_request = on_request
        self._on_answered = on_answered
        self._on_end = on_end
        # With the deadlines, and with whether the connection stays open.
        self._collecting: dict[Connection, float] = {}
        self._lingering: dict[Connection, float] = {}
        self._sending: dict[Connection, bool] = {}

    def wait_for_request(self, conn: Connection, most_s: float | None = None) -> None:
        """Collect the next request of a connection.

        Args:
            most_s: how long to wait at most for a request that has not begun.
        """
        limits = self._limits
        timeout_s = limits.body_timeout_s if conn.request.has_head else limits.head_timeout_s
        if most_s is not None and not conn.request.data:
            timeout_s = min(timeout_s, most_s)
        self._collecting[conn] = time.monotonic() + timeout_s
        conn.sock.setblocking(False)
        self._poller.register(conn.sock, EVENT_READ, partial(self._collect, conn))

    def send_rest(self, conn: Connection, *, keep_open: bool) -> None:
        """Send the rest of an answer as the client reads it."""
        conn.sock.setblocking(False)
        self._sending[conn] = keep_open
        self._poller.register(conn.sock, EVENT_WRITE, partial(self._send, conn))

    def linger(self, conn: Connection) -> None:
        """Let the client read its last answer and close first (RFC 9112, section 9.6).

        If the socket were closed at once with bytes of the request unread, the kernel would
        cut off the answer.
        """
        with self._ending_if_gone(conn):
            conn.sock.shutdown(socket.SHUT_WR)
            conn.sock.setblocking(False)
            self._poller.register(conn.sock, EVENT_READ, partial(self._drain, conn))
            self._lingering[conn] = time.monotonic() + LINGER_S

    def end(self, conn: Connection) -> None:
        """Close a connection, whether it waits here or not."""
        for waiting in (self._collecting, self._lingering, self._sending):
            if waiting.pop(conn, None) is not None:
                self._poller.unregister(conn.sock)
        conn.close()
        self._on_end()

    def end_the_oldest_silent(self) -> bool:
        """Close the connection that has waited longest for a request; False if none waits."""
        if not self._collecting:
            return False
        self.end(next(iter(self._collecting)))
        return True

    def cap_silent(self, deadline: float) -> None:
        """Let no connection without a part of a request wait beyond a deadline."""
        for conn in self._collecting:
            if not conn.request.data:
                self._collecting[conn] = min(self._collecting[conn], deadline)

    def end_overdue(self) -> None:
        """End the connections that are beyond their deadline, or read too slowly."""
        now = time.monotonic()
        for conn in [conn for conn, deadline in self._collecting.items() if deadline < now]:
            self._give_up(conn)
        for conn in [conn for conn, deadline in self._lingering.items() if deadline < now]:
            self.end(conn)
        for conn in list(self._sending):
            is_stuck = now - conn.sock.moved_at > self._limits.send_timeout_s
            if is_stuck or is_too_slow(conn, self._limits.min_bytes_per_s):
                self.end(conn)

    def _collect(self, conn: Connection, client: socket.socket) -> None:
        """Read the bytes that have arrived; hand the request over once it is complete."""
        if conn not in self._collecting:
            return  # ended for another connection, after the poller has seen its bytes
        had_head = conn.request.has_head
        conn.collect(BLOCK)
        if conn.request.is_complete:
            del self._collecting[conn]
            self._poller.unregister(client)
            self._on_request(conn)
        elif conn.request.has_head and not had_head:
            self._collecting[conn] = time.monotonic() + self._limits.body_timeout_s

    def _send(self, conn: Connection, client: socket.socket) -> None:
        try:
            is_done = conn.sock.send_rest()
        except OSError:
            self.end(conn)
            return
        if is_done:
            self._poller.unregister(client)
            self._on_answered(conn, self._sending.pop(conn))

    def _drain(self, conn: Connection, client: socket.socket) -> None:
        with self._ending_if_gone(conn), suppress(BlockingIOError):
            if not client.recv(BLOCK):
                self.end(conn)

    def _give_up(self, conn: Connection) -> None:
        """End a connection whose request does not arrive in time."""
        if not conn.request.data:
            self.end(conn)
            return
        del self._collecting[conn]
        self._poller.unregister(conn.sock)
        with self._ending_if_gone(conn):
            part = "body" if conn.request.has_head else "head"
            message = f"the {part} of the request took too long; nothing was stored"
            write_problem(conn.sock, 408, "Request Timeout", message)
            self.linger(conn)

    @contextmanager
    def _ending_if_gone(self, conn: Connection) -> Iterator[None]:
        try:
            yield
        except OSError:
            self.end(conn)
