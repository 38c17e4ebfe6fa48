"""Fetch a remote picture: from public addresses only, with bounds on time and bytes.

    parse the URL → look the host up → check every address → connect to a checked one →
    at a redirect begin again, three times at most → stream the body up to a limit

No cookies or credentials are sent, and no proxy of the environment is used. Errors do not
repeat anything that the server sent.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property

import httpcore

from progimage.config import Download
from progimage.errors import DownloadFailed, DownloadNotAllowed, PictureTooLarge
from progimage.ingest.download import content_coding, retry_after
from progimage.ingest.download.exchange import authorities, header, protocol_faults, request
from progimage.ingest.download.hosts import HostList
from progimage.ingest.download.network import Deadline, Network
from progimage.ingest.download.urls import RemoteUrl, parse_url
from progimage.ingest.source import Pieces

VIA = "progimage"

HEADERS = (
    (b"Accept", b"image/*,*/*;q=0.1"),
    # A picture is compressed already. Some servers compress all the same.
    (b"Accept-Encoding", b"identity"),
    # Lets a service notice that a request comes from itself.
    (b"Via", f"1.1 {VIA}".encode()),
)
"""What is sent with each request for a picture."""

REDIRECTS = {301, 302, 303, 307, 308}
# Statuses of failures that may be temporary (RFC 9110, section 15; RFC 6585; RFC 8470).
_PASSING = {408, 425, 429, 500, 502, 503, 504}


class Remote(Pieces):
    """A remote picture that is arriving.

    `read` raises `DownloadFailed` if the connection broke, the time is over, or the body does not
    match its headers, and `PictureTooLarge` beyond `max_bytes`.

    Attributes:
        url: where it comes from, after redirects.
        file_name: the last part of the path of the requested URL; may be empty.
    """

    def __init__(
        self, response: httpcore.Response, url: str, file_name: str, max_bytes: int
    ) -> None:
        super().__init__(_limited(response, max_bytes))
        self.url = url
        self.file_name = file_name


class Downloader:
    """Fetches pictures as the settings allow it."""

    def __init__(
        self,
        settings: Download,
        max_bytes: int,
        network: Network | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Check the settings; `network` and `tls` are used instead of the real ones.

        Raises:
            ConfigError: an entry of a list is not a host.
        """
        self._settings = settings
        self._max_bytes = max_bytes
        self._tls_given = tls
        own = [(name.encode(), value.encode()) for name, value in settings.headers.items()]
        self._headers = [*HEADERS, *own]
        self._network = network or Network(
            allow_private=settings.allow_private,
            allowed=HostList(settings.allowed_hosts, "download.allowed_hosts"),
            denied=HostList(settings.denied_hosts, "download.denied_hosts"),
            connect_timeout_s=settings.connect_timeout_s,
        )

    @contextmanager
    def open(self, url: str) -> Iterator[Remote]:
        """Yield the picture at `url`; it can be read inside the `with` block.

        Raises:
            DownloadNotAllowed: the URL may not be fetched.
            DownloadFailed: the other server did not send a picture.
            PictureTooLarge: it announced more bytes than an upload may have.
        """
        if not self._settings.enabled:
            raise DownloadNotAllowed(
                "url: this service does not fetch pictures; send the picture itself"
            )
        target = parse_url(url)
        file_name = target.file_name
        deadline = Deadline(self._settings.total_timeout_s)
        with ExitStack() as stack:
            for _ in range(self._settings.max_redirects + 1):
                response = request(target, self._network, deadline, stack, self._tls, self._headers)
                if response.status not in REDIRECTS:
                    _check(response, self._max_bytes)
                    yield Remote(response, str(target), file_name, self._max_bytes)
                    return
                stack.close()
                target = _next(target, response)
        raise DownloadFailed(
            f"url: more than {self._settings.max_redirects} redirects, one after the other"
        )

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return self._tls_given or authorities()


def _limited(response: httpcore.Response, max_bytes: int) -> Iterator[bytes]:
    taken = 0
    with protocol_faults():
        for chunk in content_coding.body(response):
            taken += len(chunk)
            if taken > max_bytes:
                raise _too_large(max_bytes)
            yield chunk


def _next(target: RemoteUrl, response: httpcore.Response) -> RemoteUrl:
    location = header(response, b"location")
    if not location:
        raise DownloadFailed("url: the server sent a redirect without an address")
    try:
        return target.join(location.decode())
    except (UnicodeDecodeError, DownloadNotAllowed):
        # Without the reason, which may repeat the server's answer.
        raise DownloadNotAllowed(
            "url: it redirects to a URL that may not be fetched; only http and https URLs may be"
        ) from None


def _check(response: httpcore.Response, max_bytes: int) -> None:
    """Raise an error if the head of an answer shows that no usable picture will follow."""
    status = response.status
    if status != 200:
        raise DownloadFailed(
            f"url: the server answered {status} instead of a picture",
            retryable=status in _PASSING,
            retry_after_s=_retry_after(response) if status in _PASSING else None,
        )
    if not content_coding.is_readable(response):
        raise DownloadFailed("url: the server compressed its answer in another way than by gzip")
    length = (header(response, b"content-length") or b"").decode("ascii", "replace")
    # Compared by digits first: int() of many is slow, and refused past 4,300.
    if length.isdecimal() and (len(length) > 20 or int(length) > max_bytes):
        raise _too_large(max_bytes)


def _retry_after(response: httpcore.Response) -> int | None:
    text = (header(response, b"retry-after") or b"").decode("ascii", "replace")
    return retry_after.seconds(text)


def _too_large(max_bytes: int) -> PictureTooLarge:
    return PictureTooLarge(f"url: a picture may have at most {max_bytes:,} bytes; this has more")
