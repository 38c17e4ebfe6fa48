"""Protects a service that needs no account from pages of other sites.

Without accounts every client that reaches the service may change it. A browser inside the
network can reach it, and so can every page that its user opens:

- A page can send forms with pictures to any address. Such requests name the page's origin
  (Fetch standard, `Origin` and `Sec-Fetch-Site`). Unless the method is safe, it must be
  the origin of this service or one of `cors.origins`.
- A page can make its own host name resolve to the address of this service (DNS rebinding).
  The page then has the same origin, but its host name in `Host`. So `Host` must be a known
  name of this service, or a literal address, which cannot be rebound.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

import falcon

from progimage.config.networks import parse
from progimage.errors import ForeignHost, ForeignOrigin

ALWAYS_OWN = {"localhost"}
"""Names that no other site can make resolve to this service."""

_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_OWN = ("same-origin", "none")


class OwnSite:
    """Falcon middleware for services where some changes need no account.

    Args:
        hosts: names of this service, in addition to localhost; `*` stands for all names,
            `*.example.com` for those below example.com.
        public_url: the address of this service for clients, "" if it is not known.
        origins: other sites whose pages may use the service, or `*`.
    """

    def __init__(self, hosts: Sequence[str], public_url: str, origins: Sequence[str]) -> None:
        public_host = urlsplit(public_url).hostname
        self._hosts = [host.lower() for host in (*hosts, public_host) if host]
        self._public = urlsplit(public_url).netloc.lower()
        self._origins = origins

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Check the host and the origin of the request.

        Raises:
            ForeignHost: `Host` is not a known name of this service.
            ForeignOrigin: a page of another site sent the request, and it may change data.
        """
        # Probes of load balancers use any host name, and the answers have no data.
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
        # A proxy may have changed the scheme.
        netloc = urlsplit(origin).netloc
        return bool(netloc) and netloc in ((req.get_header("Host") or "").lower(), self._public)


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]
