"""Many pictures at once: selected by mouse, keyboard and touch, then changed together."""

from __future__ import annotations

import io
import zipfile

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.imaging.drawing import saved
from tests.system.console.conftest import (
    assert_accessible,
    assert_fits,
    metadata,
    picture,
    upload,
    upload_many,
)


def tiles(page: Page):
    return page.locator(".tile[data-id]")


def bar(page: Page):
    return page.get_by_role("toolbar", name="Selected pictures")


def select(page: Page, *places: int) -> None:
    for place in places:
        tiles(page).nth(place).hover()
        tiles(page).nth(place).get_by_role("checkbox").click()


def test_a_range_is_selected_with_shift_and_deselected_with_escape(window, server):
    upload_many(server, 6, tags="ranged")
    page = window.open("/?tags_all=ranged")
    select(page, 1)
    expect(bar(page)).to_contain_text("1 selected")
    tiles(page).nth(4).get_by_role("link").click(modifiers=["Shift"])
    expect(bar(page)).to_contain_text("4 selected")
    # While something is selected, a click on a picture selects it too.
    tiles(page).nth(0).get_by_role("link").click()
    expect(bar(page)).to_contain_text("5 selected")
    assert_accessible(page)
    page.keyboard.press("Escape")
    expect(bar(page)).to_be_hidden()
    tiles(page).nth(0).get_by_role("link").click()
    expect(page.get_by_role("tab", name="Details")).to_be_visible()


def test_a_selected_picture_has_a_frame(make_window, server):
    upload(server, saved(Image.new("RGB", (300, 200), (255, 255, 255)), "PNG"), tags="framed")
    page = make_window(color_scheme="light").open("/?tags_all=framed")
    expect(page.locator(".tile img.there")).to_have_count(1)
    select(page, 0)
    box = tiles(page).nth(0).bounding_box()
    assert box is not None
    clip = {"x": box["x"] + 1, "y": box["y"] + box["height"] / 2, "width": 2, "height": 2}
    shot = Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("RGB")
    red, green, blue = shot.getpixel((0, 0))
    assert red < 60 < green < 160
    assert blue < 160


def test_the_keyboard_alone_selects(window, server):
    upload_many(server, 4, tags="typed")
    page = window.open("/?tags_all=typed")
    tiles(page).nth(0).get_by_role("link").focus()
    page.keyboard.press("x")
    tiles(page).nth(2).get_by_role("link").focus()
    page.keyboard.press("Shift+X")
    expect(bar(page)).to_contain_text("3 selected")
    page.get_by_role("button", name="Select all 4").focus()
    page.keyboard.press("Enter")
    expect(bar(page)).to_contain_text("4 selected")
    tiles(page).nth(1).get_by_role("checkbox").focus()
    page.keyboard.press("Space")
    expect(bar(page)).to_contain_text("3 selected")
    page.keyboard.press("Escape")
    expect(bar(page)).to_be_hidden()


