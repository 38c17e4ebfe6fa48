"""Pictures that look alike: found from one, and shown in groups to choose from."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import expect

from tests.imaging.drawing import saved
from tests.system.console.conftest import assert_accessible, assert_fits, upload
from tests.system.serving.server import Server, running


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Iterator[Server]:
    """A server with two pictures, one of them in three sizes, and a trash."""
    with running(tmp_path_factory.mktemp("alike"), trash_days="30") as server:
        for width in (300, 600, 150):
            upload(server, scene(0, width), title=f"Scene {width}")
        upload(server, scene(1, 300), title="Another")
        yield server


def scene(number: int, width: int) -> bytes:
    """Draw one of two scenes as a PNG of a width."""
    image = Image.new("RGB", (600, 400), (30, 60, 120))
    draw = ImageDraw.Draw(image)
    if number == 0:
        draw.ellipse((40, 40, 260, 260), fill=(250, 220, 120))
        draw.rectangle((350, 200, 560, 380), fill=(180, 40, 40))
    else:
        draw.polygon([(0, 400), (300, 20), (600, 400)], fill=(240, 240, 240))
        draw.rectangle((480, 0, 600, 120), fill=(20, 160, 60))
    return saved(image.resize((width, width * 2 // 3)), "PNG")


def test_pictures_that_look_like_one_are_found_from_it(make_window, library):
    page = make_window(library).open("/?q=600")
    page.get_by_role("link", name="Scene 600").click()
    page.get_by_role("link", name="Looks like this").click()
    expect(page.get_by_text("Pictures that look like this one")).to_be_visible()
    tiles = page.locator(".tile[data-id]")
    expect(tiles).to_have_count(2)
    expect(page.get_by_role("link", name="Another")).to_have_count(0)
    assert_accessible(page)
    page.get_by_role("button", name="Show all pictures").click()
    expect(tiles).to_have_count(4)
    assert "near" not in page.url


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_groups_are_shown_the_largest_first(make_window, library, theme):
    page = make_window(library, color_scheme=theme).open()
    page.get_by_role("link", name="Find duplicates").click()
    group = page.get_by_role("region", name="Group 1")
    expect(group.locator(".name")).to_have_text(["Scene 600", "Scene 300", "Scene 150"])
    expect(page.get_by_role("region", name="Group 2")).to_have_count(0)
    expect(
        page.locator("main").get_by_text("1 group, 2 pictures beside the largest of each.")
    ).to_be_visible()
    group.get_by_role("button", name="Select all but the largest").click()
    expect(page.get_by_role("toolbar")).to_contain_text("2 selected")
    assert_accessible(page)
    page.set_viewport_size({"width": 390, "height": 844})
    assert_fits(page)
    assert_accessible(page)


def test_the_chosen_ones_go_to_the_trash(make_window, tmp_path):
    with running(tmp_path, trash_days="30") as server:
        ids = [upload(server, scene(0, width)) for width in (600, 300)]
        page = make_window(server).open("/?view=duplicates")
        page.get_by_role("button", name="Select all but the largest of each group").click()
        page.get_by_role("toolbar").get_by_role("button", name="Delete").click()
        question = page.get_by_role("alertdialog", name="Delete 1 picture?")
        expect(question).to_contain_text("restored for 30 days")
        question.get_by_role("button", name="Delete").click()
        expect(page.get_by_role("heading", name="No duplicates")).to_be_visible()
        assert [server.get(f"/images/{i}/").status for i in ids] == [200, 404]
        page.get_by_role("link", name="Trash").click()
        expect(page.get_by_role("button", name="Restore")).to_have_count(1)


def test_hashes_that_differ_in_few_bits_belong_together(window):
    """Distances to the first: 2 and 9; the last has the hash 0, of a single colour."""
    page = window.open()
    groups = page.evaluate(
        """async () => {
          const {lookAlikes} = await import("/console/js/look_alikes.js");
          const hashes = ["f0f0f0f0f0f0f0f0", "f0f0f0f0f0f0f0f3", "0ff0f0f0f0f0f0f1",
            "0000000000000000", "0000000000000000"];
          const records = hashes.map((perceptual_hash, id) =>
            ({id: String(id), perceptual_hash, width: 10 + id, height: 10, size_bytes: 1}));
          return [1, 2, 8, 9].map((distance) =>
            lookAlikes(records, distance).map((group) => group.map(({id}) => id)));
        }"""
    )
    assert groups == [[], [["1", "0"]], [["1", "0"]], [["2", "1", "0"]]]


def test_the_file_of_a_picture_can_be_any_format(make_window, tmp_path):
    """A JPEG of the same scene is in the group of the PNG."""
    with running(tmp_path) as server:
        upload(server, scene(0, 600))
        out = io.BytesIO()
        Image.open(io.BytesIO(scene(0, 300))).save(out, "JPEG", quality=60)
        upload(server, out.getvalue())
        page = make_window(server).open("/?view=duplicates")
        expect(page.get_by_role("region", name="Group 1").locator("li")).to_have_count(2)
