"""The playground: operations chosen, filled in, moved about, seen; and taken along."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.system.console.conftest import picture, upload


@pytest.fixture
def image_id(server) -> str:
    return upload(server, picture(640, 480), title="Played with")


def open_playground(window, image_id: str, pipeline: str = "") -> Page:
    return window.open(f"/?image={image_id}&pipeline={pipeline}")


def add(page: Page, operation: str) -> None:
    page.get_by_role("button", name=f"Add {operation}", exact=True).click()


def url_line(page: Page):
    return page.locator(".line").filter(has=page.get_by_text("URL", exact=True)).locator("code")


def measures(page: Page):
    return page.get_by_role("list", name="Measurements")


def test_every_operation_can_be_added_and_shows_a_picture(window, server, image_id):
    """Each starts with arguments that work; those that name another picture need one."""
    operations = json.loads(server.get("/transforms/").body)["operations"]
    page = open_playground(window, image_id)
    for operation in operations:
        name = operation["name"]
        if name in ("format", "page"):  # a field of its own; for documents only
            assert page.get_by_role("button", name=f"Add {name}", exact=True).count() == 0
            continue
        with page.expect_response(lambda answer, name=name: name in answer.url) as answer:
            add(page, name)
        assert answer.value.status == 200, (name, answer.value.url)
        page.get_by_role("button", name=f"Remove {name}").click()


def test_steps_become_the_canonical_url_in_their_order(window, image_id):
    page = open_playground(window, image_id)
    add(page, "resize")
    add(page, "sepia")
    page.get_by_label("Format").select_option("webp")
    expect(url_line(page)).to_have_text(
        f"/images/{image_id}/resize:fit=cover,height=300,width=400/sepia.webp"
    )
    expect(measures(page)).to_contain_text("400 × 300")
    expect(measures(page)).to_contain_text("webp")
    page.get_by_role("button", name="Move sepia up").click()
    expect(url_line(page)).to_have_text(
        f"/images/{image_id}/sepia/resize:fit=cover,height=300,width=400.webp"
    )
    page.get_by_role("button", name="Remove resize").click()
    expect(url_line(page)).to_have_text(f"/images/{image_id}/sepia.webp")
    expect(measures(page)).to_contain_text("640 × 480")


def test_fields_have_the_types_bounds_and_defaults_of_the_schema(window, image_id):
    page = open_playground(window, image_id)
    add(page, "rotate")
    degrees = page.get_by_label("degrees", exact=True)
    assert degrees.get_attribute("type") == "number"
    assert degrees.get_attribute("min") == "-360"
    degrees.fill("45")
    page.get_by_label("background", exact=True).fill("navy")
    expect(url_line(page)).to_contain_text("rotate:background=000080,degrees=45")


def test_a_refused_argument_is_reported_beside_its_step(window, image_id):
    window.expected = {400}
    page = open_playground(window, image_id)
    add(page, "sepia")
    page.get_by_label("amount", exact=True).fill("7")
    expect(page.get_by_role("alert")).to_contain_text("sepia.amount: expected a number from 0 to 1")
    expect(page.locator(".step.wrong")).to_have_attribute("data-name", "sepia")
    page.get_by_label("amount", exact=True).fill("0.5")
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(url_line(page)).to_contain_text("sepia:amount=0.5")


def test_texts_of_any_letters_reach_the_service(window, image_id):
    page = open_playground(window, image_id)
    add(page, "watermark")
    page.get_by_label("text", exact=True).fill("50 % off, / or: not?")
    expect(url_line(page)).to_contain_text("text=~NTAgJSBvZmYsIC8gb3I6IG5vdD8")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_the_second_look_comes_from_the_cache(window, image_id):
    page = open_playground(window, image_id, "grayscale.webp")
    expect(measures(page)).to_contain_text("newly rendered")
    expect(measures(page)).to_contain_text("decode")
    page.context.clear_cookies()
    again = page.context.browser.new_context()
    other = again.new_page()
    other.goto(page.url)
    expect(measures(other)).to_contain_text("from the cache")
    again.close()


def test_an_address_brings_the_steps_back(window, image_id):
    page = open_playground(window, image_id)
    add(page, "blur")
    add(page, "thumbnail")
    page.get_by_label("width", exact=True).fill("120")
    expect(url_line(page)).to_contain_text("thumbnail:width=120")
    [pipeline] = parse_qs(urlsplit(page.url).query)["pipeline"]
    assert pipeline == "blur/thumbnail:width=120"
    page.reload()
    expect(page.locator(".step")).to_have_count(2)
    expect(page.get_by_label("width", exact=True)).to_have_value("120")
    expect(url_line(page)).to_contain_text("blur/thumbnail:width=120")


def test_a_pipeline_written_by_hand_is_read_as_the_service_reads_it(window, image_id):
    page = open_playground(window, image_id, "resize:w=120/blur:3.webp")
    expect(page.get_by_label("width", exact=True)).to_have_value("120")
    expect(url_line(page)).to_have_text(f"/images/{image_id}/resize:width=120/blur:sigma=3.webp")


def test_a_pipeline_that_cannot_be_shows_the_picture_and_why(window, image_id):
    window.expected = {400}
    page = open_playground(window, image_id, "resize:width=0")
    expect(page.get_by_text("resize.width")).to_be_visible()
    expect(page.locator(".frame img")).to_be_visible()


def test_url_and_curl_line_can_be_copied(make_window, image_id):
    window = make_window(permissions=["clipboard-read", "clipboard-write"])
    page = open_playground(window, image_id, "flip.png")
    page.get_by_role("button", name="Copy URL").click()
    page.wait_for_function("() => document.querySelector('button.done')")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == f"{window.base}/images/{image_id}/flip.png"
    page.get_by_role("button", name="Copy the curl command").click()
    page.wait_for_function("async () => (await navigator.clipboard.readText()).startsWith('curl')")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == f"curl -o picture.png '{window.base}/images/{image_id}/flip.png'"


def test_operations_are_found_by_what_they_do(window, image_id):
    page = open_playground(window, image_id)
    page.get_by_role("searchbox", name="Find an operation").fill("old photograph")
    expect(page.get_by_role("button", name="Add sepia", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Add blur", exact=True)).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page.locator(".step")).to_have_attribute("data-name", "sepia")


def test_a_format_that_browsers_do_not_show_can_be_saved(window, image_id):
    page = open_playground(window, image_id, "flip.tiff")
    expect(page.get_by_role("link", name="Save it")).to_be_visible()
