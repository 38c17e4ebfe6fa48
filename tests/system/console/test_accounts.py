"""Logging in: private pictures are shown only to their owners."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.system.console.conftest import assert_accessible, assert_fits, picture
from tests.system.serving.server import Server, running

PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory) -> Iterator[Server]:
    """A server where everything but reading takes an account, which anybody may make."""
    settings = {
        "auth_mode": "required",
        "auth_secret": "0123456789abcdef" * 4,
        "auth_registration": "open",
    }
    with running(tmp_path_factory.mktemp("accounts"), **settings) as server:
        yield server


def sign_up(page: Page, name: str) -> None:
    page.get_by_role("link", name="Log in").click()
    page.get_by_role("button", name="Create an account").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create an account").click()
    expect(page.get_by_role("button", name=f"Account: {name}")).to_be_visible()


def log_in(page: Page, name: str, password: str = PASSWORD) -> None:
    page.get_by_role("link", name="Log in").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in", exact=True).click()


def upload_privately(page: Page, name: str) -> None:
    page.get_by_role("button", name="Upload", exact=True).click()
    page.get_by_label("Choose pictures").set_input_files(
        [{"name": f"{name}.png", "mimeType": "image/png", "buffer": picture(300, 200)}]
    )
    page.get_by_role("dialog").get_by_label("Title").fill(name)
    page.get_by_role("dialog").get_by_label("Private").check()
    page.get_by_role("button", name="Upload 1 picture").click()
    expect(page.locator(".uploads li")).to_contain_text("uploaded")
    page.get_by_role("button", name="Close").click()


def bottom_of(target: Locator) -> float:
    box = target.bounding_box()
    assert box is not None
    return box["y"] + box["height"]


def test_the_actions_for_selected_pictures_stand_in_one_line(make_window, guarded):
    page = make_window(guarded, viewport={"width": 1440, "height": 900}).open()
    sign_up(page, "gerda")
    upload_privately(page, "picture-of-gerda")
    page.locator(".tile[data-id] a").first.focus()
    page.keyboard.press("x")
    buttons = page.get_by_role("toolbar", name="Selected pictures").get_by_role("button").all()
    assert len(buttons) > 8
    assert {round(bottom_of(button)) for button in buttons} == {round(bottom_of(buttons[0]))}


def test_a_private_picture_is_shown_to_its_owner_alone(make_window, guarded):
    page = make_window(guarded).open()
    sign_up(page, "ann")
    upload_privately(page, "Ann alone")
    link = page.get_by_role("link", name="Ann alone")
    expect(link.locator("img.there")).to_be_visible()
    assert link.locator("img").evaluate("image => image.src").startswith("blob:")
    link.click()
    expect(page.locator(".sized img.there")).to_be_visible()
    page.get_by_role("tab", name="Transform").click()
    page.get_by_role("button", name="Add sepia").click()
    expect(page.get_by_role("list", name="Measurements")).to_contain_text("300 × 200")
    expect(page.get_by_label("Command for curl")).to_contain_text("Authorization: Bearer $TOKEN")
    other = make_window(guarded)
    other.expected = {404}
    stranger = other.open(page.url.removeprefix(other.base))
    expect(stranger.get_by_role("alert")).to_contain_text("Not found")
    stranger.goto(other.base)
    expect(stranger.get_by_role("link", name="Ann alone")).to_have_count(0)
    page.get_by_role("tab", name="Details").click()
    page.get_by_label("Public").check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".toast").last).to_have_text("Saved")
    stranger.reload()
    expect(stranger.get_by_role("link", name="Ann alone")).to_be_visible()


def test_a_reload_stays_logged_in_and_logging_out_hides_what_was_private(make_window, guarded):
    page = make_window(guarded).open()
    sign_up(page, "bea")
    upload_privately(page, "Bea alone")
    page.reload()
    expect(page.get_by_role("button", name="Account: bea")).to_be_visible()
    expect(page.get_by_role("link", name="Bea alone")).to_be_visible()
    page.get_by_label("Only mine").check()
    expect(page.locator(".tile[data-id]")).to_have_count(1)
    assert "owner=me" in page.url
    page.goto(page.url.partition("?")[0])
    page.get_by_role("button", name="Account: bea").click()
    page.get_by_role("button", name="Log out", exact=True).click()
    expect(page.get_by_role("link", name="Log in")).to_be_visible()
    expect(page.get_by_role("link", name="Bea alone")).to_have_count(0)
    storage = json.dumps(page.evaluate("[{...sessionStorage}, {...localStorage}]"))
    assert "refresh" not in storage
    log_in(page, "bea")
    expect(page.get_by_role("link", name="Bea alone")).to_be_visible()


def test_the_access_token_stays_in_memory_only(make_window, guarded):
    page = make_window(guarded).open()
    with page.expect_response("**/tokens/") as answer:
        sign_up(page, "dora")
    token = answer.value.json()["access_token"]
    storage = page.evaluate(
        "JSON.stringify([{...sessionStorage}, {...localStorage}, document.cookie])"
    )
    assert token not in storage


def test_a_token_that_ran_out_is_renewed_unseen(make_window, guarded):
    window = make_window(guarded)
    window.expected = {401}
    page = window.open()
    sign_up(page, "cleo")
    refused = iter([True])

    def answer(route):
        if next(refused, False):
            problem = '{"title": "Not good", "detail": "the token has expired"}'
            route.fulfill(status=401, body=problem, content_type="application/problem+json")
        else:
            route.continue_()

    page.route("**/images/?*", answer)
    page.get_by_role("searchbox", name="Search").fill("nothing-is-called-so")
    expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()
    expect(page.get_by_role("button", name="Account: cleo")).to_be_visible()


def test_a_wrong_password_is_reported(make_window, guarded):
    window = make_window(guarded)
    window.expected = {401}
    page = window.open()
    log_in(page, "nobody", "wrong")
    expect(page.get_by_role("alert")).not_to_be_empty()
    expect(page.get_by_label("Password")).to_be_focused()


def test_without_an_account_an_upload_is_refused_with_what_would_help(make_window, guarded):
    window = make_window(guarded)
    window.expected = {401}
    page = window.open()
    page.get_by_role("button", name="Upload", exact=True).click()
    page.get_by_label("Choose pictures").set_input_files(
        [{"name": "x.png", "mimeType": "image/png", "buffer": picture()}]
    )
    page.get_by_role("button", name="Upload 1 picture").click()
    expect(page.locator(".uploads .trouble")).to_contain_text("account")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_login_form_needs_no_account(make_window, guarded, theme):
    window = make_window(guarded, color_scheme=theme)
    window.expected = {401}
    page = window.open()
    log_in(page, "nobody", "wrong")
    expect(page.get_by_role("alert")).to_be_visible()
    assert_accessible(page)
    page.set_viewport_size({"width": 360, "height": 740})
    assert_fits(page)
    assert_accessible(page)
    page.goto(window.base)
    expect(page.get_by_role("link", name="Log in")).to_be_visible()
    assert_fits(page)


def test_without_accounts_the_page_does_not_mention_them(window):
    page = window.open("/?view=login")
    expect(page.get_by_role("searchbox", name="Search")).to_be_visible()
    expect(page.get_by_role("link", name="Log in")).to_have_count(0)
    expect(page.get_by_label("Only mine")).to_be_hidden()


def test_the_account_has_its_password_keys_and_sessions(make_window, guarded):
    window = make_window(guarded)
    page = window.open()
    sign_up(page, "frida")
    page.get_by_role("button", name="Account: frida").click()
    dialog = page.get_by_role("dialog", name="frida")
    assert_accessible(page)
    field, button = (
        dialog.get_by_label("What the new key is for"),
        dialog.get_by_role("button", name="Create"),
    )
    assert bottom_of(button) == pytest.approx(bottom_of(field), abs=2)
    field.fill("backup")
    dialog.get_by_role("button", name="Create").click()
    key = dialog.get_by_label("API key", exact=True).text_content()
    who = {"Authorization": f"Bearer {key}"}
    assert guarded.request("GET", "/users/me/", headers=who).json["username"] == "frida"
    dialog.get_by_role("button", name="Revoke: backup").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Revoke").click()
    expect(dialog.get_by_text("backup")).to_have_count(0)
    window.expected = {401}
    assert guarded.request("GET", "/users/me/", headers=who).status == 401
    expect(dialog.get_by_text("This session")).to_be_visible()
    dialog.get_by_label("Current password").fill(PASSWORD)
    dialog.get_by_label("New password").fill(PASSWORD + "!")
    dialog.get_by_role("button", name="Change password").click()
    expect(page.locator(".toast").last).to_contain_text("Password changed")
    dialog.get_by_role("button", name="Log out", exact=True).click()
    log_in(page, "frida", PASSWORD + "!")
    expect(page.get_by_role("button", name="Account: frida")).to_be_visible()
