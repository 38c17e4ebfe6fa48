"""gunicorn's threaded worker, made patient: a slow client costs a socket, not a thread.

As gunicorn ships it, a client that connects and says nothing holds a thread for five
seconds, one whose body was refused and does not come holds it as long, one that never
finishes its request's head or never takes its answer holds it for ever, and one that
does not hang up after `Connection: close` stops the whole process for two seconds, and
one that connects while the process ends waits in vain.
"""

from __future__ import annotations

import json
import select
import socket
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn import util
from gunicorn.workers import gthread
from gunicorn.workers.base import Worker
from gunicorn.workers.gthread import TConn as Connection

from progimage.api.responses import problems

# Most clients send their request with the connection; those who open one in advance
# are left to the poller after so long.
_FIRST_BYTE_WAIT_S = 0.05

# What is left of a body that was refused is taken only if it is here already.
_REFUSED_BODY_WAIT_S = 0.05

# A busy client's next request is here at once. Waiting for it in the thread that sent the
# last answer saves the way through the worker's loop, half of the cost of a cached picture.
_NEXT_REQUEST_WAIT_MS = 2

# All workers hear of a new connection at once, and the quickest to ask gets it. Each waits
# so long for every connection it has, up to three, so that the least busy is the quickest.
_POLITENESS_S = 0.00015

# Connections whose handshake was under way when the last worker stopped to listen get so
# long to be there.
_LAST_HANDSHAKES_S = 0.05

# A client gets so long to read the last answer before its connection is cut.
_LINGER_S = 2.0
_BLOCK = 64 * 1024

_DETAILS = {
    "URI Too Long": "the address has more than 8 KiB",
    "Request Header Fields Too Large": "a header has more than 8 KiB, or there are too many",
}


def write_problem(client: socket.socket, status: int, reason: str, message: str) -> None:
    """Answer what is no request at all in the shape of all our errors.

    It stands in for gunicorn's own page of HTML, for which it has no setting.
    """
    detail = _DETAILS.get(reason) or message or "the server could not answer"
    problem = problems.document(status, reason, detail, reason.title().replace(" ", ""))
    body = json.dumps(problem).encode()
    head = (
        f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\n"
        f"Content-Type: {problems.MEDIA_TYPE}\r\nContent-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\r\n"
    )
    util.write_nonblock(client, head.encode() + body)


util.write_error = write_problem


