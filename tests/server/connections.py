"""Connections of a web process with clients, for tests."""

from __future__ import annotations

import socket

from gunicorn.config import Config

from progimage.server.client_socket import ClientSocket
from progimage.server.connection import Connection


def connected(peer: object = ("192.0.2.1", 1)) -> tuple[Connection, socket.socket]:
    """Return a server's connection, from an address, and the client's end of it."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.settimeout(60)
    return Connection(Config(), ClientSocket(ours), peer, ("", 0), lambda: None), theirs
