"""Clients that send or read as slowly as they can."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

from tests.system.abuse.bounds import PATIENCE_S
from tests.system.serving.server import Peer


@dataclass(frozen=True)
class Trickle:
    """Connections that have sent `begin`, and send `drip` from time to time.

    Attributes:
        addresses: how many clients the connections come from.
        reads_nothing: whether the client has a window of a few kilobytes and never reads.
    """

    count: int
    begin: bytes
    drip: bytes = b""
    addresses: int = 1
    reads_nothing: bool = False


@contextmanager
def attacking(peer: Peer, trickle: Trickle) -> Iterator[None]:
    """Hold the connections."""
    stop = threading.Event()
    with ExitStack() as stack:
        clients = []
        for number in range(trickle.count):
            client = stack.enter_context(_connected(peer, number % trickle.addresses, trickle))
            clients.append(client)
            with suppress(OSError):
                client.sendall(trickle.begin)

        def go_on() -> None:
            while trickle.drip and not stop.wait(0.5):
                for client in clients:
                    with suppress(OSError):
                        client.sendall(trickle.drip)

        thread = threading.Thread(target=go_on)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


def _connected(peer: Peer, number: int, trickle: Trickle) -> socket.socket:
    """Connect from the attacker's address with this number."""
    client = socket.socket()
    client.settimeout(PATIENCE_S)
    if trickle.reads_nothing:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.bind((f"127.0.0.{2 + number}", 0))
    client.connect(peer.address)
    return client


def head(method: str, path: str, *lines: str) -> bytes:
    """Return the head of a request."""
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: a", *lines, "", ""]).encode()


def post(path: str, length: int, kind: str = "application/json", method: str = "POST") -> bytes:
    """Return the head of a request with a body of this length."""
    return head(method, path, f"Content-Type: {kind}", f"Content-Length: {length}")


def put_to_an_upload(peer: Peer) -> bytes:
    """Create a resumable upload; return the head of a request that sends it whole."""
    body, kind = json.dumps({"file_name": "photo.jpg"}), {"Content-Type": "application/json"}
    answer = peer.request("POST", "/uploads/", body, kind)
    assert answer.status == 201, answer.body[:2000]
    return post(f"/uploads/{answer.json['id']}/", 10**6, "image/png", "PUT")
