"""Keeps pages of other sites away from a service that needs no account.

Without accounts whatever reaches the service may change it, and a browser inside of the
network reaches it for every page that its user opens:

- A page can send forms, and with them pictures, to any address. Such requests carry the
  page's origin (Fetch standard, `Origin` and `Sec-Fetch-Site`), which must be our own or
  one of `cors.origins`, unless the method is safe.
- A page can have its own host name resolve to our address (DNS rebinding); then it is of
  our origin, but names its own host in `Host`. A name must therefore be known to be ours.
  An address cannot be rebound, so every literal address is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

import falcon

from progimage.config.networks import parse
from progimage.errors import ForeignHost, ForeignOrigin

ALWAYS_OWN = {"localhost"}
"""Names that no other site can have lead here."""

_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_OWN = ("same-origin", "none")


class OwnSite:
    """Falcon middleware, for services where not every change needs an account.

    Args:
        hosts: names of this service, beside localhost; `*` stands for all names,
            `*.example.com` for those below example.com.
        public_url: its address for clients, "" if that is not known.
        origins: other sites whose pages may use the service, or `*`.
    """

    def __init__(self, hosts: Sequence[str], public_url: str, origins: Sequence[str]) -> None:
        public_host = urlsplit(public_url).hostname
        self._hosts = [host.lower() for host in (*hosts, public_host) if host]
        self._public = urlsplit(public_url).netloc.lower()
        self._origins = origins

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Let the request pass.

        Raises:
            ForeignHost: it names a host that is not known to be this service.
            ForeignOrigin: a page of another site sends it, and it may change something.
        """
        # Probes name whatever they like, and learn nothing.
        if not req.path.startswith("/health/"):
            self._check_host(req.get_header("Host") or "")
        if req.method not in _SAFE_METHODS:
            self._check_origin(req)

    def _check_host(self, header: str) -> None:
        host = _without_port(header.lower())
        if host and not self._is_own(host):
            raise ForeignHost(
                "Host: this service is not known by that name; if it should be, add the name "
                "to server.hosts"
            )

    def _is_own(self, host: str) -> bool:
        if host in ALWAYS_OWN or host.endswith(".localhost") or parse(host.strip("[]")):
            return True
        return any(
            own in (host, "*") or (own.startswith("*.") and host.endswith(own[1:]))
            for own in self._hosts
        )

    def _check_origin(self, req: falcon.Request) -> None:
        origin = req.get_header("Origin")
        if origin is None:
            is_foreign = (req.get_header("Sec-Fetch-Site") or "none").lower() not in _OWN
        else:
            is_foreign = not self._is_known(origin.lower(), req)
        if is_foreign:
            raise ForeignOrigin(
                "a page of another site sent this request; cors.origins names the sites whose "
                "pages may use this service"
            )

    def _is_known(self, origin: str, req: falcon.Request) -> bool:
        if "*" in self._origins or origin in self._origins:
            return True
        # The scheme may be changed by a proxy on the way.
        netloc = urlsplit(origin).netloc
        return bool(netloc) and netloc in ((req.get_header("Host") or "").lower(), self._public)


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]
