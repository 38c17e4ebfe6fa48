"""A server, a page of another site with viewers, and a picture that shows where each pixel is."""

from __future__ import annotations

import functools
import http.server
import json
import os
import shutil
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Page, Response, sync_playwright

from progimage.stores import open_store
from tests.imaging.drawing import saved
from tests.people import AUTH, headers_of
from tests.stores.s3server import s3_server, store_url
from tests.system.console.conftest import BROWSERS, url_of
from tests.system.iiif.coordinates import probe
from tests.system.serving.server import Server, running

VIEWERS = Path(sys.prefix) / "iiif-viewers"
PATIENCE_MS = 120_000


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert path, "there is no Chromium; make test-iiif installs one"
    # Its own sandbox needs privileges that containers, and root, do not have.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="session", params=["folder", "s3"])
def viewer_server(request, tmp_path_factory) -> Iterator[Server]:
    """A server with accounts; no limit of renders, since all viewers are one client.

    Its store is in a folder, where each tile is rendered, and then in S3, where tiles come from
    pyramids.
    """
    folder = tmp_path_factory.mktemp("viewers")
    settings: dict[str, object] = {
        "auth_mode": AUTH["mode"],
        "auth_secret": AUTH["secret"],
        "transforms_cold_per_minute": 0,
    }
    with ExitStack() as stack:
        store = None
        if request.param == "s3":
            patch = stack.enter_context(pytest.MonkeyPatch.context())
            patch.setenv("AWS_ACCESS_KEY_ID", "testing")
            patch.setenv("AWS_SECRET_ACCESS_KEY", "testing-secret")
            store = store_url(stack.enter_context(s3_server()), f"viewers/{uuid.uuid4()}")
            settings["deep_from_pixels"] = 1_000_000
        yield stack.enter_context(running(folder, store, **settings))


@pytest.fixture(scope="session")
def pictures(viewer_server) -> dict[str, str]:
    """The identifiers of the same picture, public and private; the latter with its signature.

    `album` is that of an album with the private picture.
    """
    whole = probe()
    # A picture is private for its owner alone, so ann's has one pixel that differs.
    other = whole.copy()
    other.putpixel((0, 0), (1, 2, 3))
    headers = headers_of(open_store(viewer_server.store), "ann")
    public = viewer_server.upload(saved(whole, "PNG", compress_level=1)).split("/")[2]
    answer = viewer_server.request(
        "POST",
        "/images/?visibility=private",
        saved(other, "PNG", compress_level=1),
        {**headers, "Content-Type": "image/png"},
    )
    assert answer.status == 201, answer.body[:2000]
    private = answer.json["id"]

    def post(path: str, **fields: object) -> dict[str, str]:
        sent = {**headers, "Content-Type": "application/json"}
        answer = viewer_server.request("POST", path, json.dumps(fields), sent)
        assert answer.status in (200, 201), answer.body[:2000]
        return answer.json

    link = post(f"/images/{private}/links/", transform="iiif")["url"]
    album = post("/albums/", title="Waves", images=[private])["id"]
    signature = post(f"/albums/{album}/links/")["url"].partition("?sig=")[2]
    return {
        "public": public,
        "private": link.split("/")[-2],
        "album": f"album/{album}~{signature}",
    }


class _Files(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        """Write nothing."""


class Site(NamedTuple):
    """Another site, which serves the viewers: its address, and the folder that it serves."""

    address: str
    folder: Path


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    for viewer in VIEWERS.iterdir():
        (folder / viewer.name).symlink_to(viewer)
    handler = functools.partial(_Files, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Site(f"http://127.0.0.1:{server.server_address[1]}", folder)
        server.shutdown()
        thread.join()


class Window:
    """A page of the other site, and what it asked of the server.

    Attributes:
        tiles: the addresses of pictures that came.
        failures: requests that got no good answer, and complaints of the browser about CORS.
    """

    def __init__(self, page: Page, server: Server, site: Site) -> None:
        self.page = page
        self.base = url_of(server)
        self.site = site
        self.tiles: list[str] = []
        self.failures: list[str] = []
        page.on("response", self._on_response)
        page.on("requestfailed", lambda request: self._on_failure(request.url, request.failure))
        # Viewers also ask for fonts and icons of third parties; there is no network here.
        own = (self.base, site.address)
        page.route(
            lambda url: not url.startswith((*own, "data:", "blob:")), lambda route: route.abort()
        )

    def show(self, html: str) -> None:
        """Open a page of the other site."""
        (self.site.folder / "page.html").write_text(html, "utf-8")
        self.page.goto(f"{self.site.address}/page.html")

    def wait_until(self, check: Callable[[], None]) -> None:
        """Return when `check` raises no `AssertionError`; a viewer draws when it likes."""
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while True:
            try:
                check()
            except AssertionError:
                if time.monotonic() > deadline:
                    raise
                self.page.wait_for_timeout(500)
            else:
                return

    def _on_response(self, response: Response) -> None:
        if not response.url.startswith(self.base):
            return
        if response.status >= 400:
            self.failures.append(f"{response.status} {response.url}")
        elif "/default." in response.url or "_files/" in response.url:
            self.tiles.append(response.url)

    def _on_failure(self, url: str, reason: str | None) -> None:
        # A viewer cancels requests for tiles that it no longer needs.
        if url.startswith(self.base) and reason != "net::ERR_ABORTED":
            self.failures.append(f"{reason} {url}")


@pytest.fixture
def make_window(browser, viewer_server, site) -> Iterator[Callable[..., Window]]:
    """Return a function that opens a window."""
    contexts = []

    def make(width: int, height: int, scale: float = 1) -> Window:
        context = browser.new_context(
            viewport={"width": width, "height": height}, device_scale_factor=scale
        )
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        return Window(context.new_page(), viewer_server, site)

    yield make
    for context in contexts:
        context.close()
