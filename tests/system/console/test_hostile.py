"""Whatever people write into titles, tags and file names stays text."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.system.console.conftest import assert_fits, upload

MARKUP = '"><img src=x onerror="window.broken=1"><script>window.broken=1</script>'
HOSTILE = [
    MARKUP,
    "javascript:window.broken=1",
    "{{constructor.constructor('window.broken=1')()}}",
    "\u202eevil\u2066 gnp.exe",
    "A" * 190,
    "مرحبا بالعالم 🌊👩‍👩‍👧‍👦 עברית",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_metadata_is_shown_as_it_is(make_window, server, text):
    tag = text[:100].replace(",", ";")
    image_id = upload(server, title=text, tags=["hostile", tag], description=text)
    window = make_window(viewport={"width": 360, "height": 740})
    page = window.open("/?tags_all=hostile")
    link = page.locator(f".tile[data-id='{image_id}'] a")
    expect(link.locator("bdi")).to_have_text(text)
    assert_fits(page)
    link.click()
    expect(page.locator("h1 bdi")).to_have_text(text)
    expect(page.get_by_label("Title")).to_have_value(text)
    expect(page.get_by_label("Description")).to_have_value(text)
    expect(page.locator(".chip bdi").nth(1)).to_have_text(tag)
    assert_fits(page)
    page.get_by_role("button", name="Delete picture").click()
    expect(page.get_by_role("alertdialog")).to_contain_text(text)
    assert_fits(page)
    assert page.evaluate("window.broken") is None


def test_hostile_tags_are_completed_as_text(window, server):
    upload(server, tags=["<b>bold</b>", MARKUP[:90].replace(",", ";")])
    page = window.open()
    page.get_by_role("combobox", name="Tags").fill("<b>")
    option = page.get_by_role("option").first
    expect(option.locator("bdi")).to_have_text("<b>bold</b>")
    option.click()
    expect(page.get_by_role("button", name="Remove tag <b>bold</b>")).to_be_visible()
    expect(page.locator(".tile[data-id]")).to_have_count(1)


def test_hostile_file_names_are_shown_as_text(window):
    page = window.open()
    page.get_by_role("button", name="Upload", exact=True).click()
    page.get_by_label("Choose pictures").set_input_files(
        [{"name": "<img src=x onerror=alert(1)>.png", "mimeType": "image/png", "buffer": b"x"}]
    )
    expect(page.locator(".uploads .name")).to_have_text("<img src=x onerror=alert(1)>.png")


@pytest.mark.parametrize(
    "address",
    [
        "/?image=../../etc/passwd",
        "/?image=%3Cscript%3E",
        "/?image=a%2Fb&pipeline=%3Cscript%3E/../..",
        "/?q=%3Cimg%20src%3Dx%20onerror%3Dwindow.broken%3D1%3E",
        "/?tags_all=%22%3E%3Csvg%20onload%3Dwindow.broken%3D1%3E",
        "/?view=nonsense&image=",
    ],
)
def test_hostile_addresses_lead_to_a_view_all_the_same(window, address):
    window.expected = {400, 404}
    page = window.open(address)
    page.wait_for_timeout(300)
    assert page.evaluate("window.broken") is None


def test_the_browser_itself_refuses_markup_from_text(window):
    """Trusted Types: not even a mistake in the console could turn a title into markup."""
    page = window.open()
    refused = page.evaluate(
        """() => {
          try { document.createElement("div").innerHTML = "<b>x</b>"; return false; }
          catch (error) { return error instanceof TypeError; }
        }"""
    )
    assert refused
    window.complaints.clear()
