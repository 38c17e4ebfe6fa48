"""Searching: by text, by tags with the keyboard alone, by filters, and by address."""

from __future__ import annotations

import pytest
from playwright.sync_api import Route, expect

from tests.imaging.drawing import quadrants, saved
from tests.system.console.conftest import upload


def drawn(form: str) -> bytes:
    return saved(quadrants(), form)


@pytest.fixture(scope="module", autouse=True)
def pictures(server):
    upload(server, title="Harbour at dusk", tags=["quay", "qboats"])
    upload(server, title="Harbour at noon", tags=["quay", "qsky"])
    upload(server, drawn("GIF"), title="Hidden valley", tags=["qsky"])
    upload(server, title="Arabic", tags=["qبحر", "q🌊 waves"])


def test_words_find_pictures_while_they_are_typed(window):
    page = window.open()
    page.get_by_role("searchbox", name="Search").fill("harbour dusk")
    expect(page.locator(".tile[data-id]")).to_have_count(1)
    expect(page.get_by_role("link", name="Harbour at dusk")).to_be_visible()
    assert "q=harbour+dusk" in page.url


def test_tags_are_completed_and_taken_with_the_keyboard(window):
    page = window.open()
    box = page.get_by_role("combobox", name="Tags")
    box.focus()
    page.keyboard.type("qb")
    option = page.get_by_role("option").filter(has_text="qboats")
    expect(option).to_contain_text("1 picture")
    page.keyboard.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    assert box.get_attribute("aria-activedescendant") == option.get_attribute("id")
    page.keyboard.press("Enter")
    expect(page.locator(".tile[data-id]")).to_have_count(1)
    assert "tags_all=qboats" in page.url
    page.keyboard.type("quay")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Remove tag quay")).to_be_visible()
    assert "tags_all=qboats&tags_all=quay" in page.url
    page.keyboard.press("Backspace")
    expect(page.get_by_role("button", name="Remove tag quay")).to_have_count(0)


def test_a_late_answer_completes_only_what_is_typed_by_then(window):
    page = window.open()
    page.clock.install()
    page.clock.pause_at(page.evaluate("Date.now()") + 1_000)

    def answer_once_more_is_typed(route):
        page.keyboard.type("qb")
        answer_with_tags(route, "apples", "qbarges", "qboats")

    def answer(route):
        answer_with_tags(route, "qbanks", "qbarges", "qbells", "qboats")

    page.route("**/tags/?*", answer_once_more_is_typed)
    page.route("**/tags/?*prefix=qb", answer)
    page.get_by_role("combobox", name="Tags").focus()
    options = page.get_by_role("listbox", name="Tags, known").get_by_role("option")
    expect(options).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    boats = options.filter(has_text="qboats")
    expect(boats).to_have_attribute("aria-selected", "true")
    page.clock.run_for(1_000)
    expect(options).to_have_count(4)
    expect(boats).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Remove tag qboats")).to_be_visible()


def answer_with_tags(route: Route, *tags: str) -> None:
    known = [{"tag": tag, "count": 1, "count_is_exact": True} for tag in tags]
    route.fulfill(json={"data": known})


def test_escape_closes_the_completions_and_keeps_the_text(window):
    page = window.open()
    page.get_by_role("combobox", name="Tags").focus()
    page.keyboard.type("q")
    expect(page.get_by_role("listbox", name="Tags, known")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox", name="Tags, known")).to_be_hidden()
    expect(page.get_by_role("combobox", name="Tags")).to_have_value("q")


def test_an_address_shows_its_search_and_filters(window):
    page = window.open("/?q=harbour&tags_all=qsky&media_type=image%2Fpng")
    expect(page.get_by_role("link", name="Harbour at noon")).to_be_visible()
    expect(page.locator(".tile[data-id]")).to_have_count(1)
    expect(page.get_by_role("searchbox", name="Search")).to_have_value("harbour")
    expect(page.get_by_label("Type")).to_have_value("image/png")
    expect(page.get_by_role("button", name="Remove tag qsky")).to_be_visible()


def test_one_step_back_takes_a_filter_away(window):
    page = window.open("/?tags_all=qsky")
    expect(page.locator(".tile[data-id]")).to_have_count(2)
    page.get_by_label("Type").select_option("image/gif")
    expect(page.locator(".tile[data-id]")).to_have_count(1)
    page.go_back()
    expect(page.locator(".tile[data-id]")).to_have_count(2)
    expect(page.get_by_label("Type")).to_have_value("")


def test_a_search_without_matches_can_be_cleared(window):
    page = window.open("/?q=nothing-is-called-so")
    expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()
    page.get_by_role("link", name="Clear the search").click()
    expect(page.locator(".tile[data-id]").first).to_be_visible()
    expect(page.get_by_role("searchbox", name="Search")).to_have_value("")


@pytest.mark.parametrize("tag", ["qبحر", "q🌊 waves"])
def test_tags_of_any_script_can_be_searched(window, tag):
    page = window.open()
    box = page.get_by_role("combobox", name="Tags")
    box.fill(tag)
    box.press("Enter")
    expect(page.locator(".tile[data-id]")).to_have_count(1)


def test_refusals_of_the_service_are_reported_in_its_words(window):
    window.expected = {400}
    page = window.open("/?media_type=nonsense")
    expect(page.get_by_role("alert")).to_contain_text("media_type")
