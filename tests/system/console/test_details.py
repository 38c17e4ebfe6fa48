"""What people write about a picture: alternative text, other fields, the focal point; the trash."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.system.console.conftest import assert_accessible, metadata, picture, upload
from tests.system.serving.server import running


@pytest.fixture(scope="module")
def keeping(tmp_path_factory):
    """A server with a trash."""
    with running(tmp_path_factory.mktemp("trash"), trash_days=30) as server:
        yield server


def test_alternative_text_rights_and_own_fields_are_saved(window, server):
    image_id = upload(server)
    page = window.open(f"/?image={image_id}")
    form = page.get_by_role("form", name="Metadata")
    form.get_by_label("Alternative text").fill("A boat in the harbour")
    form.get_by_text("Rights and other fields").click()
    form.get_by_label("Rights (address").fill("https://creativecommons.org/licenses/by/4.0/")
    for name, text in [("inventory", "A 17"), ("room", "3")]:
        form.get_by_role("button", name="Add a field").click()
        form.get_by_label("Name of the field").last.fill(name)
        form.get_by_label("Text of the field").last.fill(text)
    assert_accessible(page)
    form.get_by_role("button", name="Save").click()
    expect(page.locator(".toast")).to_have_text("Saved")
    record = metadata(server, image_id)
    assert record["alt"] == "A boat in the harbour"
    assert record["rights"] == "https://creativecommons.org/licenses/by/4.0/"
    assert record["custom"] == {"inventory": "A 17", "room": "3"}
    form.get_by_role("button", name="Add a field").click()
    form.get_by_label("Text of the field").last.fill("Text without a name")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("alert")).to_have_text("Give this field a name.")
    expect(form.get_by_label("Name of the field").last).to_be_focused()
    form.get_by_role("button", name="Remove the field", exact=True).click()
    form.get_by_role("button", name="Remove the field inventory").click()
    form.get_by_role("button", name="Save").click()
    expect(page.locator(".toast")).to_have_count(2)
    assert metadata(server, image_id)["custom"] == {"room": "3"}


def test_the_focal_point_is_set_by_a_click_and_moved_by_keys(window, server):
    image_id = upload(server, picture(400, 200))
    page = window.open(f"/?image={image_id}")
    expect(page.locator(".sized img.there")).to_be_visible()
    page.get_by_label("Title").fill("Not saved yet")
    page.get_by_role("button", name="Set the focal point").click()
    layer = page.locator(".focal-layer")
    box = layer.bounding_box()
    assert box
    layer.click(position={"x": box["width"] * 0.75, "y": box["height"] * 0.25})
    expect(page.locator(".toast")).to_have_text("Focal point saved")
    point = metadata(server, image_id)["focal_point"]
    assert point["x"] == pytest.approx(0.75, abs=0.02)
    assert point["y"] == pytest.approx(0.25, abs=0.02)
    marker = page.get_by_role("button", name="Focal point; move it")
    marker.focus()
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(page.get_by_text("At 70 % from the left")).to_be_visible()
    expect(page.locator(".toast")).to_have_count(2)
    page.keyboard.press("Escape")
    expect(layer).to_have_count(0)
    # What was typed is still there, and is saved on top of the newer version.
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".toast").last).to_have_text("Saved")
    assert metadata(server, image_id)["title"] == "Not saved yet"
    assert metadata(server, image_id)["focal_point"]["x"] == pytest.approx(0.70, abs=0.02)


def test_a_deleted_picture_comes_back_from_the_trash(make_window, keeping):
    image_id = upload(keeping, title="Precious")
    window = make_window(keeping)
    page = window.open(f"/?image={image_id}")
    page.get_by_role("button", name="Delete picture").click()
    question = page.get_by_role("alertdialog")
    expect(question).to_contain_text("can be restored for 30 days")
    question.get_by_role("button", name="Delete").click()
    expect(page.locator(".toast")).to_have_text("Picture moved to the trash")
    assert keeping.get(f"/images/{image_id}/").status == 404
    page.get_by_role("navigation", name="Views").get_by_role("link", name="Trash").click()
    expect(page.get_by_role("heading", name="Trash", exact=True)).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Restore Precious").click()
    expect(page.get_by_role("heading", name="The trash is empty")).to_be_visible()
    assert keeping.get(f"/images/{image_id}/").status == 200


def test_the_trash_is_emptied_after_a_question(make_window, keeping):
    for _ in range(2):
        assert keeping.request("DELETE", f"/images/{upload(keeping)}/").status == 204
    page = make_window(keeping).open("/?view=trash")
    page.get_by_role("button", name="Empty the trash").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Delete all").click()
    expect(page.get_by_role("heading", name="The trash is empty")).to_be_visible()
    assert keeping.get("/trash/").json["data"] == []
