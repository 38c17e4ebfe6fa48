"""The console: a page for browsers, the HAL root for programs, and only its own files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from progimage.api.console import console
from tests.api.conftest import assert_problem

ASSETS = Path(console.__file__).parent / "assets"
CHROMIUM = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
PAGE = {"Accept": CHROMIUM}


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (CHROMIUM, "text/html"),
        ("text/html", "text/html"),
        ("text/html, application/json;q=0.9", "text/html"),
        ("*/*", "application/hal+json"),
        ("application/json", "application/hal+json"),
        ("application/hal+json", "application/hal+json"),
        ("application/json, text/html;q=0.9", "application/hal+json"),
        ("image/png", "application/hal+json"),
        ("", "application/hal+json"),
        ("not a type;;;", "application/hal+json"),
    ],
)
def test_browsers_get_the_page_and_programs_the_links(client, accept, kind):
    result = client.simulate_get("/", headers={"Accept": accept})
    assert result.status_code == 200
    assert result.headers["content-type"].partition(";")[0] == kind
    assert "Accept" in result.headers["vary"].split(", ")


def test_the_page_lets_no_foreign_or_inline_script_run(client):
    headers = client.simulate_get("/", headers=PAGE).headers
    policy = dict(item.split(" ", 1) for item in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["img-src"] == "'self' data: blob:"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert headers["x-content-type-options"] == "nosniff"


def test_pictures_may_come_from_where_they_are_redirected_to():
    policy = console.policy("https://s3.example")
    assert "img-src 'self' data: blob: https://s3.example;" in policy
    assert "script-src 'self';" in policy


def test_every_file_is_served_as_what_it_is_and_can_be_revalidated(client):
    for path, asset in console.assets().items():
        if path == "index.html":
            continue
        result = client.simulate_get(f"/console/{path}")
        assert result.status_code == 200
        assert result.content == (ASSETS / path).read_bytes()
        assert result.headers["content-type"] == asset.media_type
        assert result.headers["x-content-type-options"] == "nosniff"
        etag = result.headers["etag"]
        again = client.simulate_get(f"/console/{path}", headers={"If-None-Match": etag})
        assert (again.status_code, again.content) == (304, b"")
    etag = client.simulate_get("/", headers=PAGE).headers["etag"]
    again = client.simulate_get("/", headers={**PAGE, "If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["vary"] == "Accept"


@pytest.mark.parametrize(
    "path",
    [
        "js/nothing.js",
        "index.html",
        "__init__.py",
        "../__init__.py",
        "%2e%2e/__init__.py",
        "js/../index.html",
        "js",
        "/etc/passwd",
        "js/main.js%00.png",
    ],
)
def test_nothing_else_is_served(client, path):
    assert_problem(client.simulate_get(f"/console/{path}"), 404)


def test_the_page_and_its_modules_refer_only_to_files_that_exist():
    page = (ASSETS / "index.html").read_text("utf-8")
    for path in re.findall(r'(?:href|src)="/console/([^"]+)"', page):
        assert path in console.assets()
    assert not re.search(r"https?://|<style|<script(?![^>]* src=)| on\w+=| style=", page)
    for script in (ASSETS / "js").glob("*.js"):
        for name in re.findall(r'from "\./([^"]+)"', script.read_text("utf-8")):
            assert f"js/{name}" in console.assets(), f"{script.name} imports {name}"


@pytest.mark.parametrize("script", sorted((ASSETS / "js").glob("*.js")), ids=lambda path: path.name)
def test_no_module_turns_text_into_markup_or_code(script):
    source = script.read_text("utf-8")
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"
    assert not re.search(forbidden, source)
