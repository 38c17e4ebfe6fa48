"""The network layer under httpcore: a socket to a checked address, with one deadline."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator, Sequence
from typing import Any

import httpcore

from progimage.errors import DownloadFailed
from progimage.ingest.download.addresses import Address
from progimage.ingest.download.network import Deadline, Network


class PinnedBackend(httpcore.NetworkBackend):
    """Connects to addresses that were checked, and ignores the requested host."""

    def __init__(
        self, network: Network, addresses: Sequence[Address], port: int, deadline: Deadline
    ) -> None:
        self._network = network
        self._addresses = addresses
        self._port = port
        self._deadline = deadline

    def connect_tcp(
        self, host: str, port: int, *args: Any, **kwargs: Any
    ) -> httpcore.NetworkStream:
        """Return a stream to the first checked address that answers."""
        connection = self._network.connect(self._addresses, self._port, self._deadline)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return _Stream(connection, self._deadline)


class _Stream(httpcore.NetworkStream):
    """A socket on which every operation ends by the deadline."""

    def __init__(self, connection: socket.socket, deadline: Deadline) -> None:
        self._socket = connection
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with self._faults():
            return self._socket.recv(max_bytes)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        with self._faults():
            self._socket.sendall(buffer)

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        try:
            with self._faults():
                wrapped = ssl_context.wrap_socket(self._socket, server_hostname=server_hostname)
        except BaseException:
            self.close()
            raise
        return _Stream(wrapped, self._deadline)

    def close(self) -> None:
        self._socket.close()

    def get_extra_info(self, info: str) -> Any:
        return None

    @contextlib.contextmanager
    def _faults(self) -> Iterator[None]:
        self._socket.settimeout(self._deadline.left())
        try:
            yield
        except TimeoutError:
            raise self._deadline.passed() from None
        except ssl.SSLCertVerificationError:
            raise DownloadFailed(
                "url: the server's certificate is not valid for this host", retryable=False
            ) from None
        except ssl.SSLError:
            raise DownloadFailed("url: the TLS connection to the server failed") from None
        except OSError:
            raise DownloadFailed(
                "url: the connection to the server broke", retryable=True
            ) from None
