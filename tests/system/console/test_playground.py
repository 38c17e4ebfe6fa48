"""The playground: steps are added, filled in, moved, seen, compared; and used elsewhere."""

from __future__ import annotations

import io
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from tests.system.console.conftest import assert_accessible, assert_fits, picture, upload


@pytest.fixture
def image_id(server) -> str:
    return upload(server, picture(640, 480), title="Played with")


def open_playground(window, image_id: str, pipeline: str = "") -> Page:
    return window.open(f"/?image={image_id}&pipeline={pipeline}")


def add(page: Page, operation: str) -> None:
    page.get_by_role("button", name=f"Add {operation}", exact=True).click()


def url_line(page: Page):
    return page.locator(".line").filter(has=page.get_by_text("URL", exact=True)).locator("code")


def measures(page: Page):
    return page.get_by_role("list", name="Measurements")


def test_every_operation_can_be_added_and_shows_a_picture(window, server, image_id):
    """Each starts with arguments that work; those that name another picture need one."""
    operations = json.loads(server.get("/transforms/").body)["operations"]
    page = open_playground(window, image_id)
    for operation in operations:
        name, label = operation["name"], operation["label"]
        if name in ("format", "page"):  # a field of its own; for documents only
            assert page.get_by_role("button", name=f"Add {label}", exact=True).count() == 0
            continue
        with page.expect_response(lambda answer, name=name: name in answer.url) as answer:
            add(page, label)
        assert answer.value.status == 200, (name, answer.value.url)
        page.get_by_role("button", name=f"Remove {label}").click()


def test_operations_are_in_the_groups_that_the_service_declares(window, server, image_id):
    operations = json.loads(server.get("/transforms/").body)["operations"]
    page = open_playground(window, image_id)
    for title in {operation["group"] for operation in operations}:
        labels = [what["label"] for what in operations if what["group"] == title]
        shown = [label for label in labels if label not in ("Format", "Page of a document")]
        group = page.get_by_role("group", name=title, exact=True)
        expect(group.get_by_role("button")).to_have_text(shown)
    page.get_by_role("searchbox", name="Find an operation").fill("sepia")
    expect(page.get_by_role("group", name="Effects", exact=True)).to_be_hidden()


def test_steps_become_the_canonical_url_in_their_order(window, image_id):
    page = open_playground(window, image_id)
    add(page, "Resize")
    add(page, "Sepia")
    page.get_by_label("Format").select_option("webp")
    expect(url_line(page)).to_have_text(
        f"/images/{image_id}/resize:fit=cover,height=300,width=400/sepia.webp"
    )
    expect(measures(page)).to_contain_text("400 × 300")
    expect(measures(page)).to_contain_text("webp")
    page.get_by_role("button", name="Move Sepia up").click()
    expect(url_line(page)).to_have_text(
        f"/images/{image_id}/sepia/resize:fit=cover,height=300,width=400.webp"
    )
    page.get_by_role("button", name="Remove Resize").click()
    expect(url_line(page)).to_have_text(f"/images/{image_id}/sepia.webp")
    expect(measures(page)).to_contain_text("640 × 480")


def test_fields_have_the_types_bounds_and_defaults_of_the_schema(window, image_id):
    page = open_playground(window, image_id)
    add(page, "Rotate")
    degrees = page.get_by_label("degrees", exact=True)
    assert degrees.get_attribute("type") == "number"
    assert degrees.get_attribute("min") == "-360"
    degrees.fill("45")
    page.get_by_label("background", exact=True).fill("navy")
    expect(url_line(page)).to_contain_text("rotate:background=000080,degrees=45")


def test_an_error_is_shown_at_the_argument_that_it_names(window, image_id):
    window.expected = {400}
    page = open_playground(window, image_id)
    add(page, "Sepia")
    add(page, "Blur")
    add(page, "Sepia")
    last = page.locator(".step").nth(2)
    amount = last.get_by_label("amount", exact=True)
    expect(measures(page)).to_contain_text("newly rendered")
    amount.fill("7")
    expect(last.get_by_role("alert")).to_contain_text("Expected a number from 0 to 1")
    expect(page.locator(".step.wrong")).to_have_count(1)
    expect(amount).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("Outdated: the steps have an error")).to_be_visible()
    amount.fill("0.5")
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(amount).not_to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("Outdated")).to_be_hidden()
    expect(url_line(page)).to_contain_text("sepia/blur/sepia:amount=0.5")


def test_an_error_of_a_whole_step_is_shown_at_the_step(window, image_id):
    window.expected = {400}
    page = open_playground(window, image_id)
    add(page, "Resize")
    page.get_by_label("width", exact=True).fill("")
    page.get_by_label("height", exact=True).fill("")
    expect(page.locator(".step").get_by_role("alert")).to_contain_text("Needs a width, a height")


