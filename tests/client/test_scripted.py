"""The scripted server of the other tests."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from tests.client.scripted import Reply, scripted


def test_a_204_ends_with_its_head():
    """Else the client resets the connection, and the server's thread prints a traceback."""
    with scripted([Reply(204)]) as server:
        parts = urlsplit(server.url)
        with socket.create_connection((parts.hostname, parts.port)) as connection:
            connection.sendall(b"DELETE / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            received = b"".join(iter(lambda: connection.recv(1000), b""))
    assert received.endswith(b"\r\n\r\n")
    assert b"Content-Length" not in received