class PatientWorker(gthread.ThreadWorker):
    """A thread pool behind deadlines for the head of a request and for taking its answer.

    Both are kept by the worker's own loop, which turns at least once a second; the body
    of a request has deadlines of its own (see `progimage.api.requests.body`).
    """

    head_timeout_s = 10.0
    send_timeout_s = 30.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._served: set[Connection] = set()
        # By deadline, both: each new one is later than all before it.
        self._reading_heads: dict[Connection, float] = {}
        self._lingering: dict[Connection, float] = {}

    def handle(self, conn: Connection) -> object:
        """Answer requests in a thread of the pool; true to keep the connection."""
        is_new = not (conn.initialized or conn.data_ready)
        if is_new and not conn.wait_for_data(_FIRST_BYTE_WAIT_S):
            return gthread._DEFER
        while (keeps := self._handle_one(conn)) is True and self._has_next(conn):
            pass
        return keeps

    def _handle_one(self, conn: Connection) -> object:
        self._served.add(conn)
        self._reading_heads[conn] = time.monotonic() + self.head_timeout_s
        try:
            return super().handle(conn)
        finally:
            self._reading_heads.pop(conn, None)
            self._served.discard(conn)

    def accept(self, listener: socket.socket) -> None:
        """Take a new connection, unless a worker with fewer does."""
        time.sleep(_POLITENESS_S * min(self.nr_conns, 3))
        super().accept(listener)

    def _has_next(self, conn: Connection) -> bool:
        """True if the client has sent more, and nobody else waits for this thread."""
        if not self.alive or conn.is_http2 or not self.tpool._work_queue.empty():
            return False
        if conn.parser.unreader.buf.getvalue():
            return True
        return _is_readable(conn.sock, _NEXT_REQUEST_WAIT_MS)

    def handle_request(self, req: object, conn: Connection) -> bool:
        """Answer a request whose head has come."""
        self._reading_heads.pop(conn, None)
        conn.sock.settimeout(self.send_timeout_s)
        try:
            return bool(super().handle_request(req, conn))
        except TimeoutError:
            # Half an answer is out; all that is left to say is goodbye.
            return False

    def finish_request(self, conn: Connection, fs: Future[object]) -> None:
        """Keep, defer or end a connection; runs in the worker's loop, so it must not wait."""
        if fs.cancelled() or fs.exception() or fs.result():
            super().finish_request(conn, fs)
            return
        # Closed at once, with bytes of the request unread, the kernel would cut off the
        # answer too. The client closes first (RFC 9112, section 9.6).
        with self._ending_if_gone(conn):
            conn.sock.shutdown(socket.SHUT_WR)
            conn.sock.setblocking(False)
            self.poller.register(conn.sock, EVENT_READ, partial(self._drain, conn))
            self._lingering[conn] = time.monotonic() + _LINGER_S

    def murder_pending(self) -> None:
        """End what is overdue; gunicorn's loop calls this at every turn."""
        super().murder_pending()
        now = time.monotonic()
        for conn, deadline in self._reading_heads.copy().items():
            if deadline < now:
                # Its thread sees the end of the request and gives up.
                with suppress(OSError):
                    conn.sock.shutdown(socket.SHUT_RD)
        for conn, deadline in self._lingering.copy().items():
            if deadline < now:
                self._end(conn)

    def handle_exit(self, sig: int, frame: object) -> None:
        """End when what is in flight is done; what has no end of its own is told to find one."""
        begin_to_stop = getattr(getattr(self, "wsgi", None), "begin_to_stop", None)
        if begin_to_stop is not None:
            begin_to_stop()
        super().handle_exit(sig, frame)

    def handle_quit(self, sig: int, frame: object) -> None:
        """End at once, cutting off the requests in flight."""
        for conn in self._served.copy():
            with suppress(OSError):
                conn.sock.shutdown(socket.SHUT_RDWR)
        # Not gthread's own handler: it takes a lock of the thread pool, which the code
        # that this signal interrupts may hold.
        Worker.handle_quit(self, sig, frame)

    def set_accept_enabled(self, enabled: bool) -> None:
        """Listen, pause, or, when the worker is to end, stop for good."""
        super().set_accept_enabled(enabled)
        if self.alive:
            return
        # A socket left open takes connections that nobody will answer. Those it has
        # taken already are answered.
        deadline = time.monotonic() + _LAST_HANDSHAKES_S
        for listener in self.sockets:
            taken = -1
            while taken != self.nr_conns or time.monotonic() < deadline:
                if taken == self.nr_conns:
                    time.sleep(_LAST_HANDSHAKES_S / 10)
                taken = self.nr_conns
                self.accept(listener)
            listener.close()

    def murder_keepalived(self, force: bool = False) -> None:
        """End connections that are idle for too long, unless a request has just come.

        A proxy may send one as long as it has not heard of the end. gunicorn closes what
        was idle when it last looked, which on a busy worker is milliseconds ago.
        """
        if not self.alive and not force:
            now = time.monotonic()
            for conn in self.keepalived_conns:
                if conn.timeout <= now and _is_readable(conn.sock):
                    conn.timeout = now + _LINGER_S
        super().murder_keepalived(force)

    def _keepalive_after(self, conn: Connection, keepalive: object) -> bool:
        """Tell if the connection can be used again; runs in the request's thread."""
        deadline = time.monotonic() + _REFUSED_BODY_WAIT_S
        return bool(keepalive and conn.parser.finish_body(deadline=deadline))

    def _cap_keepalive(self, deadline: float) -> None:
        """Let no idle connection, used before or not, hold up the end of the worker."""
        super()._cap_keepalive(deadline)
        for conn in self.pending_conns:
            conn.timeout = min(conn.timeout, deadline)

    def _drain(self, conn: Connection, client: socket.socket) -> None:
        with self._ending_if_gone(conn), suppress(BlockingIOError):
            if not client.recv(_BLOCK):
                self._end(conn)

    @contextmanager
    def _ending_if_gone(self, conn: Connection) -> Iterator[None]:
        try:
            yield
        except OSError:
            self._end(conn)

    def _end(self, conn: Connection) -> None:
        if self._lingering.pop(conn, None) is not None:
            self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        conn.close()


def _is_readable(client: socket.socket, wait_ms: int = 0) -> bool:
    readable = select.poll()
    readable.register(client, select.POLLIN)
    return bool(readable.poll(wait_ms))
