"""Under a closed transforms.policy the console asks for nothing that it would be refused."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.people import SECRET
from tests.system.console.conftest import upload
from tests.system.serving.server import running

CLOSED = {"transforms_policy": "signed", "auth_secret": SECRET}
PRESETS = '{card = "resize:w=32", console = "resize:w=48"}'


@pytest.fixture
def make_closed(tmp_path):
    """Return a function that starts a server whose policy is closed."""
    return lambda **settings: running(tmp_path / "closed", **CLOSED, **settings)


def test_presets_are_shown_and_offered_in_place_of_all_transforms(make_closed, make_window):
    with make_closed(presets=PRESETS) as server:
        image_id = upload(server, title="Closed")
        window = make_window(server)
        page = window.open()
        image = page.get_by_role("img", name="Closed")
        expect(image).to_have_class("there")
        assert image.evaluate("image => image.naturalWidth") == 48
        page = window.open(f"/?image={image_id}&pipeline=")
        expect(page.get_by_text("renders only its presets for everybody")).to_be_visible()
        buttons = page.get_by_role("group", name="Add a step").get_by_role("button")
        expect(buttons).to_have_text(["card", "console"])
        for name, width in (("card", 32), ("console", 48)):
            page.get_by_role("button", name=f"Add {name}").click()
            expect(page.get_by_role("list", name="Steps").get_by_role("listitem")).to_have_count(1)
            expect(page.get_by_role("list", name="Measurements")).to_contain_text(f"{width} ×")


def test_without_presets_there_are_placeholders_and_originals(make_closed, make_window):
    """Whatever the browser was refused, it would complain of."""
    with make_closed() as server:
        image_id = upload(server, title="Closed")
        window = make_window(server)
        page = window.open()
        expect(page.locator(".tile .placeholder")).to_be_visible()
        expect(page.locator(".tile.broken")).to_have_count(0)
        page = window.open(f"/?image={image_id}")
        expect(page.get_by_role("img", name="Closed")).to_have_class("there")
