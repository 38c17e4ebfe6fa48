"""gunicorn's threaded worker, changed so that it answers all that it has before it stops."""

from __future__ import annotations

import time

from gunicorn.workers import gthread

from progimage.server.waiting_connections import LINGER_S

# How long a stopping worker waits for connections whose handshake is not finished.
_LAST_HANDSHAKES_S = 0.05


class GracefulWorker(gthread.ThreadWorker):
    """A worker that leaves no connection without an answer at its end."""

    def handle_exit(self, sig: int, frame: object) -> None:
        """Stop once the requests in flight are done; endless streams get the signal to end."""
        begin_to_stop = getattr(getattr(self, "wsgi", None), "begin_to_stop", None)
        if begin_to_stop is not None:
            begin_to_stop()
        super().handle_exit(sig, frame)

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
                if conn.timeout <= now and conn.is_readable():
                    conn.timeout = now + LINGER_S
        super().murder_keepalived(force)
