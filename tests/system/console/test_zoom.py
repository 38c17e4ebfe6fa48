"""Pictures larger than the screen: zoomed and moved by mouse, touch and keyboard."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, Response, expect

from tests.imaging.drawing import saved
from tests.people import AUTH
from tests.system.console.conftest import assert_accessible, assert_fits, upload
from tests.system.iiif.coordinates import SIZE, assert_in_place, probe
from tests.system.serving.server import Server, running

EVE = {"username": "eve", "password": "correct horse battery"}
DESKTOP = {"width": 1200, "height": 800}
PATIENCE_MS = 60_000

pytestmark = pytest.mark.timeout(400)


def body() -> bytes:
    # Decoded faster than PNG; a picture of this size has no pyramid.
    return saved(probe(), "JPEG", quality=95)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server without IIIF, and without a limit of renders: all tests are one client."""
    folder = tmp_path_factory.mktemp("zoom")
    with running(folder, iiif_enabled="false", transforms_cold_per_minute=0) as server:
        yield server


@pytest.fixture(scope="module")
def image_id(server) -> str:
    return upload(server, body(), title="Coordinates")


def open_zoom(page: Page) -> None:
    page.get_by_role("button", name="Zoom", exact=True).click()
    expect(page.get_by_role("dialog", name="Coordinates")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_role("img", name="Coordinates. Move it")).to_be_focused()


def canvas(page: Page):
    return page.locator(".zoom-canvas canvas")


def middle(page: Page) -> tuple[float, float]:
    box = canvas(page).bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def expect_level(page: Page, percent: int) -> None:
    level = page.get_by_label("Zoom", exact=True).and_(page.locator("output"))
    expect(level).to_have_text(f"{percent} %", timeout=PATIENCE_MS)


def assert_shows(page: Page, scale: float = 1.0, moved: tuple[int, int] = (0, 0)) -> None:
    """Compare with the picture at this scale, its middle moved out of the middle of the view."""
    size = (round(SIZE[0] * scale), round(SIZE[1] * scale))
    whole = probe() if scale == 1 else probe().resize(size, Image.Resampling.BICUBIC)
    for tries in range(PATIENCE_MS // 500):
        screen = Image.open(io.BytesIO(canvas(page).screenshot())).convert("RGB")
        corner = tuple(
            (view - side) / 2 + by for view, side, by in zip(screen.size, size, moved, strict=True)
        )
        try:
            # The frame that shows the focus covers the edges.
            inner = screen.crop((8, 8, screen.width - 8, screen.height - 8))
            assert_in_place(inner, (corner[0] - 8, corner[1] - 8), whole, step_px=6)
        except AssertionError:
            if tries == PATIENCE_MS // 500 - 1:
                raise
            page.wait_for_timeout(500)
        else:
            return


def test_keys_zoom_and_move_and_escape_gives_the_focus_back(make_window, server, image_id):
    page = make_window(server, viewport=DESKTOP).open(f"/?image={image_id}")
    page.get_by_role("button", name="Zoom", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("img", name="Coordinates. Move it")).to_be_focused()
    # Not the box on the screen, which an animation may still scale.
    sides = page.locator(".zoom-place").evaluate("place => [place.clientWidth, place.clientHeight]")
    fitted = min(sides[0] / SIZE[0], sides[1] / SIZE[1])
    assert_shows(page, fitted)
    assert_accessible(page)
    page.keyboard.press("1")
    expect_level(page, 100)
    assert_shows(page)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert_shows(page, moved=(-80, -80))
    page.keyboard.press("-")
    page.keyboard.press("-")
    expect_level(page, 44)
    page.keyboard.press("+")
    expect_level(page, 67)
    page.keyboard.press("0")
    expect_level(page, round(100 * fitted))
    assert_shows(page, fitted)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Zoom", exact=True)).to_be_focused()


def test_the_mouse_zooms_by_wheel_and_double_click_and_moves_by_drag(make_window, server, image_id):
    page = make_window(server, viewport=DESKTOP).open(f"/?image={image_id}")
    open_zoom(page)
    page.get_by_role("button", name="Actual pixels").click()
    expect_level(page, 100)
    x, y = middle(page)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 150, y + 90, steps=5)
    page.mouse.up()
    assert_shows(page, moved=(-150, 90))
    page.get_by_role("button", name="Whole picture").click()
    page.get_by_role("button", name="Actual pixels").click()
    page.mouse.move(x, y)
    page.mouse.wheel(0, 120)
    expect_level(page, 83)
    assert_shows(page, 1 / 1.2)
    page.mouse.dblclick(x, y)
    expect_level(page, 167)


