"""Albums: made from selected pictures, put in order, edited, shared and deleted."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.system.console.conftest import (
    Window,
    assert_accessible,
    assert_fits,
    picture,
    upload_many,
)
from tests.system.console.test_accounts import sign_up, upload_privately
from tests.system.serving.server import Server, running

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def signing(tmp_path_factory) -> Iterator[Server]:
    """A server with accounts, which signs links."""
    settings = {
        "auth_mode": "optional",
        "auth_secret": "0123456789abcdef" * 4,
        "auth_registration": "open",
    }
    with running(tmp_path_factory.mktemp("albums"), **settings) as server:
        yield server


def create(server: Server, title: str, ids: list[str]) -> str:
    body = json.dumps({"title": title, "images": ids})
    answer = server.request("POST", "/albums/", body, JSON)
    assert answer.status == 201, answer.body[:2000]
    return str(answer.json["id"])


def ids_in(server: Server, album: str) -> list[str]:
    answer = server.get(f"/albums/{album}/images/?limit=200")
    return [record["id"] for record in answer.json["data"]]


def shown(page: Page) -> list[str]:
    ids = page.locator(".tile[data-id]").evaluate_all("all => all.map((tile) => tile.dataset.id)")
    return list(ids)


def open_album(window: Window, album: str, count: int) -> Page:
    page = window.open(f"/?album={album}")
    expect(page.locator(".tile[data-id]")).to_have_count(count)
    return page


def bar(page: Page):
    return page.get_by_role("toolbar", name="Selected pictures")


def test_selected_pictures_become_an_album_and_are_added_to_it(window, server):
    upload_many(server, 3, tags="collected")
    page = window.open("/?tags_all=collected")
    tiles = page.locator(".tile[data-id]")
    expect(tiles).to_have_count(3)
    tiles.nth(0).get_by_role("link").focus()
    page.keyboard.press("x")
    bar(page).get_by_role("button", name="Add to album").click()
    dialog = page.get_by_role("dialog", name="Add 1 picture to an album")
    assert_accessible(page)
    dialog.get_by_label("New album").fill("Collected")
    page.keyboard.press("Enter")
    expect(page.locator(".toast").last).to_contain_text("1 picture added to “Collected”")
    bar(page).get_by_role("button", name="Select all 3").click()
    bar(page).get_by_role("button", name="Add to album").click()
    page.get_by_role("button", name="Collected 1 picture").click()
    expect(page.locator(".toast").last).to_contain_text("3 pictures added to “Collected”")
    page.get_by_role("link", name="Albums").click()
    page.get_by_role("link", name="Collected 3 pictures").click()
    expect(page.get_by_role("heading", level=1, name="Collected")).to_be_visible()
    expect(tiles).to_have_count(3)


def test_pictures_are_dragged_into_another_order(window, server):
    ids = upload_many(server, 4)
    album = create(server, "Dragged", ids)
    page = open_album(window, album, 4)
    tiles = page.locator(".tile[data-id]")
    with page.expect_response(f"**/albums/{album}/images/"):
        tiles.nth(3).drag_to(tiles.nth(1), target_position={"x": 8, "y": 40})
    expected = [ids[0], ids[3], ids[1], ids[2]]
    assert shown(page) == expected
    assert ids_in(server, album) == expected


def test_the_keyboard_and_the_buttons_change_the_order_too(window, server):
    ids = upload_many(server, 4)
    album = create(server, "Typed", ids)
    page = open_album(window, album, 4)
    page.locator(".tile[data-id] a").first.focus()
    for _ in range(2):
        with page.expect_response(f"**/albums/{album}/images/"):
            page.keyboard.press("Shift+ArrowRight")
    expect(page.locator("#announcement")).to_have_text("Moved to place 3 of 4")
    assert shown(page) == [ids[1], ids[2], ids[0], ids[3]]
    # The picture still has the focus, so that it can be moved on, or selected.
    page.keyboard.press("x")
    with page.expect_response(f"**/albums/{album}/images/"):
        bar(page).get_by_role("button", name="Earlier").click()
    assert shown(page) == [ids[1], ids[0], ids[2], ids[3]]
    assert ids_in(server, album) == shown(page)


def test_pictures_are_taken_out_and_one_becomes_the_cover(window, server):
    ids = upload_many(server, 3)
    album = create(server, "Trimmed", ids)
    page = open_album(window, album, 3)
    page.locator(".tile[data-id] a").nth(2).focus()
    page.keyboard.press("x")
    bar(page).get_by_role("button", name="Use as cover").click()
    expect(page.locator(".toast").last).to_contain_text("Cover chosen")
    assert server.get(f"/albums/{album}/").json["cover"] == ids[2]
    page.keyboard.press("Escape")
    page.locator(".tile[data-id] a").nth(0).focus()
    page.keyboard.press("x")
    bar(page).get_by_role("button", name="Remove from album").click()
    expect(page.locator(".tile[data-id]")).to_have_count(2)
    expect(page.get_by_text("2 pictures", exact=True)).to_be_visible()
    assert ids_in(server, album) == ids[1:]
    assert server.get(f"/images/{ids[0]}/").status == 200


def test_all_pictures_of_an_album_are_selected_while_a_page_of_it_is_on_its_way(window, server):
    ids = upload_many(server, 70)
    album = create(server, "Large", ids)
    first = []

    def answer(route):
        # The first request for the second page gets no answer.
        if first:
            route.continue_()
        else:
            first.append(route)

    window.page.route("**/images/?*cursor=*", answer)
    page = window.open(f"/?album={album}")
    expect(page.locator(".tile[aria-posinset='1']")).to_be_visible()
    with page.expect_request("**/images/?*cursor=*"):
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    page.keyboard.press("Control+a")
    expect(page.get_by_role("toolbar", name="Selected pictures")).to_contain_text("70 selected")


def test_arrows_step_through_an_album_also_after_a_reload(window, server):
    ids = upload_many(server, 3)
    album = create(server, "Stepped", ids[::-1])
    page = open_album(window, album, 3)
    page.locator(".tile[data-id] a").first.click()
    expect(page.get_by_role("tab", name="Details")).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.wait_for_url(f"**/?image={ids[1]}&album={album}")
    page.reload()
    page.get_by_role("link", name="Next picture").click()
    page.wait_for_url(f"**/?image={ids[0]}&album={album}")
    expect(page.get_by_role("link", name="Next picture")).to_have_count(0)
    page.keyboard.press("Escape")
    page.wait_for_url(f"**/?album={album}")
    expect(page.locator(".tile[data-id]")).to_have_count(3)


def test_an_album_is_renamed_and_deleted_and_its_pictures_stay(window, server):
    ids = upload_many(server, 2)
    album = create(server, "Before", ids)
    page = open_album(window, album, 2)
    page.get_by_role("button", name="Edit").click()
    form = page.get_by_role("dialog", name="Edit album")
    form.get_by_label("Title").fill("After")
    form.get_by_label("Description").fill("Two pictures")
    form.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1, name="After")).to_be_visible()
    expect(page.get_by_text("Two pictures", exact=True)).to_be_visible()
    page.get_by_role("button", name="Delete").first.click()
    question = page.get_by_role("alertdialog", name="Delete the album “After”?")
    question.get_by_role("button", name="Delete album").click()
    page.wait_for_url("**/?view=albums")
    assert server.get(f"/albums/{album}/").status == 404
    assert [server.get(f"/images/{i}/").status for i in ids] == [200, 200]


def test_an_empty_album_says_what_to_do(window):
    page = window.open("/?view=albums")
    page.get_by_role("button", name="New album").click()
    form = page.get_by_role("dialog", name="New album")
    form.get_by_label("Title").fill("Empty")
    form.get_by_role("button", name="Create album").click()
    expect(page.get_by_role("heading", name="No pictures in this album")).to_be_visible()
    assert_accessible(page)


def test_a_link_shows_a_private_album_to_others_and_nothing_else(make_window, signing):
    page = make_window(signing).open()
    sign_up(page, "ann")
    upload_privately(page, "Ann alone")
    page.get_by_role("link", name="Ann alone").focus()
    page.keyboard.press("x")
    bar(page).get_by_role("button", name="Add to album").click()
    page.get_by_label("New album").fill("Private album")
    page.keyboard.press("Enter")
    expect(page.locator(".toast").last).to_contain_text("1 picture added")
    page.get_by_role("link", name="Albums").click()
    page.get_by_role("link", name="Private album").click()
    page.get_by_role("button", name="Share").last.click()
    dialog = page.get_by_role("dialog", name="Share album")
    dialog.get_by_role("button", name="Create a link").click()
    expect(dialog.get_by_text("Works until")).to_be_visible()
    assert_accessible(page)
    link = dialog.locator("code").first.text_content() or ""

    other = make_window(signing, viewport={"width": 390, "height": 844})
    guest = other.open(link.removeprefix(other.base))
    expect(guest.get_by_role("heading", level=1, name="Private album")).to_be_visible()
    expect(guest.locator(".tile img.there")).to_have_count(1)
    expect(guest.get_by_role("button", name="Edit")).to_have_count(0)
    expect(guest.get_by_role("checkbox")).to_have_count(0)
    guest.locator(".tile a").click()
    expect(guest.get_by_role("heading", level=1, name="Ann alone")).to_be_visible()
    expect(guest.locator(".sized img.there")).to_be_visible()
    assert_accessible(guest)
    assert_fits(guest)
    guest.reload()
    expect(guest.locator(".sized img.there")).to_be_visible()
    other.expected = {401, 404}
    album = link.partition("album=")[2].partition("&")[0]
    guest.goto(f"{other.base}/?album={album}")
    expect(guest.get_by_role("alert")).to_contain_text("there is no album")


def test_a_public_album_is_shown_to_all_without_its_private_pictures(make_window, signing):
    page = make_window(signing).open()
    sign_up(page, "bea")
    upload_privately(page, "Bea alone")
    page.get_by_role("button", name="Upload", exact=True).click()
    page.get_by_label("Choose pictures").set_input_files(
        [{"name": "open.png", "mimeType": "image/png", "buffer": picture()}]
    )
    page.get_by_role("dialog").get_by_label("Title").fill("Bea for all")
    page.get_by_role("dialog").get_by_label("Private").uncheck()
    page.get_by_role("button", name="Upload 1 picture").click()
    expect(page.get_by_role("dialog").get_by_text("uploaded")).to_have_count(2)
    page.get_by_role("button", name="Close").click()
    page.goto(page.url.partition("?")[0] + "?owner=me")
    expect(page.locator(".tile[data-id]")).to_have_count(2)
    page.keyboard.press("Control+a")
    bar(page).get_by_role("button", name="Add to album").click()
    page.get_by_label("New album").fill("Open album")
    page.keyboard.press("Enter")
    expect(page.locator(".toast").last).to_contain_text("2 pictures added")
    page.get_by_role("link", name="Albums").click()
    page.get_by_role("link", name="Open album").click()
    expect(page.get_by_title("Private")).to_have_count(1)
    page.get_by_role("button", name="Edit").click()
    page.get_by_label("Public: everybody").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_title("Private")).to_have_count(0)
    other = make_window(signing)
    stranger = other.open(page.url.removeprefix(other.base))
    expect(stranger.get_by_role("heading", level=1, name="Open album")).to_be_visible()
    expect(stranger.get_by_role("link", name="Bea for all")).to_be_visible()
    expect(stranger.locator(".tile[data-id]")).to_have_count(1)
    expect(stranger.get_by_role("button", name="Edit")).to_be_hidden()
