"""Pages of other sites attack an open service on their reader's machine, in a real Chromium."""

from __future__ import annotations

import base64
import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.system.console.conftest import BROWSERS, picture, upload, url_of
from tests.system.console.test_other_sites import another_site
from tests.system.serving.server import Server, running

# What a page may send without asking the service first (Fetch, "CORS-safelisted").
_WITHOUT_ASKING = """async ([base, png]) => {
    const bytes = Uint8Array.from(atob(png), (letter) => letter.charCodeAt(0));
    const form = new FormData();
    form.append("image", new File([bytes], "a.png", {type: "image/png"}));
    const post = {method: "POST", mode: "no-cors", credentials: "include"};
    await fetch(`${base}/images/`, {...post, body: form});
    await fetch(`${base}/images/`, {...post, body: new Blob([bytes])});
    const list = new Blob([JSON.stringify({urls: [`${base}/a.png`]})], {type: "text/plain"});
    await fetch(`${base}/jobs/`, {...post, body: list});
    navigator.sendBeacon(`${base}/images/`, form);
}"""

# A form that a page submits by itself, into a frame.
_FORM = """async ([base, png]) => {
    const bytes = Uint8Array.from(atob(png), (letter) => letter.charCodeAt(0));
    const files = new DataTransfer();
    files.items.add(new File([bytes], "b.png", {type: "image/png"}));
    document.body.innerHTML =
        `<iframe name="frame"></iframe><form method="post" enctype="multipart/form-data" ` +
        `target="frame" action="${base}/images/"><input type="file" name="image"></form>`;
    document.querySelector("input").files = files.files;
    const loaded = new Promise((done) => { document.querySelector("iframe").onload = done; });
    document.querySelector("form").submit();
    await loaded;
}"""

_AS_OWN_SITE = """async ([id, png]) => {
    const bytes = Uint8Array.from(atob(png), (letter) => letter.charCodeAt(0));
    const answers = [
        await fetch("/images/"),
        await fetch(`/images/${id}/`),
        await fetch(`/images/${id}/`, {method: "DELETE"}),
        await fetch("/images/", {method: "POST", body: new Blob([bytes])}),
    ];
    return answers.map((answer) => answer.status);
}"""


@pytest.fixture(scope="module")
def misled(browser: Browser) -> Iterator[Browser]:
    """A browser for which every name of `.example` leads to this machine."""
    arguments = ["--host-resolver-rules=MAP *.example 127.0.0.1"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    found = browser.browser_type.launch(executable_path=path, args=arguments)
    yield found
    found.close()


@pytest.fixture
def open_service(tmp_path) -> Iterator[Server]:
    """A service as it comes: without accounts, known by its addresses only."""
    with running(tmp_path / "app", server_hosts="[]", log_format="json") as server:
        yield server


@pytest.fixture
def page(misled) -> Iterator[Page]:
    page = misled.new_page()
    yield page
    page.close()


def encoded() -> str:
    return base64.b64encode(picture()).decode()


@pytest.mark.parametrize("attack", [_WITHOUT_ASKING, _FORM], ids=["fetch", "form"])
def test_a_page_of_another_site_stores_nothing(page, open_service, tmp_path, attack):
    folder = tmp_path / "site"
    folder.mkdir()
    with another_site(folder) as origin:
        page.goto(origin.replace("127.0.0.1", "attacker.example"))
        page.evaluate(attack, [url_of(open_service), encoded()])
    assert open_service.get("/images/").json["data"] == []
    assert open_service.get("/jobs/").json["data"] == []
    # The requests did arrive, and the service rejected them.
    assert 403 in {line["status"] for line in open_service.log_lines()}


def test_a_name_that_was_rebound_to_this_machine_reads_and_changes_nothing(page, open_service):
    image_id = upload(open_service)
    _, port = open_service.address
    answer = page.goto(f"http://rebound.example:{port}/")
    assert answer
    assert answer.status == 421
    assert set(page.evaluate(_AS_OWN_SITE, [image_id, encoded()])) == {421}
    assert open_service.get(f"/images/{image_id}/").status == 200
    assert len(open_service.get("/images/").json["data"]) == 1
