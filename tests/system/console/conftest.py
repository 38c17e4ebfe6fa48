"""The console in a real Chromium, before a real server."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)

from tests.imaging.drawing import saved
from tests.system.serving.server import Server, running

BROWSERS = ("chromium", "google-chrome")
AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert path, "there is no Chromium; make test-console installs one"
    # Its own sandbox needs privileges that containers, and root, do not have.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Iterator[Server]:
    """A server that tests share; each makes pictures of its own."""
    with running(tmp_path_factory.mktemp("console")) as server:
        yield server


class Window:
    """A page of the console, and everything the browser complains of."""

    def __init__(self, context: BrowserContext, server: Server) -> None:
        self.page = context.new_page()
        self.base = url_of(server)
        self.complaints: list[str] = []
        # Answers with these statuses are part of the test; the browser logs them as errors.
        self.expected: set[int] = set()
        # So are connections that break.
        self.expects_lost_connections = False
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))

    def _on_console(self, message: ConsoleMessage) -> None:
        status = re.search(r"the server responded with a status of (\d+)", message.text)
        if status and int(status[1]) in self.expected:
            return
        if self.expects_lost_connections and "net::ERR_" in message.text:
            return
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text} ({message.location})")

    def open(self, address: str = "/") -> Page:
        """Go to an address of the console, and wait for its view."""
        self.page.goto(self.base + address)
        self.page.locator("main h1").wait_for(state="attached")
        return self.page


def url_of(server: Server) -> str:
    return f"http://{server.address[0]}:{server.address[1]}"


@pytest.fixture
def make_window(browser, server) -> Iterator[Any]:
    """Return a function that opens a window; at the end nothing may have been complained of."""
    contexts: list[BrowserContext] = []
    windows: list[Window] = []

    def make(at: Server = server, **options: Any) -> Window:
        options.setdefault("reduced_motion", "reduce")
        context = browser.new_context(**options)
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        windows.append(Window(context, at))
        return windows[-1]

    yield make
    for context in contexts:
        context.close()
    assert [complaint for window in windows for complaint in window.complaints] == []


@pytest.fixture
def window(make_window) -> Window:
    return make_window()


def picture(width: int = 60, height: int = 40) -> bytes:
    """Draw a PNG that no other call has drawn."""
    colour = tuple(random.randrange(256) for _ in range(3))
    image = Image.new("RGB", (width, height), colour)
    image.paste((255, 255, 255), (0, 0, width // 2, height // 2))
    image.putpixel((width - 1, height - 1), tuple(random.randbytes(3)))
    return saved(image, "PNG")


def upload(server: Server, data: bytes | None = None, **fields: Any) -> str:
    """Upload a picture with its metadata, and return its id."""
    file_name = fields.pop("file_name", "picture.png")
    boundary = "console-tests"
    parts = [(name, item) for name, value in fields.items() for item in _items(value)]
    body = b"".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in parts
    )
    body += (
        f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="{file_name}"\r\n'
        "Content-Type: image/png\r\n\r\n"
    ).encode()
    body += (picture() if data is None else data) + f"\r\n--{boundary}--\r\n".encode()
    kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    answer = server.request("POST", "/images/", body, kind)
    assert answer.status in (200, 201), answer.body[:2000]
    return str(answer.json["id"])


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def upload_many(server: Server, count: int, **fields: Any) -> list[str]:
    """Upload that many small pictures."""
    with ThreadPoolExecutor(4) as threads:
        return list(threads.map(lambda _: upload(server, **fields), range(count)))


def metadata(server: Server, image_id: str) -> dict[str, Any]:
    """Return the record of a picture."""
    answer = server.get(f"/images/{image_id}/metadata/")
    assert answer.status == 200, answer.body[:2000]
    return dict(answer.json)


def edit(server: Server, image_id: str, **changes: Any) -> None:
    """Change a picture's record behind the console's back."""
    headers = {"Content-Type": "application/merge-patch+json", "If-Match": "*"}
    path = f"/images/{image_id}/metadata/"
    answer = server.request("PATCH", path, json.dumps(changes), headers)
    assert answer.status == 200, answer.body[:2000]


def assert_accessible(page: Page) -> None:
    """Hold what is shown to axe-core: nothing serious or critical."""
    page.evaluate(AXE.read_text("utf-8"))
    results = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    found = [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in results["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]
    assert found == []


def assert_fits(page: Page) -> None:
    """Hold the page to its width: nothing scrolls sideways."""
    # Not at once: styles for another width need a frame to take effect. A function, here as in
    # every wait: an expression is evaluated in each frame, which the page's policy forbids.
    fits = "() => document.documentElement.scrollWidth <= innerWidth"
    page.wait_for_function(fits, timeout=PATIENCE_MS)
