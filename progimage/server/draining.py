"""Stops a server so that no client of a load balancer loses a request.

    SIGTERM          for server.drain_s seconds /health/ready answers 503; all other
                     requests are served as usual
    then             no new connections; connected clients are answered
    in each worker   requests in flight are finished; keep-alive connections are closed
                     after their next answer, or after two idle seconds

With plain gunicorn, a connection that arrives between a worker's last `accept` and the
closing of its socket is reset. Proxies must not repeat some requests, so those are lost.
Here the kernel first drops packets that begin a connection, and then the workers stop. A client
that retries a second later finds the port closed, and a proxy uses the next node before it has
sent anything.
"""

from __future__ import annotations

import ctypes
import mmap
import signal
import socket
import struct
import sys
from contextlib import suppress
from functools import partial
from typing import Any

# asm-generic/socket.h; the socket module does not have it.
_SO_ATTACH_FILTER = 26

# Classic BPF (linux/filter.h) over a TCP header: load the flags and mask SYN and ACK. A SYN
# alone is dropped and all other packets pass, so that open handshakes can finish.
_DROP_SYN = b"".join(
    struct.pack("=HBBI", *instruction)
    for instruction in (
        (0x30, 0, 0, 13),
        (0x54, 0, 0, 0x12),
        (0x15, 0, 1, 0x02),
        (0x06, 0, 0, 0),
        (0x06, 0, 0, 0xFFFFFFFF),
    )
)

# Memory that the master shares with the workers: it forks them after this import.
_flag = mmap.mmap(-1, 1)


def is_draining() -> bool:
    """Return True once the server has received the signal to stop."""
    return _flag[0] != 0


def stop_gently(master: Any, drain_s: float) -> None:
    """Make gunicorn's master drain for `drain_s` on SIGTERM; a second SIGTERM ends the wait."""
    master.handle_term = partial(_handle_term, master, drain_s)


def begin_no_connection(listener: socket.socket) -> None:
    """Drop new connections to `listener`; those already made can still be accepted.

    On systems other than Linux, and for unix sockets, it does nothing.
    """
    if sys.platform != "linux" or listener.family not in (socket.AF_INET, socket.AF_INET6):
        return
    program = ctypes.create_string_buffer(_DROP_SYN, len(_DROP_SYN))
    filter_ = struct.pack("@HP", len(_DROP_SYN) // 8, ctypes.addressof(program))
    with suppress(OSError):
        listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, filter_)


def _handle_term(master: Any, drain_s: float) -> None:
    """Begin the wait, or end it. Runs in the master's loop."""
    if master.systemd or master.reexec_pid or master.master_pid:
        # This process shares the socket with systemd, or with the other server during an
        # upgrade (SIGUSR2). They still accept its connections, so none is lost.
        type(master).handle_term(master)  # raises, which ends the master's loop
    if drain_s and not is_draining():
        _flag[0] = 1
        # An alarm, not a sleep: the master's loop has to supervise the workers meanwhile.
        signal.signal(signal.SIGALRM, lambda *_: master.signal(signal.SIGTERM, None))
        signal.setitimer(signal.ITIMER_REAL, drain_s)
        return
    _flag[0] = 1
    for listener in master.LISTENERS:
        begin_no_connection(listener.sock)
    type(master).handle_term(master)
