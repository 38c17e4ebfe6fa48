"""A picture is used: stepped through, shared, downloaded, and put into pages."""

from __future__ import annotations

import json
import shlex
import subprocess

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.imaging.drawing import saved
from tests.system.console.conftest import assert_accessible, picture, upload, upload_many, url_of
from tests.system.serving.server import running


@pytest.fixture(scope="module")
def signing(tmp_path_factory):
    """A server with accounts, whose links are signed."""
    folder = tmp_path_factory.mktemp("signing")
    settings = {
        "auth_mode": "optional",
        "auth_secret": "0123456789abcdef" * 4,
        "auth_registration": "open",
    }
    with running(folder, **settings) as server:
        yield server


def test_arrows_step_through_the_pictures_and_escape_goes_back(window, server):
    upload_many(server, 3, tags="stepped")
    page = window.open("/?tags_all=stepped")
    links = page.locator(".tile[data-id] a")
    expect(links).to_have_count(3)
    ids = page.locator(".tile[data-id]").evaluate_all("all => all.map((tile) => tile.dataset.id)")
    links.nth(0).click()
    for expected in (ids[1], ids[2]):
        expect(page.get_by_role("tab", name="Details")).to_be_visible()
        page.keyboard.press("ArrowRight")
        page.wait_for_url(f"**/?image={expected}")
    expect(page.get_by_role("link", name="Next picture")).to_have_count(0)
    page.get_by_role("link", name="Previous picture").click()
    page.wait_for_url(f"**/?image={ids[1]}")
    page.keyboard.press("Escape")
    page.wait_for_url("**/?tags_all=stepped")
    expect(links).to_have_count(3)


def test_escape_leads_to_the_picture_that_was_shown_last(make_window, server):
    upload_many(server, 12, tags="far")
    page = make_window(viewport={"width": 900, "height": 500}).open("/?tags_all=far")
    page.locator(".tile[aria-posinset='1'] a").click()
    for _ in range(11):
        expect(page.get_by_role("tab", name="Details")).to_be_visible()
        url = page.url
        page.get_by_role("link", name="Next picture").focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_url(lambda now, url=url: now != url)
    page.keyboard.press("Escape")
    expect(page.locator(".tile[aria-posinset='12'] a")).to_be_focused()
    expect(page.locator(".tile[aria-posinset='12'] a")).to_be_in_viewport()


def test_a_slash_searches_and_a_question_mark_helps(window, server):
    image_id = upload(server)
    page = window.open(f"/?image={image_id}")
    expect(page.get_by_role("tab", name="Details")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Search")).to_be_focused()
    page.keyboard.type("?/")
    expect(page.get_by_role("searchbox", name="Search")).to_have_value("?/")


def test_the_original_is_downloaded_under_its_name(window, server):
    body = picture()
    image_id = upload(server, body, file_name="harbour.png")
    page = window.open(f"/?image={image_id}")
    page.get_by_role("button", name="Share", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the original").click()
    assert download.value.suggested_filename == "harbour.png"
    assert download.value.path().read_bytes() == body


def test_code_for_pages_shows_the_picture(make_window, window, server):
    """Its HTML is opened by the browser, and its curl command is run."""
    image_id = upload(server, picture(1000, 500), title='A "quoted" <title>')
    page = window.open(f"/?image={image_id}")
    page.get_by_role("button", name="Share", exact=True).click()
    assert_accessible(page)
    choice, code = page.get_by_label("For", exact=True), page.get_by_label("Code", exact=True)
    choice.select_option("HTML, responsive")
    html = code.locator("xpath=self::pre").text_content()
    # Nothing is enlarged, so there is no version that is wider than the picture.
    assert [word for word in html.split() if word.startswith("1000w")]
    assert "1600w" not in html
    reader = make_window().page
    reader.set_content(html)
    image = reader.locator("img")
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    assert image.get_attribute("alt") == 'A "quoted" <title>'
    choice.select_option("curl")
    command = shlex.split(code.locator("xpath=self::pre").text_content())
    done = subprocess.run(
        [command[0], "-s", "-o", "-", command[-1]], capture_output=True, check=True
    )
    assert done.stdout[8:12] == b"WEBP"


def test_code_for_pages_keeps_transparency_and_true_widths(window, server):
    image_id = upload(server, saved(Image.new("RGBA", (300, 200), (9, 99, 9, 99)), "PNG"))
    page = window.open(f"/?image={image_id}")
    page.get_by_role("button", name="Share", exact=True).click()
    page.get_by_label("For", exact=True).select_option("HTML, responsive")
    html = page.locator("pre.code").text_content()
    assert f"/images/{image_id}/resize:width=300.png 300w" in html
    assert "400w" not in html
    assert "jpg" not in html


def test_a_private_picture_is_shared_by_a_link(make_window, signing):
    who = {"username": "eve", "password": "correct horse battery"}
    kind = {"Content-Type": "application/json"}
    assert signing.request("POST", "/users/", json.dumps(who), kind).status == 201
    token = signing.request("POST", "/tokens/", json.dumps(who), kind).json["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "image/png"}
    path = "/images/?visibility=private&title=Secret"
    image_id = signing.request("POST", path, picture(), headers).json["id"]
    assert signing.get(f"/images/{image_id}/").status == 404
    page = make_window(signing).open("/?view=login")
    page.get_by_label("Name").fill(who["username"])
    page.get_by_label("Password").fill(who["password"])
    page.get_by_role("button", name="Log in", exact=True).click()
    page.get_by_role("link", name="Secret").click()
    page.get_by_role("button", name="Share", exact=True).click()
    form = page.get_by_role("form", name="Share by link")
    form.get_by_label("Shows").select_option("thumbnail.webp")
    form.get_by_label("Expires after").select_option("1 hour")
    form.get_by_role("button", name="Create a link").click()
    link = form.get_by_role("link", name="Open link in a new tab").get_attribute("href")
    assert link is not None
    assert link.startswith(url_of(signing))
    assert signing.get(link.removeprefix(url_of(signing))).body[8:12] == b"WEBP"
    assert signing.get(f"/images/{image_id}/").status == 404
