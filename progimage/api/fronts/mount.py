"""Which requests belong to a foreign URL grammar: by their host name, or by a prefix.

A middleware sends such a request to a route of its own before it is routed by its path, since a
foreign path can look like one of this service. The raw path has its parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import unquote_to_bytes

import falcon

from progimage.api.fronts.foreign import ForeignUrl, ForeignUrlError
from progimage.api.requests.raw_path import raw_path
from progimage.config import Origin as OriginSettings

ROUTE = "/-/fronts"
"""The path that requests are routed to; a client that sends it gets 404."""


class Reader(Protocol):
    """Reads the URLs of one grammar."""

    def read(self, raw_path: str) -> ForeignUrl:
        """Read a raw path without its query; raises `ForeignUrlError`."""
        ...


@dataclass(frozen=True, slots=True)
class Front:
    """One grammar, and where it is mounted.

    Attributes:
        name: as the settings have it.
        hosts: names of hosts that serve only these URLs; `*.` before a name means all below it.
        prefix: the path before such URLs on any other host; "" for none.
        sources: from the start of a source to the name of the origin that has it.
        origins: the settings of each origin.
        busy_status: the status of an answer when too many requests wait.
        is_signed: True if every URL that is read carries a valid signature.
    """

    name: str
    reader: Reader
    hosts: Sequence[str]
    prefix: str
    sources: Mapping[str, str]
    origins: Mapping[str, OriginSettings]
    busy_status: int
    is_signed: bool

    def path_of(self, host: str, raw: str) -> str | None:
        """Return the raw path of a foreign URL, None if the request has no URL of this grammar."""
        is_own_host = any(_is_host(host, name) for name in self.hosts)
        if self.prefix and (is_own_host or not self.hosts):
            return raw.removeprefix(self.prefix) if raw.startswith(f"{self.prefix}/") else None
        return raw if is_own_host else None

    def origin_of(self, source: str) -> tuple[str, str]:
        """Return the origin that has `source`, and the key there; the longest prefix counts.

        A source is a URL if it begins like one, or if a web server has it. Its path is then
        percent-encoded, and it may have a query.

        Raises:
            ForeignUrlError: with 404, no origin has it, or its query is not passed on.
        """
        for start in sorted(self.sources, key=len, reverse=True):
            if source.startswith(start):
                name = self.sources[start]
                rest = source.removeprefix(start).removeprefix("/")
                if _is_web(source) or _is_web(self.origins[name].from_):
                    rest = self._key_of_url(rest, name)
                return name, rest
        raise ForeignUrlError(f"{self.name} URL: the source is not one that is served here", 404)

    def _key_of_url(self, rest: str, origin: str) -> str:
        path, mark, query = rest.partition("#")[0].partition("?")
        if mark and not self.origins[origin].queries:
            raise ForeignUrlError(
                f"{self.name} URL: the source has a query, which is not passed on; the "
                f"setting is origins.{origin}.queries",
                404,
            )
        try:
            return unquote_to_bytes(path).decode() + mark + query
        except UnicodeDecodeError:
            raise ForeignUrlError(f"{self.name} URL: the source is not UTF-8", 404) from None


class Mount:
    """Falcon middleware that routes foreign URLs to `ROUTE`."""

    def __init__(self, fronts: Sequence[Front]) -> None:
        self._fronts = fronts

    def process_request(self, req: falcon.Request, _resp: falcon.Response) -> None:
        """Route a foreign URL to `ROUTE`; set its front and its path in the context."""
        raw = raw_path(req)
        for front in self._fronts:
            path = front.path_of(req.host.lower(), raw)
            if path is not None:
                req.context.front = (front, path)
                req.path = ROUTE
                return


def _is_web(url: str) -> bool:
    return url[:8].lower().startswith(("http://", "https://"))


def _is_host(host: str, name: str) -> bool:
    return host.endswith(name[1:]) if name.startswith("*.") else host == name
