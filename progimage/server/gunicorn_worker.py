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
finishes its request or never reads its answer holds one for ever, and a client that does
not close after `Connection: close` stops the whole process for two seconds.
"""

from __future__ import annotations

import errno
import select
import socket
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from functools import partial
from selectors import EVENT_READ, EVENT_WRITE
from typing import Any

from gunicorn import util
from gunicorn.workers import gthread
from gunicorn.workers.base import Worker

from progimage.config.networks import Network
from progimage.server.client_limits import ClientLimits, client_of
from progimage.server.client_socket import ClientSocket
from progimage.server.connection import Connection
from progimage.server.connection_problems import write_problem

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

# How long a stopping worker waits for connections whose handshake is not finished.
_LAST_HANDSHAKES_S = 0.05

# How long a client may take to read the last answer before its connection is cut.
_LINGER_S = 2.0
_BLOCK = 64 * 1024

# How often deadlines and speeds are checked.
_LOOK_EVERY_S = 0.1
# The server waits this long for a client before the client's speed counts, and before it can
# be cut off because other requests need its thread.
_SPEED_WINDOW_S = 10.0
_PRESSURE_AFTER_S = 1.0

# Errors of accept(2) when the process or the machine has no descriptor or memory left.
_NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_NO_ROOM_PAUSE_S = 0.05

util.write_error = write_problem


class PatientWorker(gthread.ThreadWorker):
    """A thread pool behind a loop that waits for slow clients.

    The attributes are set by gunicorn's configuration file, before any worker starts.

    Attributes:
        head_timeout_s: how long the head of a request may take.
        body_timeout_s: how long a short body may take after its head.
        send_timeout_s: how long a client may read nothing of an answer.
        min_bytes_per_s: how much a client must send or read while the server waits for it.
        most_connections: limit on the connections of this process.
        client_connections: limit on the connections of one client to this process.
        trusted_proxies: networks of proxies, whose addresses carry the requests of many
            clients.
    """

    head_timeout_s = 10.0
    body_timeout_s = 30.0
    send_timeout_s = 30.0
    min_bytes_per_s = 1024
    most_connections = 1000
    client_connections = 500
    trusted_proxies: Sequence[Network] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._clients = ClientLimits(self.client_connections, self.trusted_proxies)
        self._served: set[Connection] = set()
        # Connections that wait in the loop. The first two have deadlines: waiting for a request,
        # and for the end of the connection. The third waits until the client has read its
        # answer; True keeps the connection open after that.
        self._collecting: dict[Connection, float] = {}
        self._lingering: dict[Connection, float] = {}
        self._sending: dict[Connection, bool] = {}
        self._next_look = 0.0

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
            _is_readable(conn.sock, _FIRST_BYTE_WAIT_MS)
        while not conn.request.is_complete:
            if not conn.collect(_BLOCK):
                return False
        return True

    def _has_next(self, conn: Connection) -> bool:
        """Return True if the client has sent more, and no other work waits for this thread."""
        if not self.alive or not self.tpool._work_queue.empty():
            return False
        return bool(conn.request.data) or _is_readable(conn.sock, _NEXT_REQUEST_WAIT_MS)

    def handle_request(self, req: object, conn: Connection) -> bool:
        """Answer a request whose head has arrived."""
        conn.sock.settimeout(self.send_timeout_s)
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
        """Handle a connection that a thread has given back."""
        if fs.cancelled() or fs.exception():
            self._end(conn)
        elif fs.result() is gthread._DEFER:
            self._wait_for_request(conn)
        elif conn.sock.has_rest:
            conn.sock.setblocking(False)
            self._sending[conn] = bool(fs.result())
            self.poller.register(conn.sock, EVENT_WRITE, partial(self._send_rest, conn))
        else:
            self._after_answer(conn, keep_open=bool(fs.result()))

    def _wait_for_request(self, conn: Connection) -> None:
        timeout_s = self.body_timeout_s if conn.request.has_head else self.head_timeout_s
        if not (self.alive or conn.request.data):
            timeout_s = min(timeout_s, _LINGER_S)
        self._collecting[conn] = time.monotonic() + timeout_s
        conn.sock.setblocking(False)
        self.poller.register(conn.sock, EVENT_READ, partial(self._collect, conn))

    def _collect(self, conn: Connection, client: socket.socket) -> None:
        """Read the bytes that have arrived; hand the request to a thread once it is complete."""
        had_head = conn.request.has_head
        conn.collect(_BLOCK)
        if conn.request.is_complete:
            del self._collecting[conn]
            self.poller.unregister(client)
            self.enqueue_req(conn)
        elif conn.request.has_head and not had_head:
            self._collecting[conn] = time.monotonic() + self.body_timeout_s

    def _send_rest(self, conn: Connection, client: socket.socket) -> None:
        """Send as much of the rest of an answer as the client reads."""
        try:
            is_done = conn.sock.send_rest()
        except OSError:
            self._end(conn)
            return
        if is_done:
            self.poller.unregister(client)
            self._after_answer(conn, keep_open=self._sending.pop(conn))

    def _after_answer(self, conn: Connection, *, keep_open: bool) -> None:
        """Wait for the next request on a connection, or end it."""
        if keep_open and conn.request.data:
            # The next request, or its beginning, arrived with the last one.
            self.enqueue_req(conn)
        elif keep_open:
            conn.sock.setblocking(False)
            conn.set_timeout()
            if not self.alive:
                conn.timeout = min(conn.timeout, time.monotonic() + _LINGER_S)
            self.keepalived_conns.append(conn)
            readable = partial(self.on_client_socket_readable, conn)
            self.poller.register(conn.sock, EVENT_READ, readable)
        else:
            self._linger(conn)

    def _linger(self, conn: Connection) -> None:
        """Let the client read its last answer and close first (RFC 9112, section 9.6).

        If the socket were closed at once with bytes of the request unread, the kernel would
        cut off the answer.
        """
        with self._ending_if_gone(conn):
            conn.sock.shutdown(socket.SHUT_WR)
            conn.sock.setblocking(False)
            self.poller.register(conn.sock, EVENT_READ, partial(self._drain, conn))
            self._lingering[conn] = time.monotonic() + _LINGER_S

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
        """Close a connection, wherever it waits in the loop."""
        for waiting in (self._collecting, self._lingering, self._sending):
            if waiting.pop(conn, None) is not None:
                self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        conn.close()

    def _end_an_idle_connection(self) -> bool:
        """Close the connection that is silent for longest; return False if there is none."""
        if self._collecting:
            self._end(next(iter(self._collecting)))
        elif self.keepalived_conns:
            conn = self.keepalived_conns.popleft()
            self.poller.unregister(conn.sock)
            self._end(conn)
        else:
            return False
        return True

    def murder_pending(self) -> None:
        """End overdue and too slow connections; gunicorn's loop calls this at every turn."""
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + _LOOK_EVERY_S
        for conn in [conn for conn, deadline in self._collecting.items() if deadline < now]:
            self._give_up(conn)
        for conn in [conn for conn, deadline in self._lingering.items() if deadline < now]:
            self._end(conn)
        for conn in list(self._sending):
            if now - conn.sock.moved_at > self.send_timeout_s or self._is_too_slow(conn):
                self._end(conn)
        for conn in self._served.copy():
            if self._is_too_slow(conn):
                self._cut(conn)
        if not self.tpool._work_queue.empty():
            self._free_threads()

    def _give_up(self, conn: Connection) -> None:
        """End a connection whose request does not arrive in time."""
        if not conn.request.data:
            self._end(conn)
            return
        del self._collecting[conn]
        self.poller.unregister(conn.sock)
        with self._ending_if_gone(conn):
            part = "body" if conn.request.has_head else "head"
            message = f"the {part} of the request took too long; nothing was stored"
            write_problem(conn.sock, 408, "Request Timeout", message)
            self._linger(conn)

    def _is_too_slow(self, conn: Connection) -> bool:
        return conn.sock.is_slower_than(self.min_bytes_per_s, _SPEED_WINDOW_S)

    def _cut(self, conn: Connection) -> None:
        with suppress(OSError):
            conn.sock.cut()

    def _free_threads(self) -> None:
        """Cut off the slowest clients that threads wait for, until half of the threads are free.

        The clients that hold the most threads come first.
        """
        blocked = [
            (client_of(conn.peer), conn.sock.moved / conn.sock.waited_s, conn)
            for conn in self._served.copy()
            if conn.sock.is_blocking_thread and conn.sock.waited_s > _PRESSURE_AFTER_S
        ]
        excess = len(blocked) - self.cfg.threads // 2
        if excess <= 0:
            return
        held = Counter(client for client, _, _ in blocked)
        blocked.sort(key=lambda entry: (-held[entry[0]], entry[1]))
        for _, _, conn in blocked[:excess]:
            self._cut(conn)

    # Stopping.

    def handle_exit(self, sig: int, frame: object) -> None:
        """Stop once the requests in flight are done; endless streams get the signal to end."""
        begin_to_stop = getattr(getattr(self, "wsgi", None), "begin_to_stop", None)
        if begin_to_stop is not None:
            begin_to_stop()
        super().handle_exit(sig, frame)

    def handle_quit(self, sig: int, frame: object) -> None:
        """End at once, cutting off the requests in flight."""
        for conn in self._served.copy():
            with suppress(OSError):
                conn.sock.shutdown(socket.SHUT_RDWR)
        # Not gthread's own handler: it acquires a lock of the thread pool, which the
        # interrupted code may hold.
        Worker.handle_quit(self, sig, frame)

    def set_accept_enabled(self, enabled: bool) -> None:
        """Listen or pause; stop for good if the worker is stopping."""
        super().set_accept_enabled(enabled)
        if self.alive:
            return
        # An open socket would still collect connections that no worker answers. Those
        # that it already has are answered.
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
        """End connections that are idle for too long, unless a request has just arrived.

        A proxy may send a request until it sees the connection end. gunicorn closes
        connections that were idle at its last check, which on a busy worker is milliseconds
        ago.
        """
        if not self.alive and not force:
            now = time.monotonic()
            for conn in self.keepalived_conns:
                if conn.timeout <= now and _is_readable(conn.sock):
                    conn.timeout = now + _LINGER_S
        super().murder_keepalived(force)

    def _cap_keepalive(self, deadline: float) -> None:
        """Make sure that no idle connection delays the end of the worker, used before or not."""
        super()._cap_keepalive(deadline)
        for conn in self._collecting:
            if not conn.request.data:
                self._collecting[conn] = min(self._collecting[conn], deadline)


def _is_readable(client: socket.socket, wait_ms: int = 0) -> bool:
    readable = select.poll()
    readable.register(client, select.POLLIN)
    return bool(readable.poll(wait_ms))
