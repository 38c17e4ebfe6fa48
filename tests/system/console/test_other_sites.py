"""A page of another site uses the service from a browser, where `cors.origins` names the site."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Error, Page

from tests.system.console.conftest import picture, url_of
from tests.system.serving.server import Server, running

# As tus-js-client speaks, with a form and an edit before it, which each need a preflight.
_USE = """async ([base, png]) => {
    const bytes = Uint8Array.from(atob(png), (letter) => letter.charCodeAt(0));
    const form = new FormData();
    form.append("image", new Blob([bytes]), "a.png");
    const picture = await (await fetch(`${base}/images/`, {method: "POST", body: form})).json();
    const metadata = `${base}/images/${picture.id}/metadata/`;
    const edited = await fetch(metadata, {
        method: "PATCH",
        headers: {
            "Content-Type": "application/merge-patch+json",
            "If-Match": (await fetch(metadata)).headers.get("ETag"),
        },
        body: JSON.stringify({title: "From afar"}),
    });
    // Brought by an <img> first, which asks without an Origin.
    const image = new Image();
    image.src = `${base}/images/${picture.id}/thumbnail.png`;
    await image.decode();
    const rendition = await fetch(image.src);
    const tus = {"Tus-Resumable": "1.0.0"};
    const made = await fetch(`${base}/uploads/`, {
        method: "POST", headers: {...tus, "Upload-Length": String(bytes.length)},
    });
    const sent = await fetch(made.headers.get("Location"), {
        method: "PATCH",
        headers: {
            ...tus, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream",
        },
        body: bytes,
    });
    return {
        title: (await edited.json()).title,
        rendition: rendition.headers.get("Link"),
        offset: Number(sent.headers.get("Upload-Offset")),
        refused: (await (await fetch(`${base}/nowhere`)).json()).status,
    };
}"""


@contextmanager
def another_site(folder: Path) -> Iterator[str]:
    """Serve an empty page, and give the origin that it comes from."""
    (folder / "index.html").write_text("<!doctype html><title>Another site</title>", "utf-8")
    handler = partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def site(tmp_path) -> Iterator[str]:
    folder = tmp_path / "site"
    folder.mkdir()
    with another_site(folder) as origin:
        yield origin


@pytest.fixture
def page(browser, site) -> Iterator[Page]:
    page = browser.new_page()
    page.goto(site)
    yield page
    page.close()


def use(page: Page, server: Server) -> dict[str, object]:
    return dict(page.evaluate(_USE, [url_of(server), base64.b64encode(picture()).decode()]))


@pytest.mark.parametrize("origins", ["the site", "*"])
def test_a_site_that_is_named_uploads_edits_and_reads(tmp_path, page, site, origins):
    named = site if origins == "the site" else origins
    with running(tmp_path / "app", cors_origins=f'["{named}"]') as server:
        done = use(page, server)
    assert done["title"] == "From afar"
    assert 'rel="canonical"' in str(done["rendition"])
    assert (int(str(done["offset"])) > 0, done["refused"]) == (True, 404)


@pytest.mark.parametrize("origins", ["[]", '["https://app.example.com"]'])
def test_a_site_that_is_not_reads_nothing(tmp_path, page, origins):
    with (
        running(tmp_path / "app", cors_origins=origins) as server,
        pytest.raises(Error, match="Failed to fetch"),
    ):
        use(page, server)
