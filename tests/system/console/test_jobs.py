"""Jobs: begun from a list of addresses, followed as they go, cancelled."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import expect

from tests.system.console.conftest import assert_accessible, assert_fits, picture
from tests.system.serving.server import Server, running

THEMES = ["light", "dark"]


class Site:
    """A web site with pictures, which can be held back."""

    def __init__(self) -> None:
        self.may_answer = threading.Event()
        self.may_answer.set()
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.may_answer.wait(20)
                data = picture() if self.path.startswith("/picture") else b""
                self.send_response(200 if data else 404)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.may_answer.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.close()


@pytest.fixture(scope="module")
def importing(tmp_path_factory) -> Iterator[Server]:
    """A server that may fetch from this machine."""
    settings = {"download_allow_private": "true", "jobs_poll_s": "0.5"}
    with running(tmp_path_factory.mktemp("jobs"), **settings) as server:
        yield server


def begin(page, *urls: str) -> None:
    page.get_by_label("Addresses of pictures").fill("\n".join(urls))
    page.get_by_role("button", name="Start the import").click()
    expect(page.get_by_role("heading", level=1, name=re.compile("^Import"))).to_be_visible()


def test_an_import_is_begun_and_followed_to_its_end(make_window, importing, site):
    page = make_window(importing).open("/?view=jobs")
    tags = page.get_by_role("combobox", name="Tags")
    tags.fill("imported")
    tags.press("Enter")
    site.may_answer.clear()
    begin(page, f"{site.url}/picture-1", f"{site.url}/picture-2", f"{site.url}/nothing", "no-url")
    expect(page.get_by_role("heading", name="Importing 4 pictures")).to_be_visible()
    expect(page.locator(".job-state")).to_have_text("running")
    site.may_answer.set()
    expect(page.locator(".job-state")).to_have_text("some failed")
    expect(page.get_by_role("heading", name="Done (2)")).to_be_visible()
    failed = page.get_by_role("region", name="Failed")
    expect(failed).to_contain_text("no-url")
    expect(failed).to_contain_text("404")
    page.get_by_role("link", name=f"{site.url}/picture-1").click()
    expect(page.locator(".sized img.there")).to_be_visible()
    page.goto(page.url.partition("?")[0] + "?tags_all=imported")
    expect(page.locator(".tile[data-id]")).to_have_count(2)


def test_a_job_is_cancelled_after_a_question(make_window, importing, site):
    page = make_window(importing).open("/?view=jobs")
    site.may_answer.clear()
    begin(page, *(f"{site.url}/picture-{n}" for n in range(50)))
    page.get_by_role("button", name="Cancel the job").click()
    dialog = page.get_by_role("alertdialog", name="Cancel this job?")
    dialog.get_by_role("button", name="Cancel the job").click()
    expect(page.locator(".job-state")).to_have_text("cancelled")
    site.may_answer.set()
    page.get_by_role("link", name="Jobs", exact=True).first.click()
    expect(page.get_by_role("link", name="Importing 50 pictures").first).to_contain_text(
        "cancelled"
    )


def test_without_events_the_job_is_asked_for_again(make_window, importing, site):
    window = make_window(importing)
    window.expected = {503}

    def answer(route):
        if "text/event-stream" in route.request.headers["accept"]:
            route.fulfill(status=503, body="{}", content_type="application/problem+json")
        else:
            route.continue_()

    window.page.route("**/jobs/*/", answer)
    page = window.open("/?view=jobs")
    site.may_answer.clear()
    begin(page, f"{site.url}/picture-polled")
    expect(page.locator(".job-state")).to_have_text("running")
    site.may_answer.set()
    expect(page.locator(".job-state")).to_have_text("complete")


def test_a_refused_list_is_reported(make_window, importing):
    window = make_window(importing)
    window.expected = {400}
    page = window.open("/?view=jobs")
    page.get_by_label("Addresses of pictures").fill("   \n ")
    tags = page.get_by_role("combobox", name="Tags")
    tags.fill(",".join(f"t{n}" for n in range(16)))
    tags.press("Enter")
    page.get_by_role("button", name="Start the import").click()
    expect(page.get_by_role("alert")).to_contain_text("urls")


@pytest.mark.parametrize("theme", THEMES)
def test_jobs_are_allowed_without_an_account(make_window, importing, site, theme):
    window = make_window(importing, color_scheme=theme)
    page = window.open("/?view=jobs")
    assert_accessible(page)
    begin(page, f"{site.url}/picture-x", f"{site.url}/{'long' * 40}", "<b>hostile</b>")
    expect(page.locator(".job-state")).to_have_text("some failed")
    expect(page.get_by_role("heading", name="Failed (2)")).to_be_visible()
    for address in (page.url, f"{window.base}/?view=jobs"):
        page.goto(address)
        page.locator(".job-state").first.wait_for()
        assert_accessible(page)
        page.set_viewport_size({"width": 360, "height": 740})
        assert_fits(page)
        assert_accessible(page)


def test_the_page_leads_to_jobs_only_where_there_are_some(window):
    """As the service's root document tells."""

    def answer(route):
        if "hal+json" not in route.request.headers["accept"]:
            route.continue_()
            return
        response = route.fetch()
        document = response.json()
        document["_links"].pop("jobs", None)
        route.fulfill(response=response, body=json.dumps(document))

    window.page.route(window.base + "/", answer)
    page = window.open("/?view=jobs")
    expect(page.get_by_role("searchbox", name="Search")).to_be_visible()
    expect(page.get_by_role("link", name="Jobs")).to_have_count(0)
