"""A connection of a client, and the request that is being collected from it."""

from __future__ import annotations

import select
from collections.abc import Callable
from typing import Any

from gunicorn import util
from gunicorn.workers import gthread

from progimage.server.client_socket import ClientSocket
from progimage.server.request_buffer import RequestBuffer


class Connection(gthread.TConn):
    """gunicorn's connection, with a buffer for the next request.

    Attributes:
        request: the bytes of the next request that have arrived.
        peer: the address of the other end, "" for a unix socket.
        timeout: when an idle keep-alive connection ends, on the monotonic clock.
    """

    sock: ClientSocket
    parser: Any
    timeout: float

    def __init__(
        self, cfg: Any, sock: ClientSocket, peer: Any, server: Any, on_close: Callable[[], None]
    ) -> None:
        super().__init__(cfg, sock, peer, server)
        self.request = RequestBuffer()
        self.peer = str(peer[0]) if isinstance(peer, tuple) else ""
        self._on_close: Callable[[], None] | None = on_close

    def collect(self, size: int) -> bool:
        """Read the bytes that have arrived; return False if there are none.

        If the connection ends or breaks, the request counts as complete.
        """
        try:
            self.request.feed(self.sock.recv(size))
            if self.request.take_expectation():
                util.write_nonblock(self.sock, b"HTTP/1.1 100 Continue\r\n\r\n")
        except BlockingIOError:
            return False
        except OSError:
            self.request.feed(b"")
        return True

    def is_readable(self, wait_ms: int = 0) -> bool:
        """Return True if bytes, or the end, of the client have arrived within `wait_ms`."""
        readable = select.poll()
        readable.register(self.sock, select.POLLIN)
        return bool(readable.poll(wait_ms))

    def hand_over(self) -> bool:
        """Give the collected bytes to gunicorn's parser; return False if there are none."""
        self.sock.begin()
        self.init()
        self.parser.unreader.unread(bytes(self.request.data))
        return bool(self.request.data)

    def begin_next(self) -> None:
        """Begin to collect the next request, with the bytes of it that are already read."""
        self.request = RequestBuffer()
        if read_ahead := self.parser.unreader.take_buffered():
            self.request.feed(read_ahead)

    def close(self, graceful: bool = False) -> None:
        """Close the socket and call `on_close`, once."""
        super().close(graceful)
        if self._on_close is not None:
            self._on_close()
            self._on_close = None
