"""The console behind a proxy that removes a path prefix."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from falcon import testing
from PIL import Image
from playwright.sync_api import Browser, expect

from progimage.config import Settings
from progimage.server import app
from progimage.stores.memory import MemoryStore
from tests.inline_pool import InlinePool

PREFIX = "/img"


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Write nothing."""


class Proxy:
    """Serves the app under the prefix, and notes every path outside of it."""

    def __init__(self) -> None:
        self.outside: list[str] = []
        self._server = make_server("127.0.0.1", 0, self._answer, _Server, _Quiet)
        self.url = f"http://127.0.0.1:{self._server.server_port}{PREFIX}"
        settings = {"store": "memory://", "server": {"public_url": self.url}}
        self.app = app.create(Settings.model_validate(settings), MemoryStore(), InlinePool())
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, env: dict[str, Any], start: Any) -> Any:
        path = env["PATH_INFO"]
        if not path.startswith(f"{PREFIX}/"):
            self.outside.append(path)
            start("404 Not Found", [])
            return []
        return self.app({**env, "PATH_INFO": path.removeprefix(PREFIX)}, start)


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    proxy = Proxy()
    yield proxy
    proxy.close()


def test_every_view_and_picture_is_loaded_under_the_prefix(browser: Browser, proxy: Proxy):
    picture = io.BytesIO()
    Image.new("RGB", (60, 40), "teal").save(picture, "JPEG")
    stored = testing.TestClient(proxy.app).simulate_post(
        "/images/", body=picture.getvalue(), headers={"Content-Type": "image/jpeg"}
    )
    page = browser.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{proxy.url}/")
    page.locator("main a[href*='image=']").first.click()
    expect(page).to_have_url(f"{proxy.url}/?image={stored.json['id']}")
    expect(page.locator("main img").first).to_be_visible()
    page.locator("header a", has_text="Jobs").click()
    expect(page).to_have_url(f"{proxy.url}/?view=jobs")
    assert (complaints, proxy.outside) == ([], [])
