"""One HTTP request to a checked address, and its response."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import certifi
import httpcore

from progimage import __version__
from progimage.errors import DownloadFailed
from progimage.ingest.download.connection import PinnedBackend
from progimage.ingest.download.network import Deadline, Network
from progimage.ingest.download.urls import RemoteUrl

Headers = Sequence[tuple[bytes, bytes]]


def request(
    target: RemoteUrl,
    network: Network,
    deadline: Deadline,
    stack: ExitStack,
    tls: ssl.SSLContext,
    headers: Headers,
    content: bytes | None = None,
) -> httpcore.Response:
    """Send a request; return the response, with its body not read yet.

    Args:
        network: decides which addresses may be reached.
        stack: closes the connection.
        headers: sent beside Host, Connection and Content-Length, and User-Agent unless it is
            among them.
        content: the body of a POST; None for a GET.

    Raises:
        DownloadNotAllowed: the host may not be reached.
        DownloadFailed: the server cannot be reached, or what it sends is not HTTP.
    """
    addresses = network.addresses(target.host, target.port, deadline)
    origin = httpcore.Origin(target.scheme.encode(), str(target.host).encode(), target.port)
    connection = stack.enter_context(
        httpcore.HTTPConnection(
            origin,
            ssl_context=tls if target.scheme == "https" else None,
            network_backend=PinnedBackend(network, addresses, target.port, deadline),
        )
    )
    names = {name.lower() for name, _ in headers}
    agent = [] if b"user-agent" in names else [(b"User-Agent", f"ProgImage/{__version__}".encode())]
    length = [] if content is None else [(b"Content-Length", str(len(content)).encode())]
    message = httpcore.Request(
        b"GET" if content is None else b"POST",
        httpcore.URL(
            scheme=origin.scheme,
            host=origin.host,
            port=origin.port,
            target=target.target.encode("ascii"),
        ),
        headers=[
            (b"Host", target.authority.encode("ascii")),
            *agent,
            (b"Connection", b"close"),
            *length,
            *headers,
        ],
        content=content,
    )
    with protocol_faults():
        return connection.handle_request(message)


@contextmanager
def protocol_faults() -> Iterator[None]:
    """Raise httpcore's errors for a broken answer as `DownloadFailed`."""
    try:
        yield
    except (httpcore.ProtocolError, httpcore.UnsupportedProtocol):
        raise DownloadFailed(
            "url: the server's answer broke off or is not valid HTTP", retryable=True
        ) from None


def header(response: httpcore.Response, name: bytes) -> bytes | None:
    """Return the first header of this name (lower case), None if there is none."""
    return next((value for key, value in response.headers if key.lower() == name), None)


def authorities() -> ssl.SSLContext:
    """Return a context with the system's authorities, and Mozilla's for machines without."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
