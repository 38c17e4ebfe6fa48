"""An origin behind a web server."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from urllib.parse import quote, unquote

import httpcore

from progimage.errors import (
    ConfigError,
    DownloadFailed,
    DownloadNotAllowed,
    DownloadTimeout,
    OriginFailed,
    OriginTimeout,
)
from progimage.ingest.download import content_coding
from progimage.ingest.download.downloader import HEADERS, REDIRECTS
from progimage.ingest.download.exchange import (
    authorities,
    header,
    protocol_faults,
    request,
)
from progimage.ingest.download.network import Deadline, Network
from progimage.ingest.download.urls import RemoteUrl, parse_url
from progimage.ingest.source import Pieces
from progimage.origins.sources.http_dates import is_shareable, max_age_s
from progimage.origins.sources.source import (
    OriginUnreachable,
    Unchanged,
    Version,
    missing,
)

_GONE = {404, 410}
_MAX_REDIRECTS = 3
_MAX_TEXT = 1_000
# Every other character of a key is encoded; these may stand in a path (RFC 3986, 3.3).
_PATH = "/!$&'()*+,;=:@-._~"
# A query is sent as it is, also what is percent-encoded in it (RFC 3986, 3.4).
_QUERY = _PATH + "?%"


class WebSource:
    """Reads pictures below a base URL.

    Args:
        base: ends in a slash; a key is appended to its path, percent-encoded.
        headers: sent with every request to the base's host, and to no other.
        network: which addresses may be reached.
        timeout_s: how long a picture may take to arrive, with its redirects.
        queries: what follows the first `?` of a key is the query.

    Raises:
        ConfigError: the base cannot be used.
    """

    def __init__(
        self,
        base: str,
        headers: Mapping[str, str],
        network: Network,
        timeout_s: float,
        *,
        queries: bool = False,
    ) -> None:
        if not base.endswith("/") or "?" in base or "#" in base:
            raise ConfigError("expected a URL that ends in a slash, without a query")
        try:
            self._base = parse_url(base)
        except DownloadNotAllowed as error:
            raise ConfigError(f"expected an http or https URL: {error}") from None
        self._headers = [(k.encode("ascii"), v.encode("latin-1")) for k, v in headers.items()]
        self._network = network
        self._timeout_s = timeout_s
        self._queries = queries
        self._tls = authorities()

    @contextmanager
    def open(self, key: str, known: str = "") -> Iterator[Version | Unchanged]:
        """Yield the picture at the base with `key` appended; see `OriginSource.open`."""
        target = parse_url(f"{self._base}{self._encoded(key)}")
        with ExitStack() as stack:
            try:
                response = self._follow(target, known, stack)
            except DownloadTimeout:
                raise OriginTimeout(
                    "the origin did not answer in time", retryable=True, retry_after_s=5
                ) from None
            except DownloadNotAllowed:
                raise OriginFailed("the origin's host may not be reached") from None
            except DownloadFailed:
                raise OriginUnreachable(
                    "the origin cannot be reached", retryable=True, retry_after_s=5
                ) from None
            yield self._answer(response, key, known)

    def _encoded(self, key: str) -> str:
        path, mark, query = key.partition("?") if self._queries else (key, "", "")
        return f"{quote(path, safe=_PATH)}{mark}{quote(query, safe=_QUERY)}"

    def _follow(self, target: RemoteUrl, known: str, stack: ExitStack) -> httpcore.Response:
        deadline = Deadline(self._timeout_s)
        for _ in range(_MAX_REDIRECTS + 1):
            headers = [*self._headers, *_conditions(known), *HEADERS]
            response = request(target, self._network, deadline, stack, self._tls, headers)
            if response.status not in REDIRECTS:
                return response
            target = self._next(target, response)
            stack.close()
        raise OriginFailed("the origin redirects too often")

    def _next(self, target: RemoteUrl, response: httpcore.Response) -> RemoteUrl:
        """Return where a redirect leads: it has to stay below the base."""
        location = header(response, b"location") or b""
        try:
            following = target.join(location.decode())
        except (UnicodeDecodeError, DownloadNotAllowed):
            raise OriginFailed("the origin redirects to what cannot be fetched") from None
        here = (self._base.scheme, self._base.host, self._base.port)
        if (following.scheme, following.host, following.port) != here:
            raise OriginFailed("the origin redirects to another host")
        if not self._is_below_the_base(following):
            raise OriginFailed("the origin redirects to what is not below its URL")
        return following

    def _is_below_the_base(self, url: RemoteUrl) -> bool:
        # A server may read encoded dots as dots.
        path = unquote(url.target.partition("?")[0])
        return path.startswith(unquote(self._base.target)) and not {".", ".."} & {*path.split("/")}

    def _answer(self, response: httpcore.Response, key: str, known: str) -> Version | Unchanged:
        cache_control = _text(response, b"cache-control")
        age = max_age_s(cache_control, _text(response, b"age"))
        if response.status in _GONE:
            raise missing(key)
        if response.status != 200 and not (response.status == 304 and known):
            raise _failed(f"the origin answered {response.status}")
        if not is_shareable(
            cache_control,
            _text(response, b"vary"),
            sets_cookie=header(response, b"set-cookie") is not None,
        ):
            raise OriginFailed("the origin's answer is for one client alone (private or a cookie)")
        if response.status == 304:
            return Unchanged(age)
        if not content_coding.is_readable(response):
            raise OriginFailed("the origin compressed its answer in another way than by gzip")
        modified = _text(response, b"last-modified")
        return Version(_version(response), Pieces(_body(response)), age, modified)


def _body(response: httpcore.Response) -> Iterator[bytes]:
    """Yield the bytes of a response; its faults are raised as `OriginFailed` or `OriginTimeout`."""
    try:
        with protocol_faults():
            yield from content_coding.body(response)
    except DownloadTimeout:
        raise OriginTimeout("the origin did not send all in time", retryable=True) from None
    except DownloadFailed:
        raise _failed("the origin's answer broke off") from None


def _version(response: httpcore.Response) -> str:
    """Return the validators of the answer (RFC 9110, section 8.8) as one text, "" for none."""
    etag, modified = _text(response, b"etag"), _text(response, b"last-modified")
    if not etag and not modified:
        return ""
    return json.dumps([etag, modified], ensure_ascii=True)


def _conditions(known: str) -> list[tuple[bytes, bytes]]:
    if not known:
        return []
    etag, modified = json.loads(known)
    conditions = [(b"If-None-Match", etag), (b"If-Modified-Since", modified)]
    return [(name, value.encode("latin-1")) for name, value in conditions if value]


def _text(response: httpcore.Response, name: bytes) -> str:
    value = header(response, name) or b""
    text = value[:_MAX_TEXT].decode("latin-1").strip()
    return text if text.isprintable() else ""


def _failed(what: str) -> OriginFailed:
    return OriginFailed(what, retryable=True, retry_after_s=5)