def test_what_is_shown_is_outdated_from_a_change_until_the_new_result(window, image_id):
    page = open_playground(window, image_id, "sepia")
    expect(measures(page)).to_contain_text("total")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/sepia:amount=0.5*", hold)
    page.get_by_label("amount", exact=True).fill("0.5")
    expect(page.get_by_text("Making a new one …")).to_be_visible()
    page.wait_for_function("() => document.querySelector('.frame.loading')")
    expect(page.get_by_text("Making a new one …")).to_be_visible()
    for _ in range(3000):  # the page says that it loads before its request gets here
        if held:
            break
        page.wait_for_timeout(20)
    held[0].continue_()
    expect(page.get_by_text("Making a new one …")).to_be_hidden()
    expect(url_line(page)).to_contain_text("sepia:amount=0.5")


@pytest.mark.parametrize("phone", [False, True])
def test_nothing_on_the_page_jumps_when_results_of_other_shapes_come(make_window, image_id, phone):
    """The layout shift of the browser's own measure is zero, also on a phone."""
    size = {"width": 390, "height": 844} if phone else {"width": 1440, "height": 900}
    window = make_window(viewport=size)
    page = window.page
    page.add_init_script(
        """window.shifts = [];
        new PerformanceObserver((list) => {
          for (const shift of list.getEntries()) {
            const what = shift.sources.map(({node}) => node?.className);
            if (!shift.hadRecentInput) shifts.push([shift.value, ...what]);
          }
        }).observe({type: "layout-shift", buffered: true});"""
    )
    open_playground(window, image_id, "crop:x=0,y=0,width=640,height=90")
    expect(measures(page)).to_contain_text("640 × 90")
    page.evaluate("() => shifts.splice(0)")
    for width, height in [("90", "480"), ("640", "20"), ("30", "30")]:
        # By a script, since shifts after input of people are not counted.
        page.evaluate(
            """(values) => {
              for (const [name, value] of Object.entries(values)) {
                const field = document.querySelector(`.step [name=${name}]`);
                field.value = value;
                field.dispatchEvent(new Event("input"));
              }
            }""",
            {"width": width, "height": height},
        )
        expect(measures(page)).to_contain_text(f"{width} × {height}")
    page.evaluate("() => document.querySelector('[role=tab]').click()")
    expect(page.locator(".sized > img.there")).to_be_visible()
    expect(measures(page)).to_contain_text("640 × 480")
    assert page.evaluate("() => shifts") == []


def test_before_and_after_are_compared_by_a_slider(window, image_id):
    page = open_playground(window, image_id, "invert")
    compare = page.get_by_role("button", name="Compare")
    compare.click()
    slider = page.get_by_role("slider", name="Before and after")
    expect(slider).to_be_focused()
    before = page.locator(".comparison div.before")
    expect(before.locator("img.there")).to_be_visible()
    for key, value in [("ArrowRight", "51"), ("Home", "0"), ("End", "100")]:
        page.keyboard.press(key)
        expect(slider).to_have_value(value)
    # All of it is the picture before: white on the left, as it was drawn.
    expect(slider).to_have_attribute("aria-valuetext", "100 % before, 0 % after")
    box = page.locator(".sized").bounding_box()
    assert box
    clip = {"x": box["x"] + box["width"] * 0.2, "y": box["y"] + box["height"] * 0.3}
    assert pixel(page, clip) == (255, 255, 255)
    page.keyboard.press("Home")
    assert pixel(page, clip) == (0, 0, 0)
    page.get_by_role("button", name="Add Flip upside down").click()
    expect(url_line(page)).to_contain_text("invert/flip")
    expect(page.get_by_role("slider", name="Before and after")).to_be_visible()
    compare.click()
    expect(page.get_by_role("slider", name="Before and after")).to_be_hidden()


def pixel(page: Page, place: dict[str, float]) -> tuple[int, ...]:
    shot = page.screenshot(clip={**place, "width": 1, "height": 1})
    return tuple(Image.open(io.BytesIO(shot)).convert("RGB").getpixel((0, 0)))


def test_texts_of_any_letters_reach_the_service(window, image_id):
    page = open_playground(window, image_id)
    add(page, "Watermark")
    page.get_by_label("text", exact=True).fill("50 % off, / or: not?")
    expect(url_line(page)).to_contain_text("text=~NTAgJSBvZmYsIC8gb3I6IG5vdD8")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_the_second_look_comes_from_the_cache(window, image_id):
    page = open_playground(window, image_id, "grayscale.webp")
    expect(measures(page)).to_contain_text("newly rendered")
    expect(measures(page)).to_contain_text("decode")
    page.context.clear_cookies()
    again = page.context.browser.new_context()
    other = again.new_page()
    other.goto(page.url)
    expect(measures(other)).to_contain_text("from the cache")
    again.close()


