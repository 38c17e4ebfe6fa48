"""Web servers that behave as a test says, byte for byte, and a network in front of them."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from progimage.config import Download
from progimage.errors import DownloadFailed
from progimage.ingest.download.downloader import Downloader
from progimage.ingest.download.hosts import HostList
from progimage.ingest.download.network import Network

# Addresses of networks in common use; nothing here ever sends a packet to them.
PUBLIC = "93.184.215.14"
OTHER_PUBLIC = "151.101.1.69"

Talk = Callable[[socket.socket], None]


class TcpServer:
    """Reads the head of each request, then does with the connection what `talk` does."""

    def __init__(self, talk: Talk, tls: ssl.SSLContext | None = None) -> None:
        self._talk = talk
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.requests: list[bytes] = []

    def run(self) -> None:
        """Take connections until `close`."""
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection:
                head = b""
                while b"\r\n\r\n" not in head:
                    piece = connection.recv(65536)
                    if not piece:
                        return
                    head += piece
                self.requests.append(head)
                self._talk(connection)


@contextmanager
def serving(talk: Talk | bytes, tls: ssl.SSLContext | None = None) -> Iterator[TcpServer]:
    """Run a server; bytes are sent as they are."""
    server = TcpServer(talk if callable(talk) else lambda c: c.sendall(talk), tls)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join()


class FakeInternet:
    """Names and addresses that lead to local servers, under the real rule of addresses.

    Attributes:
        names: what a name stands for, one answer after the other; the last one stays.
        dialled: the addresses that were connected to.
    """

    def __init__(self, **servers: TcpServer) -> None:
        self.names: dict[str, list[list[str]]] = {}
        self.dialled: list[str] = []
        self._ports: dict[str, int] = {}

    def add(self, name: str, server: TcpServer, address: str = PUBLIC) -> None:
        """Have a name stand for an address at which a server answers."""
        self.names[name] = [[address]]
        self._ports[address] = server.port

    def look_up(self, name: str, port: int) -> list[str]:
        answers = self.names.get(name)
        if answers is None:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def dial(self, address: str, port: int, timeout_s: float) -> socket.socket:
        self.dialled.append(address)
        if address not in self._ports:
            raise ConnectionRefusedError
        return socket.create_connection(("127.0.0.1", self._ports[address]), timeout_s)

    def downloader(
        self,
        *,
        max_bytes: int = 100_000,
        tls: ssl.SSLContext | None = None,
        **settings: object,
    ) -> Downloader:
        """Return a downloader on this network."""
        chosen = Download.model_validate({"total_timeout_s": 10, **settings})
        network = Network(
            allow_private=chosen.allow_private,
            allowed=HostList(chosen.allowed_hosts, "download.allowed_hosts"),
            denied=HostList(chosen.denied_hosts, "download.denied_hosts"),
            connect_timeout_s=chosen.connect_timeout_s,
            look_up=self.look_up,
            dial=self.dial,
        )
        return Downloader(chosen, max_bytes, network, tls)


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """Return a whole HTTP answer."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def redirect(to: str, status: str = "302 Found") -> bytes:
    """Return a redirect."""
    return answer(b"elsewhere", f"Location: {to}", status=status)


def fetch(downloader: Downloader, url: str = "http://pictures.example.com/cat.jpg") -> bytes:
    """Return all the bytes at a URL."""
    with downloader.open(url) as remote:
        pieces = []
        while piece := remote.read(4096):
            pieces.append(piece)
        return b"".join(pieces)


URL = "http://pictures.example.com/a/cat.jpg?size=2"


def fetched(net: FakeInternet, talk, **settings) -> bytes:
    """Return what comes from a server that talks like this."""
    with serving(talk) as server:
        net.add("pictures.example.com", server)
        return fetch(net.downloader(**settings), URL)


def refused(net: FakeInternet, talk, error=DownloadFailed, **settings):
    """Return the error that comes of a server that talks like this."""
    with pytest.raises(error) as caught:
        fetched(net, talk, **settings)
    return caught.value