def test_two_fingers_zoom_and_one_moves(make_window, server, image_id):
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    page = make_window(server, **phone).open(f"/?image={image_id}")
    open_zoom(page)
    assert_fits(page)
    assert_accessible(page)
    expect_level(page, round(100 * 390 / SIZE[0]))
    x, y = middle(page)
    touch = page.context.new_cdp_session(page)

    def fingers(kind: str, *points: tuple[float, float]) -> None:
        places = [{"x": left, "y": top, "id": at} for at, (left, top) in enumerate(points)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    fingers("touchStart", (x - 20, y), (x + 20, y))
    for apart in range(30, 161, 10):
        fingers("touchMove", (x - apart, y), (x + apart, y))
    fingers("touchEnd")
    level = page.locator(".zoom-level")
    page.wait_for_function("() => parseInt(document.querySelector('.zoom-level').textContent) > 60")
    assert int(level.inner_text().removesuffix(" %")) == pytest.approx(8 * 13, rel=0.25)
    # Two fingers are never moved at the very same time, so the middle is another one now.
    page.get_by_role("button", name="Whole picture").tap()
    page.get_by_role("button", name="Actual pixels").tap()
    expect_level(page, 100)
    assert_shows(page)
    fingers("touchStart", (x, y))
    for by in range(0, 61, 5):
        fingers("touchMove", (x - by, y - by))
    # Held still for a moment: otherwise the picture goes on moving.
    page.wait_for_timeout(300)
    fingers("touchMove", (x - 60, y - 60))
    fingers("touchEnd")
    assert_shows(page, moved=(-60, -60))


def token_of_eve(server: Server) -> str:
    kind = {"Content-Type": "application/json"}
    server.request("POST", "/users/", json.dumps(EVE), kind)
    return str(server.request("POST", "/tokens/", json.dumps(EVE), kind).json["access_token"])


@contextmanager
def private_picture(make_window, folder: Path, policy: str) -> Iterator[tuple[Server, Page, str]]:
    """Log in at a server with this policy, and show a private picture; yield its id too."""
    settings = {
        "auth_mode": AUTH["mode"],
        "auth_secret": AUTH["secret"],
        "auth_registration": "open",
        "transforms_policy": policy,
        "transforms_cold_per_minute": 0,
    }
    with running(folder, **settings) as server:
        kind = {"Authorization": f"Bearer {token_of_eve(server)}", "Content-Type": "image/jpeg"}
        path = "/images/?visibility=private&title=Coordinates"
        private = server.request("POST", path, body(), kind).json["id"]
        page = make_window(server, viewport=DESKTOP).open("/?view=login")
        page.get_by_label("Name").fill(EVE["username"])
        page.get_by_label("Password").fill(EVE["password"])
        page.get_by_role("button", name="Log in", exact=True).click()
        page.get_by_role("link", name="Coordinates").click()
        yield server, page, private


@pytest.mark.parametrize("policy", ["open", "signed"])
def test_private_pictures_are_zoomed_too(make_window, tmp_path, policy):
    """With the token of the session, or by a signed address where not all transforms are open."""
    with private_picture(make_window, tmp_path, policy) as (server, page, private):
        open_zoom(page)
        page.keyboard.press("1")
        assert_shows(page)
        assert server.get(f"/images/{private}/").status == 404
        page.go_back()
        expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize("hours", [4, 7])
def test_a_signed_address_is_renewed_while_the_picture_is_open(make_window, tmp_path, hours):
    """It is valid for six hours. After half of them, or when they are over, another is signed."""
    with private_picture(make_window, tmp_path, "signed") as (_, page, private):
        bases: list[str] = []
        tiles: list[str] = []

        def note(response: Response) -> None:
            if response.url.endswith(f"/images/{private}/links/"):
                bases.append(response.json()["url"].removesuffix("/info.json"))
            elif "/iiif/3/" in response.url:
                tiles.append(response.url)

        page.on("response", note)
        open_zoom(page)
        sides = page.locator(".zoom-place").evaluate(
            "place => [place.clientWidth, place.clientHeight]"
        )
        fitted = min(sides[0] / SIZE[0], sides[1] / SIZE[1])
        assert_shows(page, fitted)
        assert len(bases) == 1
        assert all(tile.startswith(bases[0]) for tile in tiles)
        page.clock.set_fixed_time(datetime.now(tz=UTC) + timedelta(hours=hours))
        page.keyboard.press("1")
        assert_shows(page)
        page.keyboard.press("ArrowRight")
        assert_shows(page, moved=(-80, 0))
        assert len(bases) == 2
        assert tiles[-1].startswith(bases[1])
        expect(page.get_by_role("alert")).to_have_count(0)


def test_a_closed_service_without_iiif_offers_no_zoom(make_window, tmp_path):
    settings = {"transforms_policy": "signed", "auth_secret": AUTH["secret"]}
    with running(tmp_path, iiif_enabled="false", **settings) as server:
        page = make_window(server).open(f"/?image={upload(server, title='Closed')}")
        expect(page.get_by_role("img", name="Closed")).to_be_visible()
        expect(page.get_by_role("button", name="Zoom", exact=True)).to_have_count(0)