def test_an_address_brings_the_steps_back(window, image_id):
    page = open_playground(window, image_id)
    add(page, "Blur")
    add(page, "Thumbnail")
    page.get_by_label("width", exact=True).fill("120")
    expect(url_line(page)).to_contain_text("thumbnail:width=120")
    [pipeline] = parse_qs(urlsplit(page.url).query)["pipeline"]
    assert pipeline == "blur/thumbnail:width=120"
    page.reload()
    expect(page.locator(".step")).to_have_count(2)
    expect(page.get_by_label("width", exact=True)).to_have_value("120")
    expect(url_line(page)).to_contain_text("blur/thumbnail:width=120")


def test_a_pipeline_written_by_hand_is_read_as_the_service_reads_it(window, image_id):
    page = open_playground(window, image_id, "resize:w=120/blur:3.webp")
    expect(page.get_by_label("width", exact=True)).to_have_value("120")
    expect(url_line(page)).to_have_text(f"/images/{image_id}/resize:width=120/blur:sigma=3.webp")


def test_a_pipeline_that_cannot_be_shows_the_picture_and_why(window, image_id):
    window.expected = {400}
    page = open_playground(window, image_id, "resize:width=0")
    expect(page.get_by_label("width", exact=True)).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".frame img")).to_be_visible()


def test_url_and_curl_line_can_be_copied(make_window, image_id):
    window = make_window(permissions=["clipboard-read", "clipboard-write"])
    page = open_playground(window, image_id, "flip.png")
    page.get_by_role("button", name="Copy URL").click()
    page.wait_for_function("() => document.querySelector('button.done')")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == f"{window.base}/images/{image_id}/flip.png"
    page.get_by_role("button", name="Copy the curl command").click()
    page.wait_for_function("async () => (await navigator.clipboard.readText()).startsWith('curl')")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == f"curl -o picture.png '{window.base}/images/{image_id}/flip.png'"


def test_operations_are_found_by_what_they_do(window, image_id):
    page = open_playground(window, image_id)
    page.get_by_role("searchbox", name="Find an operation").fill("old photograph")
    expect(page.get_by_role("button", name="Add Sepia", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Add Blur", exact=True)).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page.locator(".step")).to_have_attribute("data-name", "sepia")


def test_a_format_that_browsers_do_not_show_can_be_saved(window, image_id):
    page = open_playground(window, image_id, "flip.tiff")
    expect(page.get_by_role("link", name="Save it")).to_be_visible()


def test_a_watermark_is_searched_for_and_chosen_by_keys(make_window, server, image_id):
    logo = upload(server, title="Anchor of the harbour company")
    upload(server, title="Anchor that rusts")
    window = make_window(viewport={"width": 390, "height": 844})
    page = open_playground(window, image_id)
    add(page, "Watermark")
    expect(measures(page)).to_contain_text("newly rendered")
    page.get_by_role("button", name="Choose a picture").press("Enter")
    box = page.get_by_role("dialog", name="Choose a picture")
    expect(box.get_by_role("listitem").first).to_be_visible()
    page.keyboard.type("anchor")
    expect(box.get_by_role("listitem")).to_have_count(2)
    assert_accessible(page)
    assert_fits(page)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(box.get_by_role("button", name="Anchor of the harbour company")).to_be_focused()
    page.keyboard.press("Enter")
    expect(box).to_be_hidden()
    # The text of the example is emptied: it does not go with a picture.
    expect(url_line(page)).to_contain_text(f"watermark:gravity=center,image={logo},opacity=0.5")
    expect(page.get_by_label("text", exact=True)).to_have_value("")
    expect(page.get_by_role("button", name="Choose a picture")).to_be_focused()


def test_a_mask_is_chosen_in_place_of_a_shape(window, server, image_id):
    stencil = upload(server, title="Stencil with a star")
    page = open_playground(window, image_id)
    add(page, "Cut to a shape")
    expect(measures(page)).to_contain_text("newly rendered")
    page.get_by_role("button", name="Choose a picture").click()
    box = page.get_by_role("dialog", name="Choose a picture")
    box.get_by_role("searchbox").fill("no such picture")
    expect(box.get_by_text("No picture matches.")).to_be_visible()
    box.get_by_role("searchbox").fill("stencil star")
    box.get_by_role("button", name="Stencil with a star").click()
    expect(url_line(page)).to_contain_text(f"mask:image={stencil}")
    expect(page.get_by_role("alert")).to_have_count(0)