def test_all_pictures_of_a_search_are_selected_also_those_not_loaded_yet(window, server):
    ids = upload_many(server, 75, tags="every")
    page = window.open("/?tags_all=every")
    expect(page.get_by_text("75 pictures", exact=True)).to_be_visible()
    page.keyboard.press("Control+a")
    expect(bar(page)).to_contain_text("75 selected")
    # The actions can be reached without a way through all pictures.
    page.keyboard.press("a")
    expect(bar(page).get_by_role("button", name="Tag", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type("chosen")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Add for 75 pictures").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".toast").last).to_contain_text("75 pictures tagged")
    assert "chosen" in metadata(server, ids[0])["tags"]


def test_escape_ends_the_selection_of_pictures_that_are_not_loaded_yet(window, server):
    upload_many(server, 75, tags="stopped")
    page = window.open("/?tags_all=stopped")
    expect(page.get_by_text("75 pictures", exact=True)).to_be_visible()
    page.route("**/images/?*limit=1000*", lambda route: None)
    with page.expect_request("**/images/?*limit=1000*"):
        page.keyboard.press("Control+a")
    expect(bar(page)).to_be_visible()
    with page.expect_event("requestfailed", lambda request: "limit=1000" in request.url):
        page.keyboard.press("Escape")
    expect(bar(page)).to_be_hidden()


def test_arrow_keys_walk_through_the_pictures(window, server):
    upload_many(server, 9, tags="walked")
    page = window.open("/?tags_all=walked")
    expect(tiles(page)).to_have_count(9)
    links = tiles(page).get_by_role("link")
    links.nth(0).focus()
    page.keyboard.press("ArrowRight")
    expect(links.nth(1)).to_be_focused()
    page.keyboard.press("End")
    expect(links.nth(8)).to_be_focused()
    page.keyboard.press("ArrowUp")
    box = page.evaluate("document.activeElement.getBoundingClientRect().top")
    assert box < links.nth(8).evaluate("link => link.getBoundingClientRect().top")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Home")
    expect(links.nth(0)).to_be_focused()


def test_a_long_press_selects_on_a_phone(make_window, server):
    upload_many(server, 3, tags="pressed")
    window = make_window(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = window.open("/?tags_all=pressed")
    link = tiles(page).nth(0).get_by_role("link")
    box = link.bounding_box()
    assert box
    touches = page.context.new_cdp_session(page)
    point = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    touches.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    expect(bar(page)).to_contain_text("1 selected")
    touches.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(bar(page)).to_be_visible()
    assert_fits(page)
    tiles(page).nth(1).get_by_role("link").tap()
    expect(bar(page)).to_contain_text("2 selected")


def test_tags_are_added_to_all_and_removed_again(window, server):
    ids = upload_many(server, 3, tags="bulk")
    page = window.open("/?tags_all=bulk")
    select(page, 0, 2)
    for button, dialog, word in [("Tag", "Add tags", "Add"), ("Untag", "Remove tags", "Remove")]:
        bar(page).get_by_role("button", name=button, exact=True).click()
        form = page.get_by_role("dialog", name=dialog)
        form.get_by_role("combobox", name="Tags").fill("harbour")
        # The list of known tags would cover the button.
        form.get_by_role("combobox", name="Tags").press("Enter")
        form.get_by_role("button", name=f"{word} for 2 pictures").click()
        done = "tagged" if word == "Add" else "untagged"
        expect(page.locator(".toast").last).to_have_text(f"2 pictures {done}")
        tagged = [i for i in ids if "harbour" in metadata(server, i)["tags"]]
        assert len(tagged) == (2 if word == "Add" else 0)


def test_all_that_are_selected_are_deleted_after_a_question(window, server):
    ids = upload_many(server, 3, tags="doomed")
    page = window.open("/?tags_all=doomed")
    select(page, 0, 1)
    bar(page).get_by_role("button", name="Delete").click()
    question = page.get_by_role("alertdialog", name="Delete 2 pictures?")
    question.get_by_role("button", name="Delete").click()
    expect(tiles(page)).to_have_count(1)
    expect(page.get_by_text("1 picture", exact=True)).to_be_visible()
    expect(bar(page)).to_be_hidden()
    assert sum(server.get(f"/images/{i}/").status == 200 for i in ids) == 1


def test_one_that_is_gone_already_is_named_and_the_others_are_changed(window, server):
    ids = upload_many(server, 2, tags="half")
    page = window.open("/?tags_all=half")
    expect(tiles(page)).to_have_count(2)
    expect(page.locator(".tile img.there")).to_have_count(2)  # else a thumbnail would be 404
    assert server.request("DELETE", f"/images/{ids[0]}/").status == 204
    select(page, 0, 1)
    bar(page).get_by_role("button", name="Tag", exact=True).click()
    form = page.get_by_role("dialog", name="Add tags")
    form.get_by_role("combobox", name="Tags").fill("late")
    form.get_by_role("button", name="Add for 2 pictures").click()
    expect(page.locator(".toast")).to_contain_text("1 picture tagged; 1 failed")
    assert "late" in metadata(server, ids[1])["tags"]


def test_the_originals_are_downloaded_as_one_archive(window, server):
    """Two files of one name get different names; the archive is sound, and its bytes are theirs."""
    bodies = [picture(), picture()]
    for body in bodies:
        upload(server, body, tags="packed", file_name="Größe 1.png")
    page = window.open("/?tags_all=packed")
    select(page, 0, 1)
    with page.expect_download() as download:
        bar(page).get_by_role("button", name="Download").click()
    archive = zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes()))
    assert archive.testzip() is None
    assert sorted(archive.namelist()) == ["Größe 1 (2).png", "Größe 1.png"]
    assert sorted(archive.read(name) for name in archive.namelist()) == sorted(bodies)


def test_renditions_of_all_are_made_by_a_job(window, server):
    upload_many(server, 2, tags="ahead")
    page = window.open("/?tags_all=ahead")
    select(page, 0, 1)
    bar(page).get_by_role("button", name="Renditions").click()
    form = page.get_by_role("dialog", name="Make renditions")
    form.get_by_label("Transforms, one a line").fill("thumbnail.webp\nresize:w=20.png")
    form.get_by_role("button", name="Make for 2 pictures").click()
    expect(page.get_by_role("heading", level=1, name="Made 4 renditions")).to_be_visible(
        timeout=60_000
    )


@pytest.mark.parametrize("is_wide", [True, False])
def test_links_to_all_are_copied(make_window, server, is_wide):
    ids = upload_many(server, 2, tags=f"linked-{is_wide}")
    size = {"width": 1440, "height": 900} if is_wide else {"width": 390, "height": 844}
    window = make_window(viewport=size)
    window.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = window.open(f"/?tags_all=linked-{is_wide}")
    select(page, 0, 1)
    bar(page).get_by_role("button", name="Copy links").click()
    expect(page.locator(".toast")).to_contain_text("2 links copied")
    copied = page.evaluate("() => navigator.clipboard.readText()").split()
    assert sorted(copied) == sorted(f"{window.base}/images/{i}/" for i in ids)
