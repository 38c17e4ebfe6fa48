"""How a server is told to stop, so that no client of a load balancer loses a request.

    SIGTERM          for server.drain_s /health/ready says 503, and all else goes on
    then             nothing new can connect; who has connected already is answered
    in each worker   what is in flight is finished, connections that are kept alive are
                     closed with their next answer, or when they were idle for two seconds

As gunicorn ships it, a connection that is made in the instant between a worker's last
`accept` and the closing of its socket is reset, and a request that a proxy may not send
twice is lost with it. So before the workers are told, the kernel is asked to drop what
would begin a connection: who tries again a second later finds the port closed, and
proxies go on to the next node, having sent nothing.
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

# Classic BPF (linux/filter.h) over a TCP header: load the flags, keep SYN and ACK; SYN
# alone is dropped, all else passes, so that handshakes under way are finished.
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

# Memory that the master shares with the workers, which it forks after this was imported.
_flag = mmap.mmap(-1, 1)


def is_draining() -> bool:
    """True once the server was told to stop."""
    return _flag[0] != 0


def stop_gently(master: Any, drain_s: float) -> None:
    """Have gunicorn's master answer SIGTERM as this module says; a second one ends the wait."""
    master.handle_term = partial(_handle_term, master, drain_s)


def begin_no_connection(listener: socket.socket) -> None:
    """Let nobody connect any more; those who have are still to be accepted.

    Where the kernel cannot do that (it takes Linux and TCP), nothing happens.
    """
    if sys.platform != "linux" or listener.family not in (socket.AF_INET, socket.AF_INET6):
        return
    program = ctypes.create_string_buffer(_DROP_SYN, len(_DROP_SYN))
    filter_ = struct.pack("@HP", len(_DROP_SYN) // 8, ctypes.addressof(program))
    with suppress(OSError):
        listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, filter_)


def _handle_term(master: Any, drain_s: float) -> None:
    """Begin the wait, or end it; runs in the master's loop."""
    if master.systemd or master.reexec_pid or master.master_pid:
        # The socket is not ours alone: systemd, or the server we take turns with on an
        # upgrade (SIGUSR2), goes on taking connections from it, and loses none.
        type(master).handle_term(master)  # which raises what ends the master's loop
    if drain_s and not is_draining():
        _flag[0] = 1
        # The master's loop must go on meanwhile: it watches over the workers.
        signal.signal(signal.SIGALRM, lambda *_: master.signal(signal.SIGTERM, None))
        signal.setitimer(signal.ITIMER_REAL, drain_s)
        return
    _flag[0] = 1
    for listener in master.LISTENERS:
        begin_no_connection(listener.sock)
    type(master).handle_term(master)
