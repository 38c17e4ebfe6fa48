"""`/openapi.json`, and the same description as a page at `/docs/`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cached_property

import falcon

from progimage.api.openapi import document, page
from progimage.api.openapi.documented import Answer, documented
from progimage.api.openapi.schemas import IF_NONE_MATCH
from progimage.api.requests.conditional import none_match_holds
from progimage.api.responses.delivery import not_modified
from progimage.api.route import Route
from progimage.config import Settings

_HTML = "text/html; charset=utf-8"

# The page needs only its text and one style sheet.
_POLICY = "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'"


class Description:
    """The description of the API, created at the first request.

    Args:
        table: every route of the service; it may still be empty at creation.
    """

    def __init__(self, table: Sequence[Route], settings: Settings) -> None:
        self._table = table
        self._settings = settings

    @cached_property
    def document(self) -> bytes:
        """The OpenAPI document."""
        return json.dumps(document.describe(self._table, self._settings)).encode()

    @cached_property
    def page(self) -> bytes:
        """The HTML page."""
        return page.page(json.loads(self.document)).encode()


class OpenApi:
    """`/openapi.json`."""

    def __init__(self, description: Description) -> None:
        self._description = description

    @documented(
        "openapi",
        "service",
        {
            200: Answer("The document.", {"application/json": {"type": "object"}}, ("ETag",)),
            304: Answer("The client has this version.", {}, ("ETag",)),
        },
        parameters=(IF_NONE_MATCH,),
        is_open=True,
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send this description of the API (OpenAPI 3.1)."""
        _send(req, resp, self._description.document, "application/json")


class Docs:
    """`/docs/`."""

    def __init__(self, description: Description) -> None:
        self._description = description

    @documented(
        "docs",
        "service",
        {
            200: Answer("The page.", {_HTML: {"type": "string"}}, ("ETag",)),
            304: Answer("The client has this version.", {}, ("ETag",)),
        },
        parameters=(IF_NONE_MATCH,),
        is_open=True,
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send the description of the API as a page for people."""
        resp.set_header("Content-Security-Policy", _POLICY)
        resp.set_header("Referrer-Policy", "no-referrer")
        _send(req, resp, self._description.page, _HTML)

    @documented(
        "docs_style",
        "service",
        {
            200: Answer("The style sheet.", {"text/css": {"type": "string"}}, ("ETag",)),
            304: Answer("The client has this version.", {}, ("ETag",)),
        },
        parameters=(IF_NONE_MATCH,),
        is_open=True,
    )
    def on_get_style(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send the style sheet of the documentation."""
        _send(req, resp, page.STYLE, "text/css")


def _send(req: falcon.Request, resp: falcon.Response, data: bytes, media_type: str) -> None:
    etag = hashlib.sha256(data).hexdigest()[:32]
    resp.content_type = media_type
    resp.set_header("ETag", f'"{etag}"')
    resp.set_header("Cache-Control", "public, no-cache")
    if none_match_holds(req.get_header("If-None-Match"), etag):
        resp.data = data
    else:
        not_modified(resp)
