"""For everybody: axe-core, the keyboard, small screens, both themes, quiet motion."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, expect

from tests.system.console.conftest import assert_accessible, assert_fits, picture, upload
from tests.system.serving.server import running

THEMES = ["light", "dark"]


@pytest.fixture(scope="module")
def image_id(server) -> str:
    upload(server, title="Second", tags=["axe"])
    return upload(server, picture(320, 200), title="Looked at", tags=["axe", "two words"])


@pytest.fixture(scope="module")
def album_id(server, image_id) -> str:
    body = json.dumps({"title": "Looked at too", "images": [image_id]})
    kind = {"Content-Type": "application/json"}
    return str(server.request("POST", "/albums/", body, kind).json["id"])


def show_upload(page: Page) -> None:
    page.get_by_role("button", name="Upload", exact=True).click()
    page.get_by_label("Choose pictures").set_input_files(
        [
            {"name": "good.png", "mimeType": "image/png", "buffer": picture()},
            {"name": "bad.png", "mimeType": "image/png", "buffer": b"bad"},
        ]
    )
    page.get_by_role("button", name="Upload 2 pictures").click()
    expect(page.locator(".uploads li[data-state=failed]")).to_be_visible()
    expect(page.locator(".uploads li[data-state=done]")).to_be_visible()


def show_confirmation(page: Page) -> None:
    page.get_by_role("button", name="Delete picture").click()
    expect(page.get_by_role("alertdialog")).to_be_visible()


def show_completions(page: Page) -> None:
    page.get_by_role("combobox", name="Tags").focus()
    expect(page.get_by_role("option").first).to_be_visible()


def show_comparison(page: Page) -> None:
    page.get_by_role("button", name="Compare").click()
    expect(page.locator(".comparison img.there")).to_be_visible()


def show_frame(page: Page) -> None:
    page.get_by_role("button", name="Drag a frame").click()
    expect(page.get_by_role("group", name="Part to cut out")).to_be_visible()


VIEWS = {
    "gallery": ("/?tags_all=axe", None),
    "completions": ("/", show_completions),
    "nothing found": ("/?q=nothing-is-called-so", None),
    "picture": ("/?image={id}", None),
    "playground": ("/?image={id}&pipeline=resize:width=100/watermark:text=Draft.webp", None),
    "comparison": ("/?image={id}&pipeline=sepia", show_comparison),
    "frame": ("/?image={id}&pipeline=crop:width=100", show_frame),
    "error": ("/?image={id}&pipeline=sepia:amount=9", None),
    "by month": ("/?sort=-created&group=month", None),
    "albums": ("/?view=albums", None),
    "album": ("/?album={album}", None),
    "duplicates": ("/?view=duplicates", None),
    "missing": ("/?image=nothing", None),
    "upload": ("/", show_upload),
    "confirmation": ("/?image={id}", show_confirmation),
}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing_serious_and_a_phone_s_width_is_enough(
    make_window, image_id, album_id, view, theme
):
    address, action = VIEWS[view]
    window = make_window(color_scheme=theme)
    window.expected = {400, 404, 415, 422}
    page = window.open(address.format(id=image_id, album=album_id))
    page.wait_for_load_state("networkidle")
    if action:
        action(page)
    assert_accessible(page)
    page.set_viewport_size({"width": 360, "height": 740})
    assert_fits(page)
    assert_accessible(page)


def test_the_empty_library_is_accessible_too(make_window, tmp_path):
    with running(tmp_path) as server:
        page = make_window(server).open()
        expect(page.get_by_role("heading", name="No pictures yet")).to_be_visible()
        assert_accessible(page)


def test_the_whole_way_goes_by_keyboard(window, image_id):
    page = window.open("/?tags_all=axe")
    expect(page.locator(".tile[data-id]")).to_have_count(2)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent").startswith("Looked at"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Looked at")).to_be_focused()
    page.keyboard.press("Tab")
    focused = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert focused != "none"
    page.get_by_role("tab", name="Details").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Transform")).to_be_focused()
    page.get_by_role("searchbox", name="Find an operation").focus()
    page.keyboard.type("flip")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Remove Flip upside down")).to_be_visible()


def test_a_dialog_keeps_the_focus_and_gives_it_back(window):
    page = window.open()
    button = page.get_by_role("button", name="Upload", exact=True)
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert page.evaluate("document.activeElement.closest('dialog') !== null")
    page.keyboard.press("Escape")
    expect(button).to_be_focused()


def test_the_theme_follows_the_system_until_one_is_chosen(make_window):
    page = make_window(color_scheme="dark").open()
    dark, light = "rgb(16, 18, 20)", "rgb(246, 246, 243)"
    html = page.locator("html")
    expect(html).to_have_css("background-color", dark)
    page.get_by_role("button", name="Use the light theme").click()
    expect(html).to_have_css("background-color", light)
    page.reload()
    expect(html).to_have_css("background-color", light)
    page.get_by_role("button", name="Use the dark theme").click()
    expect(html).to_have_css("background-color", dark)
    page.emulate_media(color_scheme="light")
    expect(html).to_have_css("background-color", light)


def test_nothing_moves_with_reduced_motion(window):
    page = window.open()
    moving = page.evaluate(
        """[...document.querySelectorAll("*")].filter((element) => {
          const style = getComputedStyle(element);
          return [style.transitionDuration, style.animationDuration]
            .some((times) => times.split(",").some((time) => parseFloat(time) > 0.01));
        }).length"""
    )
    assert moving == 0
