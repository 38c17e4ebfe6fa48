"""The console: a page for people, at `/` for browsers, and its files under `/console/`.

The page is HTML, CSS and JavaScript modules without a build step, read once at start. It uses
only the public HTTP interface of the service.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

import falcon

from progimage.api.openapi.documented import Answer, documented, in_path
from progimage.api.openapi.schemas import IF_NONE_MATCH
from progimage.api.requests.conditional import none_match_holds
from progimage.api.responses.delivery import not_modified
from progimage.errors import NotFound

# Only files of these types are sent.
_MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_PAGE = "index.html"
_PROGRAMS_READ = ("application/hal+json", falcon.MEDIA_JSON)


@dataclass(frozen=True, slots=True)
class Asset:
    """One file of the console."""

    body: bytes
    media_type: str
    etag: str


@cache
def assets() -> dict[str, Asset]:
    """Return every file of the console by its path below `/console/`."""
    return dict(_found(resources.files("progimage.api.console") / "assets", ""))


def _found(folder: Traversable, prefix: str) -> list[tuple[str, Asset]]:
    found: list[tuple[str, Asset]] = []
    for entry in folder.iterdir():
        media_type = _MEDIA_TYPES.get(entry.name[entry.name.rfind(".") :])
        if entry.is_dir():
            found += _found(entry, f"{prefix}{entry.name}/")
        elif media_type is not None:
            body = entry.read_bytes()
            etag = hashlib.sha256(body).hexdigest()[:32]
            found.append((prefix + entry.name, Asset(body, media_type, etag)))
    return found


def policy(pictures_from: str = "") -> str:
    """Return the page's Content-Security-Policy.

    Everything comes from this service, except pictures that it redirects to another origin,
    `pictures_from`. Trusted Types forbid every way to turn text into markup or script, so titles,
    tags and file names cannot become either.
    Source: W3C Content Security Policy Level 3; W3C Trusted Types.
    """
    other_origin = f" {pictures_from}" if pictures_from else ""
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src 'self' data: blob:{other_origin}",
            f"connect-src 'self'{other_origin}",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ]
    )


class Console:
    """The page and its files.

    Args:
        pictures_from: the origin that pictures are redirected to, "" without one.
        prefix: the path that clients put before every path of the service.
    """

    def __init__(self, pictures_from: str = "", prefix: str = "") -> None:
        self._policy = policy(pictures_from)
        # Read here, so that a package without its files fails at start.
        page = assets()[_PAGE]
        body = page.body.replace(b'"/console/', f'"{prefix}/console/'.encode())
        self._page = Asset(body, page.media_type, hashlib.sha256(body).hexdigest()[:32])

    def is_preferred(self, req: falcon.Request) -> bool:
        """Return True for a browser that opens a page; programs accept JSON, or anything."""
        return req.client_prefers((*_PROGRAMS_READ, falcon.MEDIA_HTML)) == falcon.MEDIA_HTML

    def send_page(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send the page."""
        self._send(req, resp, self._page)
        resp.set_header("Content-Security-Policy", self._policy)
        resp.set_header("Referrer-Policy", "same-origin")
        resp.set_header("Cross-Origin-Opener-Policy", "same-origin")

    @documented(
        "console_file",
        "service",
        {
            200: Answer("The file.", {"text/javascript": {"type": "string"}}, ("ETag",)),
            304: Answer("The client has this version.", {}, ("ETag",)),
        },
        parameters=(
            in_path("path", "The path of the file, such as `js/main.js`."),
            IF_NONE_MATCH,
        ),
        is_open=True,
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response, path: str) -> None:
        """Send one file of the page."""
        asset = assets().get(path)
        if asset is None or path == _PAGE:
            raise NotFound("the console has no such file; the page is at /")
        self._send(req, resp, asset)
        # A drawing that is opened by itself is a document, which must not run anything.
        resp.set_header("Content-Security-Policy", "default-src 'none'; sandbox")

    def _send(self, req: falcon.Request, resp: falcon.Response, asset: Asset) -> None:
        resp.content_type = asset.media_type
        resp.data = asset.body
        resp.set_header("ETag", f'"{asset.etag}"')
        # Files refer to each other: after an upgrade none may be older than the others.
        resp.set_header("Cache-Control", "no-cache")
        resp.set_header("Cross-Origin-Resource-Policy", "same-origin")
        if not none_match_holds(req.get_header("If-None-Match"), asset.etag):
            not_modified(resp)
            resp.data = None
