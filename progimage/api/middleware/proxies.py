"""Forwarded headers, accepted from configured proxies only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from progimage.config.networks import Network, is_within, parse

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?")
_HEADERS = (
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_FORWARDED",
)


class TrustedProxies:
    """WSGI middleware: sets client address, scheme and host from a trusted proxy's headers.

    The headers of other clients are dropped, so that no later code can use them. A unix
    socket counts as trusted: only a local proxy can reach it.
    """

    def __init__(self, app: WSGIApplication, networks: Sequence[Network]) -> None:
        self._app = app
        self._networks = networks

    def __call__(self, env: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Rewrite the environment, then call the app."""
        peer = env.get("REMOTE_ADDR", "")
        if self._networks and (not peer or self._is_trusted(peer)):
            self._apply(env)
        for name in _HEADERS:
            env.pop(name, None)
        # An invalid host must not appear in a Location header. For a unix socket, gunicorn
        # sets SERVER_NAME from the same header.
        if not _HOST.fullmatch(env.get("HTTP_HOST", "")):
            env.pop("HTTP_HOST", None)
            if not _HOST.fullmatch(env["SERVER_NAME"]):
                env["SERVER_NAME"] = "localhost"
        return self._app(env, start_response)

    def _apply(self, env: WSGIEnvironment) -> None:
        scheme = _last(env.get("HTTP_X_FORWARDED_PROTO", "")).lower()
        if scheme in ("http", "https"):
            env["wsgi.url_scheme"] = scheme
        host = _last(env.get("HTTP_X_FORWARDED_HOST", ""))
        if _HOST.fullmatch(host):
            env["HTTP_HOST"] = host
        # Read from the right, since each proxy appends the address of its client. The first
        # untrusted address is the client; it can have made up all entries left of it.
        for entry in reversed(env.get("HTTP_X_FORWARDED_FOR", "").split(",")):
            address = _without_port(entry.strip())
            if parse(address) is None:
                break
            env["REMOTE_ADDR"] = address
            if not self._is_trusted(address):
                break

    def _is_trusted(self, address: str) -> bool:
        return is_within(address, self._networks)


def _without_port(entry: str) -> str:
    """Return an address of X-Forwarded-For, which some proxies write as in a URL."""
    found = _HOST.fullmatch(entry)
    if found is None:
        return entry
    return entry.removesuffix(found[1] or found[2] or "").strip("[]")


def _last(header: str) -> str:
    return header.rsplit(",", 1)[-1].strip()
