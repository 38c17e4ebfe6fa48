"""Ports of this machine that no other program takes."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager


def reserve_port() -> socket.socket:
    """Return a socket that is bound to a free port of 127.0.0.1 and does not listen.

    Until it is closed, the kernel gives the port to no program that asks for any free one, and
    connections to it are refused. A server with SO_REUSEADDR can listen on it, also a second
    time (socket(7), ip(7)).
    """
    port = socket.socket()
    port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    port.bind(("127.0.0.1", 0))
    return port


@contextmanager
def closed_port() -> Iterator[str]:
    """Yield the URL of a port at which no server answers."""
    with reserve_port() as port:
        yield f"http://127.0.0.1:{port.getsockname()[1]}"
