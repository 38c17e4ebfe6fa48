"""A client's socket that measures how slow the client is and sends the rest of an answer later.

Bytes that the kernel does not accept at once are queued, up to a limit. The thread that
made the answer is then free, and the worker's loop sends the rest as the client reads it.
"""

from __future__ import annotations

import os
import select
import socket
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

MAX_BYTES_ASIDE = 256 * 1024
"""Bytes of answers that one connection may queue in memory; parts of files do not count."""

# Bytes sent to one client before the loop turns to the others.
_TURN_BYTES = 256 * 1024

# A client that reads a part of a file at least this often is served by the thread at once.
_FAST_CLIENT_S = 0.02


class _Part(Protocol):
    """A part of an answer that is not sent yet."""

    left: int

    def send(self, descriptor: int) -> int:
        """Send what the kernel accepts at once; return the number of bytes sent."""
        ...

    def close(self) -> None: ...


class _Bytes:
    def __init__(self, data: memoryview) -> None:
        self._data = data
        self.left = len(data)

    def send(self, descriptor: int) -> int:
        sent = os.write(descriptor, self._data[:_TURN_BYTES])
        self._data = self._data[sent:]
        self.left -= sent
        return sent

    def close(self) -> None:
        self._data.release()


class _FilePart:
    """A part of an open file; the descriptor is a copy, which `close` closes."""

    def __init__(self, descriptor: int, offset: int, count: int) -> None:
        self._descriptor = os.dup(descriptor)
        self._offset = offset
        self.left = count

    def send(self, descriptor: int) -> int:
        size = min(self.left, _TURN_BYTES)
        sent = os.sendfile(descriptor, self._descriptor, self._offset, size)
        if not sent and self.left:
            raise OSError("the file has become shorter than the answer")
        self._offset += sent
        self.left -= sent
        return sent

    def close(self) -> None:
        os.close(self._descriptor)


class ClientSocket(socket.socket):
    """A socket that measures how long the server waits for the client.

    Attributes:
        moved: bytes that the client has sent or read since `begin`.
        moved_at: the time of the last such byte, on the monotonic clock.
        is_blocking_thread: true while a thread waits for the client.
        is_sending: true while an answer is sent.
        waits_since: when the server began to wait, on the monotonic clock; None while it does not.
        has_been_cut: true if the server has given up on the client.
    """

    def __init__(self, accepted: socket.socket) -> None:
        family, kind, protocol = accepted.family, accepted.type, accepted.proto
        super().__init__(family, kind, protocol, fileno=accepted.detach())
        self.moved = 0
        self.moved_at = time.monotonic()
        self.is_blocking_thread = False
        self.has_been_cut = False
        self.is_sending = False
        self._waited_s = 0.0
        self.waits_since: float | None = None
        self._looked_at = (0.0, 0)
        self._rest: deque[_Part] = deque()

    def begin(self) -> None:
        """Reset the measurements for the next request."""
        self.moved, self._waited_s, self.is_sending = 0, 0.0, False
        self._looked_at = (0.0, 0)

    @property
    def waited_s(self) -> float:
        """Seconds that the server has waited for the client since `begin`."""
        since = self.waits_since
        return self._waited_s + (time.monotonic() - since if since is not None else 0.0)

    def is_slower_than(self, bytes_per_s: float, window_s: float) -> bool:
        """Return True if the client was slower over the last `window_s` seconds of waiting."""
        waited_s, moved = self.waited_s - self._looked_at[0], self.moved - self._looked_at[1]
        if waited_s < window_s:
            return False
        self._looked_at = (self.waited_s, self.moved)
        return moved < bytes_per_s * waited_s

    @property
    def is_awaited(self) -> bool:
        """True while a thread waits for more of a request."""
        return self.is_blocking_thread and not self.is_sending

    @property
    def has_rest(self) -> bool:
        """True if a part of an answer is queued."""
        return bool(self._rest)

    def cut(self) -> None:
        """Give up on the client; a thread that waits for it gets an error at once."""
        self.has_been_cut = True
        # A client whose request comes too slowly can still be answered.
        self.shutdown(socket.SHUT_RDWR if self.is_sending else socket.SHUT_RD)

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        """Return what has arrived, like `socket.recv`."""
        with self._waiting():
            data = super().recv(size, flags)
        self._note(len(data))
        return data

    def sendall(self, data: ReadableBuffer, flags: int = 0, /) -> None:
        """Send all of `data`, or queue the part that the client does not read soon.

        Raises:
            OSError: the connection is broken.
            TimeoutError: there is too much to queue, and the client reads nothing.
        """
        timeout_s = self.gettimeout()
        if timeout_s is None:
            super().sendall(data, flags)
            return
        # A copy: the caller may use its memory for something else.
        self._send(_Bytes(memoryview(bytes(data))))
        aside = sum(part.left for part in self._rest if isinstance(part, _Bytes))
        if aside > MAX_BYTES_ASIDE and not self._flush(timeout_s):
            raise TimeoutError("the client reads nothing")

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        """Send a part of a file, or queue the bytes that the client does not read soon.

        Returns how many bytes are or will be sent.
        """
        descriptor = file.fileno()
        total = os.fstat(descriptor).st_size - offset if count is None else count
        self._send(_FilePart(descriptor, offset, total))
        if self._rest:
            self._flush(_FAST_CLIENT_S)
        return total

    def send_rest(self) -> bool:
        """Send what the kernel accepts of the queue; return True if the queue is then empty.

        Raises:
            OSError: the connection is broken.
        """
        budget = _TURN_BYTES
        while self._rest and budget > 0:
            part = self._rest[0]
            try:
                sent = part.send(self.fileno())
            except BlockingIOError:
                break
            self._note(sent)
            budget -= sent
            if not part.left:
                self._rest.popleft().close()
        if not self._rest:
            self._stop_waiting()
        return not self._rest

    def close(self) -> None:
        """Close the socket and the queued files."""
        while self._rest:
            self._rest.popleft().close()
        super().close()

    def _send(self, part: _Part) -> None:
        self.is_sending = True
        self._rest.append(part)
        if not self.send_rest():
            self.waits_since = self.waits_since or time.monotonic()

    def _note(self, size: int) -> None:
        self.moved += size
        self.moved_at = time.monotonic()

    def _flush(self, timeout_s: float) -> bool:
        """Send the queue; return False if the client reads nothing for `timeout_s`."""
        writable = select.poll()
        writable.register(self, select.POLLOUT)
        self.is_blocking_thread = True
        try:
            while not self.send_rest():
                if not writable.poll(timeout_s * 1000):
                    return False
        finally:
            self.is_blocking_thread = False
        return True

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        self.is_blocking_thread, self.waits_since = True, time.monotonic()
        try:
            yield
        finally:
            self.is_blocking_thread = False
            self._stop_waiting()

    def _stop_waiting(self) -> None:
        if self.waits_since is not None:
            self._waited_s += time.monotonic() - self.waits_since
            self.waits_since = None
