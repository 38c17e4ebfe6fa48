"""gunicorn's threaded worker, made patient: a slow client costs a socket, not a thread.

    new connection   counted for its client; nobody waits for its first byte for long
    request          collected by the worker's loop until its head and a short body are
                     there, then handed to a thread
    answer           what the client does not take soon is sent by the loop
    long bodies      are read by a thread, and long streams sent by one; a client that is
                     slower than `min_bytes_per_s` is cut off, and so are the slowest
                     while others wait and more than half of the threads wait for clients

As gunicorn ships it, a client that says nothing holds a thread for five seconds, one that
never finishes its request or never takes its answer holds it for ever, and one that does
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

# Most clients send their request with the connection; a thread that nobody else needs
# waits so long for it.
_FIRST_BYTE_WAIT_MS = 20

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

# How often deadlines and speeds are looked at.
_LOOK_EVERY_S = 0.1
# How long a client has been waited for before its speed counts, and before it can be cut
# off because others need its thread.
_SPEED_WINDOW_S = 10.0
_PRESSURE_AFTER_S = 1.0

# Errors of accept(2) that say that the process or the machine has no room.
_NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_NO_ROOM_PAUSE_S = 0.05

util.write_error = write_problem


class PatientWorker(gthread.ThreadWorker):
    """A thread pool behind a loop that does the waiting for slow clients.

    The attributes are set by gunicorn's configuration file, before any worker starts.

    Attributes:
        head_timeout_s: how long the head of a request may take.
        body_timeout_s: how long a short body may take after its head.
        send_timeout_s: how long a client may take nothing of an answer.
        min_bytes_per_s: how much a client must send or take while it is waited for.
        most_connections: connections of this process.
        client_connections: connections of one client to this process.
        trusted_proxies: networks whose addresses stand for many clients.
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
        # Waiting in the loop: for a request or for the end of a connection, by deadline; and
        # for the client to take its answer, with whether to keep the connection then.
        self._collecting: dict[Connection, float] = {}
        self._lingering: dict[Connection, float] = {}
        self._sending: dict[Connection, bool] = {}
        self._next_look = 0.0

    # What threads do.

    def handle(self, conn: Connection) -> object:
        """Answer requests in a thread of the pool; true to keep the connection."""
        while self._has_request(conn):
            self._served.add(conn)
            try:
                keeps = conn.hand_over() and super().handle(conn)
            finally:
                self._served.discard(conn)
            if not keeps:
                return False
            conn.begin_next()
            if conn.sock.has_rest or not self._has_next(conn):
                return True
        return gthread._DEFER

    def _has_request(self, conn: Connection) -> bool:
        """True once a request is there, or will never be; never waits long for the client."""
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
        """True if the client has sent more, and nobody else waits for this thread."""
        if not self.alive or not self.tpool._work_queue.empty():
            return False
        return bool(conn.request.data) or _is_readable(conn.sock, _NEXT_REQUEST_WAIT_MS)

    def handle_request(self, req: object, conn: Connection) -> bool:
        """Answer a request whose head has come."""
        conn.sock.settimeout(self.send_timeout_s)
        try:
            return bool(super().handle_request(req, conn))
        except TimeoutError:
            # A part of the answer is out, so there is nothing more to say.
            return False

    def _keepalive_after(self, conn: Connection, keepalive: object) -> bool:
        """Tell if the connection can be used again."""
        deadline = time.monotonic() + _REFUSED_BODY_WAIT_S
        return bool(keepalive and conn.parser.finish_body(deadline=deadline))

    # What the loop does. It must never wait for a client.

    def accept(self, listener: socket.socket) -> None:
        """Take a new connection, unless a worker with fewer does."""
        time.sleep(_POLITENESS_S * min(self.nr_conns, 3))
        try:
            accepted, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            self.log.warning("no room for a new connection: %s", error.strerror)
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
        """Go on with a connection that a thread has given back."""
        if fs.cancelled() or fs.exception():
            self._end(conn)
        elif fs.result() is gthread._DEFER:
            self._wait_for_request(conn)
        elif conn.sock.has_rest:
            conn.sock.setblocking(False)
            self._sending[conn] = bool(fs.result())
            self.poller.register(conn.sock, EVENT_WRITE, partial(self._send_rest, conn))
        else:
            self._go_on(conn, keeps=bool(fs.result()))

    def _wait_for_request(self, conn: Connection) -> None:
        timeout_s = self.body_timeout_s if conn.request.has_head else self.head_timeout_s
        if not (self.alive or conn.request.data):
            timeout_s = min(timeout_s, _LINGER_S)
        self._collecting[conn] = time.monotonic() + timeout_s
        conn.sock.setblocking(False)
        self.poller.register(conn.sock, EVENT_READ, partial(self._collect, conn))

    def _collect(self, conn: Connection, client: socket.socket) -> None:
        """Read what has come of a request; hand it to a thread once it is complete."""
        had_head = conn.request.has_head
        conn.collect(_BLOCK)
        if conn.request.is_complete:
            del self._collecting[conn]
            self.poller.unregister(client)
            self.enqueue_req(conn)
        elif conn.request.has_head and not had_head:
            self._collecting[conn] = time.monotonic() + self.body_timeout_s

    def _send_rest(self, conn: Connection, client: socket.socket) -> None:
        """Send what the client takes of the rest of its answer."""
        try:
            is_done = conn.sock.send_rest()
        except OSError:
            self._end(conn)
            return
        if is_done:
            self.poller.unregister(client)
            self._go_on(conn, keeps=self._sending.pop(conn))

    def _go_on(self, conn: Connection, *, keeps: bool) -> None:
        """Keep a connection whose answer is sent, or end it."""
        if keeps and conn.request.data:
            # The next request, or its beginning, came with the last one.
            self.enqueue_req(conn)
        elif keeps:
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

        Closed at once, with bytes of the request unread, the kernel would cut off the answer.
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
        """Close the connection that says nothing for longest; false if there is none."""
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
        """End what is overdue or too slow; gunicorn's loop calls this at every turn."""
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
        """End a connection whose request does not come."""
        if not conn.request.data:
            self._end(conn)
            return
        del self._collecting[conn]
        self.poller.unregister(conn.sock)
        with self._ending_if_gone(conn):
            part = "body" if conn.request.has_head else "head"
            message = f"the {part} of the request took too long; nothing was kept"
            write_problem(conn.sock, 408, "Request Timeout", message)
            self._linger(conn)

    def _is_too_slow(self, conn: Connection) -> bool:
        return conn.sock.is_slower_than(self.min_bytes_per_s, _SPEED_WINDOW_S)

    def _cut(self, conn: Connection) -> None:
        with suppress(OSError):
            conn.sock.cut()

    def _free_threads(self) -> None:
        """Cut off the slowest clients that threads wait for, until half of the threads is free.

        Of the clients that hold the most threads first.
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

    # How a worker stops.

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

    def _cap_keepalive(self, deadline: float) -> None:
        """Let no idle connection, used before or not, hold up the end of the worker."""
        super()._cap_keepalive(deadline)
        for conn in self._collecting:
            if not conn.request.data:
                self._collecting[conn] = min(self._collecting[conn], deadline)


def _is_readable(client: socket.socket, wait_ms: int = 0) -> bool:
    readable = select.poll()
    readable.register(client, select.POLLIN)
    return bool(readable.poll(wait_ms))
