"""gunicorn's threaded worker, changed so that a slow client costs a socket, not a thread.

    new connection   counted for its client; no thread waits long for its first byte
    request          the worker's loop collects the head and a short body, then hands the
                     request to a thread
    answer           the loop sends the part that the client does not read soon
    long bodies      a thread reads them, and sends long streams. A client that is slower
                     than `min_bytes_per_s` is cut off. The slowest clients are cut off too
                     if other requests wait and more than half of the threads wait for
                     clients

With plain gunicorn, a silent client holds a thread for five seconds, a client that never
finishes its request or never reads its answer holds one without end, and a client that does
not close after `Connection: close` stops the whole process for two seconds.
"""

from __future__ import annotations

import errno
import socket
import time
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn import util
from gunicorn.workers import gthread
from gunicorn.workers.base import Worker

from progimage.config.networks import Network
from progimage.server.client_limits import ClientLimits
from progimage.server.client_socket import ClientSocket
from progimage.server.connection import Connection
from progimage.server.connection_problems import write_problem
from progimage.server.graceful_worker import GracefulWorker
from progimage.server.slow_clients import ServedClients
from progimage.server.waiting_connections import BLOCK, LINGER_S, Limits, WaitingConnections

# How long an otherwise idle thread waits for the first byte: most clients send their request
# together with the connection.
_FIRST_BYTE_WAIT_MS = 20

# How long to wait for the rest of a rejected body: it is read only if it has arrived.
_REJECTED_BODY_WAIT_S = 0.05

# A busy client's next request arrives at once. Waiting for it in the thread that sent the
# last answer skips the worker's loop, which is half of the cost of a cached picture.
_NEXT_REQUEST_WAIT_MS = 2

# All workers are notified of a new connection, and the first to accept gets it. Each worker
# waits this long for every connection it has, up to three, so that the least busy is first.
_POLITENESS_S = 0.00015

# How often deadlines and speeds are checked.
_LOOK_EVERY_S = 0.1

# Errors of accept(2) when the process or the machine has no descriptor or memory left.
_NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_NO_ROOM_PAUSE_S = 0.05

util.write_error = write_problem


