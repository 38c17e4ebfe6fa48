"""Answers that pages of other sites may read in a browser (Fetch standard, section 3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import falcon

from progimage.api.resources.uploads import tus

# What answers carry beyond the headers that every page may read.
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
    """Falcon middleware: says which sites' pages may read an answer, and answers preflights.

    Credentials of the browser's own, cookies above all, are never asked for: tokens are
    sent by the page. The node's numbers are for no page.
    """

    def __init__(self, origins: Sequence[str]) -> None:
        self._depends_on_origin = "*" not in origins
        self._rules: Any = falcon.CORSMiddleware(
            origins if self._depends_on_origin else "*", EXPOSED
        )

    def process_response(
        self, req: falcon.Request, resp: falcon.Response, resource: object, req_succeeded: bool
    ) -> None:
        """Add the headers.

        Also to answers that no script asked for: browsers give what an `<img>` has
        brought into their cache to a script that asks for the same address later.
        """
        if req.path == "/metrics":
            return
        if self._depends_on_origin:
            resp.append_header("Vary", "Origin")
        else:
            resp.set_header("Access-Control-Allow-Origin", "*")
            resp.set_header("Access-Control-Expose-Headers", ", ".join(EXPOSED))
        self._rules.process_response(req, resp, resource, req_succeeded)
