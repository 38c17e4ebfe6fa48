"""The frame of a crop: dragged, resized and typed; by mouse, touch and keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.system.console.conftest import picture, upload

SIZE = (640, 480)


@pytest.fixture(scope="module")
def image_id(server) -> str:
    return upload(server, picture(*SIZE), title="Cut")


def open_frame(page: Page) -> None:
    page.get_by_role("button", name="Drag a frame").click()
    expect(page.get_by_role("button", name="Frame; the arrow keys")).to_be_focused()


def handle(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=f"{name}; the arrow keys")


def values(page: Page) -> list[str]:
    return [
        page.get_by_label(name, exact=True).input_value() for name in ("x", "y", "width", "height")
    ]


def expect_values(page: Page, *expected: int) -> None:
    for name, value in zip(("x", "y", "width", "height"), expected, strict=True):
        expect(page.get_by_label(name, exact=True)).to_have_value(str(value))


def middle(box: Locator) -> tuple[float, float]:
    place = box.bounding_box()
    assert place
    return place["x"] + place["width"] / 2, place["y"] + place["height"] / 2


def pixels(page: Page) -> float:
    """Return how many pixels of the page a pixel of the picture has."""
    box = page.locator(".sized").bounding_box()
    assert box
    return box["width"] / SIZE[0]


def drag(page: Page, what: Locator, across: int, down: int) -> None:
    """Drag by pixels of the picture."""
    x, y = middle(what)
    by = pixels(page)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + across * by / 2, y + down * by / 2)
    page.mouse.move(x + across * by, y + down * by)
    page.mouse.up()


def near(page: Page, *expected: int) -> None:
    """The mouse moves by whole pixels of the page, so the frame may be off by one or two."""
    assert [int(value) for value in values(page)] == pytest.approx(expected, abs=2)


def test_the_mouse_moves_the_frame_and_its_edges(make_window, image_id):
    page = make_window(viewport={"width": 1440, "height": 900}).open(
        f"/?image={image_id}&pipeline=crop:x=100,y=100,width=200,height=200"
    )
    open_frame(page)
    drag(page, handle(page, "Frame"), 50, -40)
    near(page, 150, 60, 200, 200)
    drag(page, handle(page, "Bottom right corner"), 100, 60)
    near(page, 150, 60, 300, 260)
    drag(page, handle(page, "Left edge"), -50, 0)
    near(page, 100, 60, 350, 260)
    drag(page, handle(page, "Top edge"), 0, -500)
    near(page, 100, 0, 350, 320)
    drag(page, handle(page, "Frame"), 900, 900)
    near(page, 290, 160, 350, 320)
    x, y, width, height = values(page)
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_role("list", name="Measurements")).to_contain_text(f"{width} × {height}")
    assert f"crop:x={x},y={y},width={width},height={height}" in page.evaluate(
        "decodeURIComponent(location.search)"
    )


def test_a_ratio_is_kept(make_window, image_id):
    page = make_window(viewport={"width": 1440, "height": 900}).open(
        f"/?image={image_id}&pipeline=crop:x=100,y=100,width=300,height=200"
    )
    open_frame(page)
    page.get_by_label("Shape of the frame").select_option("Square")
    expect_values(page, 150, 100, 200, 200)
    drag(page, handle(page, "Bottom right corner"), 100, 0)
    near(page, 150, 100, 300, 300)
    # It ends where the picture ends.
    drag(page, handle(page, "Bottom right corner"), 400, 400)
    near(page, 150, 100, 380, 380)
    page.get_by_label("Shape of the frame").select_option("16 : 9")
    _, y, width, height = (int(value) for value in values(page))
    assert width / height == pytest.approx(16 / 9, abs=0.02)
    assert y + height <= SIZE[1]


def test_keys_move_the_frame_and_its_edges(window, image_id):
    page = window.open(f"/?image={image_id}&pipeline=crop:x=100,y=100,width=200,height=200")
    open_frame(page)
    page.keyboard.press("ArrowRight")
    expect_values(page, 106, 100, 200, 200)
    page.keyboard.press("Shift+ArrowUp")
    expect_values(page, 106, 99, 200, 200)
    handle(page, "Bottom right corner").focus()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    expect_values(page, 106, 99, 201, 201)
    handle(page, "Top left corner").focus()
    for _ in range(30):
        page.keyboard.press("ArrowLeft")
    expect_values(page, 0, 99, 307, 201)
    expect(page.get_by_role("status")).to_have_text("307 × 201 at 0, 99")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Drag a frame")).to_be_focused()
    expect(page.get_by_role("list", name="Measurements")).to_contain_text("307 × 201")
    # The address has not changed to another picture, nor back to the gallery.
    assert image_id in page.url


def test_typed_numbers_move_the_frame(window, image_id):
    page = window.open(f"/?image={image_id}&pipeline=crop:width=320,height=240")
    open_frame(page)
    expect(page.locator(".crop-readout")).to_have_text("320 × 240 at 160, 120")
    page.get_by_label("x", exact=True).fill("10")
    expect(page.locator(".crop-readout")).to_have_text("320 × 240 at 10, 0")


def test_a_finger_drags_the_frame_and_the_page_stays(make_window, image_id):
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    page = make_window(**phone).open(
        f"/?image={image_id}&pipeline=crop:x=100,y=100,width=200,height=200"
    )
    page.get_by_role("button", name="Drag a frame").tap()
    corner = handle(page, "Bottom right corner")
    corner.scroll_into_view_if_needed()
    size = corner.bounding_box()
    assert size
    assert min(size["width"], size["height"]) >= 44
    scrolled = page.evaluate("scrollY")
    x, y = middle(corner)
    by = pixels(page)
    touch = page.context.new_cdp_session(page)
    for kind, part in [("touchStart", 0), ("touchMove", 0.5), ("touchMove", 1)]:
        place = {"x": x + 120 * by * part, "y": y + 80 * by * part}
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [place]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    near(page, 100, 100, 320, 280)
    assert page.evaluate("scrollY") == scrolled


def test_the_frame_is_of_the_picture_as_it_is_before_the_step(window, image_id):
    page = window.open(f"/?image={image_id}&pipeline=resize:width=320/crop:width=100,height=100")
    open_frame(page)
    expect(page.locator(".crop-readout")).to_have_text("100 × 100 at 110, 70")