class PatientWorker(GracefulWorker):
    """A thread pool behind a loop that waits for slow clients.

    The attributes are set by gunicorn's configuration file, before any worker starts.

    Attributes:
        limits: how long clients may take.
        most_connections: limit on the connections of this process.
        client_connections: limit on the connections of one client to this process.
        trusted_proxies: networks of proxies, whose addresses carry the requests of many
            clients.
    """

    limits = Limits(10.0, 30.0, 30.0, 1024)
    most_connections = 1000
    client_connections = 500
    trusted_proxies: Sequence[Network] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._clients = ClientLimits(self.client_connections, self.trusted_proxies)
        self._served = ServedClients()
        self._next_look = 0.0
        self._turned_away = 0

    def run(self) -> None:
        """Serve until the worker has to stop."""
        self.begin_waiting()
        super().run()

    def begin_waiting(self) -> None:
        """Prepare for connections that wait; only now, since the new process makes the poller."""
        self._waiting = WaitingConnections(
            self.poller, self.limits, self.enqueue_req, self._after_answer, self._count_an_end
        )

    # Run by the threads.

    def handle(self, conn: Connection) -> object:
        """Answer requests in a thread of the pool; return True to keep the connection open."""
        while self._has_request(conn):
            self._served.add(conn)
            try:
                keep_open = conn.hand_over() and super().handle(conn)
            finally:
                self._served.discard(conn)
            if not keep_open:
                return False
            conn.begin_next()
            if conn.sock.has_rest or not self._has_next(conn):
                return True
        return gthread._DEFER

    def _has_request(self, conn: Connection) -> bool:
        """Return True if the request is complete, or can never be. Never waits long."""
        if conn.request.is_complete:
            return True
        conn.sock.setblocking(False)
        if not conn.request.data and self.tpool._work_queue.empty():
            conn.is_readable(_FIRST_BYTE_WAIT_MS)
        while not conn.request.is_complete:
            if not conn.collect(BLOCK):
                return False
        return True

    def _has_next(self, conn: Connection) -> bool:
        """Return True if the client has sent more, and no other work waits for this thread."""
        if not self.alive or not self.tpool._work_queue.empty():
            return False
        return bool(conn.request.data) or conn.is_readable(_NEXT_REQUEST_WAIT_MS)

    def handle_request(self, req: object, conn: Connection) -> bool:
        """Answer a request whose head has arrived."""
        conn.sock.settimeout(self.limits.send_timeout_s)
        try:
            return bool(super().handle_request(req, conn))
        except TimeoutError:
            # A part of the answer is sent, so no error can be sent any more.
            return False

    def _keepalive_after(self, conn: Connection, keepalive: object) -> bool:
        """Return True if the connection can be used again."""
        deadline = time.monotonic() + _REJECTED_BODY_WAIT_S
        return bool(keepalive and conn.parser.finish_body(deadline=deadline))

    # Run by the loop, which must never wait for a client.

    def accept(self, listener: socket.socket) -> None:
        """Accept a new connection, unless a worker with fewer connections does."""
        time.sleep(_POLITENESS_S * min(self.nr_conns, 3))
        try:
            accepted, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            self.log.warning("cannot accept a new connection: %s", error.strerror)
            if not self._end_an_idle_connection():
                time.sleep(_NO_ROOM_PAUSE_S)
            return
        client = ClientSocket(accepted)
        peer = address[0] if isinstance(address, tuple) else ""
        is_full = self.nr_conns >= self.most_connections and not self._end_an_idle_connection()
        if is_full or not self._clients.admit(peer):
            with suppress(OSError), client:
                write_problem(client, 503, "Too Busy", "too many connections; try again later")
            return
        self.nr_conns += 1
        on_close = partial(self._clients.leave, peer)
        self.enqueue_req(Connection(self.cfg, client, address, listener.getsockname(), on_close))

    def finish_request(self, conn: Connection, fs: Future[object]) -> None:
        """Handle a connection that a thread has returned to the loop."""
        if fs.cancelled() or fs.exception():
            self._waiting.end(conn)
        elif fs.result() is gthread._DEFER:
            self._waiting.wait_for_request(conn, None if self.alive else LINGER_S)
        elif conn.sock.has_rest:
            self._waiting.send_rest(conn, keep_open=bool(fs.result()))
        else:
            self._after_answer(conn, bool(fs.result()))

    def _after_answer(self, conn: Connection, keep_open: bool) -> None:
        """Wait for the next request on a connection, or end it."""
        if keep_open and conn.request.data:
            # The next request, or its beginning, arrived with the last one.
            self.enqueue_req(conn)
        elif keep_open:
            conn.sock.setblocking(False)
            conn.set_timeout()
            if not self.alive:
                conn.timeout = min(conn.timeout, time.monotonic() + LINGER_S)
            self.keepalived_conns.append(conn)
            readable = partial(self.on_client_socket_readable, conn)
            self.poller.register(conn.sock, EVENT_READ, readable)
        else:
            self._waiting.linger(conn)

    def on_client_socket_readable(self, conn: Connection, client: socket.socket) -> None:
        """Hand the next request of an idle connection to a thread.

        The connection may have been ended for another one after the poller has seen its bytes.
        """
        if conn in self.keepalived_conns:
            super().on_client_socket_readable(conn, client)

    def _count_an_end(self) -> None:
        self.nr_conns -= 1

    def _end_an_idle_connection(self) -> bool:
        """Close the connection that is silent for longest; return False if there is none."""
        if self._waiting.end_the_oldest_silent():
            return True
        if not self.keepalived_conns:
            return False
        conn = self.keepalived_conns.popleft()
        self.poller.unregister(conn.sock)
        self._waiting.end(conn)
        return True

    def murder_pending(self) -> None:
        """End overdue and too slow connections; gunicorn's loop calls this at every turn."""
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + _LOOK_EVERY_S
        self._waiting.end_overdue()
        self._served.cut_too_slow(self.limits.min_bytes_per_s)
        if not self.tpool._work_queue.empty():
            self._served.free_threads(self.cfg.threads // 2)
        turned_away = getattr(getattr(self, "wsgi", None), "uploads_turned_away", 0)
        if turned_away > self._turned_away:
            self._turned_away = turned_away
            self._served.free_place()

    # Stopping.

    def handle_quit(self, sig: int, frame: object) -> None:
        """End at once, cutting off the requests in flight."""
        for conn in self._served.copy():
            with suppress(OSError):
                conn.sock.shutdown(socket.SHUT_RDWR)
        # Not gthread's own handler: it acquires a lock of the thread pool, which the
        # interrupted code may hold.
        Worker.handle_quit(self, sig, frame)

    def _cap_keepalive(self, deadline: float) -> None:
        """Make sure that no idle connection delays the end of the worker, used before or not."""
        super()._cap_keepalive(deadline)
        self._waiting.cap_silent(deadline)
