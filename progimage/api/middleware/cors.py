"""CORS: which answers pages of other sites may read (Fetch standard, section 3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from re import Pattern
from typing import Any

import falcon

from progimage.api.resources.uploads import tus

# Response headers that pages may read, in addition to the standard ones.
EXPOSED = (
    "Accept-Patch",
    "Accept-Ranges",
    "Allow",
    "Content-Disposition",
    "Content-Range",
    "ETag",
    "Link",
    "Location",
    "Retry-After",
    "Server-Timing",
    "WWW-Authenticate",
    "X-Cache",
    "X-Request-Id",
    *tus.ANSWERED,
)


class Cors:
    """Falcon middleware: allows the pages of some sites to read answers; answers preflights.

    Cookies and other credentials of the browser are never allowed: pages send tokens
    themselves. No page may read `/metrics`.

    Args:
        origins: the sites, or `*` for all.
        open_paths: matches the starts of paths that pages of all sites may read, if they send
            no credentials: they get what everybody may see, or what a signature in the URL shows.
    """

    def __init__(self, origins: Sequence[str], open_paths: Pattern[str] | None = None) -> None:
        self._open_paths = open_paths
        self._open_rules: Any = falcon.CORSMiddleware("*", EXPOSED)
        self._has_origins = bool(origins)
        self._depends_on_origin = "*" not in origins
        self._rules: Any = falcon.CORSMiddleware(
            origins if self._depends_on_origin else "*", EXPOSED
        )

    def process_response(
        self, req: falcon.Request, resp: falcon.Response, resource: object, req_succeeded: bool
    ) -> None:
        """Add the headers.

        Requests without an Origin get them too: a browser may cache the answer for an `<img>`
        and later give it to a script that requests the same URL.
        """
        if req.path == "/metrics":
            return
        rules, is_for_all = self._rules, not self._depends_on_origin
        is_open = self._open_paths is not None and self._open_paths.match(req.path)
        if is_open and req.get_header("Authorization") is None:
            rules, is_for_all = self._open_rules, True
        elif not self._has_origins:
            return
        if is_for_all:
            resp.set_header("Access-Control-Allow-Origin", "*")
            resp.set_header("Access-Control-Expose-Headers", ", ".join(EXPOSED))
        else:
            resp.append_header("Vary", "Origin")
        rules.process_response(req, resp, resource, req_succeeded)
