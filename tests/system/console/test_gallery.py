"""The gallery: pages as one scrolls, placeholders, and where one was."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.imaging.drawing import saved
from tests.system.console.conftest import (
    assert_accessible,
    assert_fits,
    picture,
    upload,
    upload_many,
    url_of,
)
from tests.system.serving.server import running


def test_an_empty_library_says_what_to_do(make_window, tmp_path):
    with running(tmp_path) as server:
        page = make_window(server).open()
        expect(page.get_by_role("heading", name="No pictures yet")).to_be_visible()
        page.get_by_role("button", name="Upload pictures").click()
        expect(page.get_by_role("dialog", name="Upload pictures")).to_be_visible()


SCROLL_TO_THE_END = """(count) => {
  scrollTo(0, document.documentElement.scrollHeight);
  const last = document.querySelector(`.tile[aria-posinset="${count}"]`);
  return last !== null && last.getBoundingClientRect().bottom <= innerHeight;
}"""


def test_arrows_reach_every_picture_once_though_only_those_near_the_screen_are_in_the_page(
    window, server
):
    ids = upload_many(server, 95, tags="scrolled")
    page = window.open("/?tags_all=scrolled")
    tiles = page.locator(".tile[data-id]")
    expect(tiles.first).to_be_visible()
    expect(page.get_by_text("95 pictures", exact=True)).to_be_visible()
    # The number of all is not known before the last page is there.
    expect(tiles.first).to_have_attribute("aria-setsize", "-1")
    page.wait_for_function(SCROLL_TO_THE_END, arg=95)
    expect(page.locator(".tile[aria-posinset='1']")).not_to_be_attached()
    page.locator(".tile[aria-posinset='95'] a").focus()
    page.keyboard.press("Home")
    seen = []
    for _ in ids:
        seen.append(page.evaluate("document.activeElement.closest('.tile').dataset.id"))
        page.keyboard.press("ArrowRight")
    assert sorted(seen) == sorted(ids)
    assert seen[-1] == page.evaluate("document.activeElement.closest('.tile').dataset.id")
    assert tiles.count() < 95


def test_the_picture_with_the_focus_stays_while_others_are_scrolled_past(window, server):
    upload_many(server, 95, tags="focused")
    page = window.open("/?tags_all=focused")
    first = page.locator(".tile[aria-posinset='1'] a")
    first.focus()
    page.wait_for_function(SCROLL_TO_THE_END, arg=95)
    expect(page.locator(".tile[aria-posinset='20']")).not_to_be_attached()
    expect(first).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".tile[aria-posinset='2'] a")).to_be_focused()
    expect(page.locator(".tile[aria-posinset='2'] a")).to_be_in_viewport()
    assert_accessible(page)


def test_pictures_load_without_moving_anything(window, server):
    for width, height in [(900, 300), (300, 900), (640, 480), (500, 500)]:
        upload(server, picture(width, height), tags="still")
    window.page.add_init_script(
        """window.shifts = [];
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) window.shifts.push(entry.value);
        }).observe({type: "layout-shift", buffered: true});"""
    )
    page = window.open("/?tags_all=still")
    expect(page.locator(".tile img.there")).to_have_count(4)
    assert sum(page.evaluate("window.shifts")) < 0.02


def test_more_pages_move_nothing_that_is_shown(window, server):
    """The last row of a page is shown when the next page has filled it."""
    upload_many(server, 130, tags="growing")
    window.page.add_init_script(
        """window.shifts = [];
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) window.shifts.push(entry.value);
        }).observe({type: "layout-shift", buffered: true});"""
    )
    page = window.open("/?tags_all=growing")
    page.wait_for_function(SCROLL_TO_THE_END, arg=130)
    expect(page.locator(".tile[aria-posinset='130']")).to_be_in_viewport()
    assert sum(page.evaluate("window.shifts")) < 0.001


def test_pictures_are_sorted_and_grouped_by_the_month_they_were_taken_in(window, server):
    for title, taken in [
        ("First", "2021:03:31"),
        ("Second", "2021:04:01"),
        ("Third", "2021:04:30"),
    ]:
        upload(server, photograph(taken), title=title, tags="dated")
    page = window.open("/?tags_all=dated")
    names = page.locator(".tile .caption")
    expect(names).to_have_text(["Third", "Second", "First"])
    page.get_by_label("Sort by").select_option("Earliest date taken first")
    expect(names).to_have_text(["First", "Second", "Third"])
    page.get_by_label("By month").check()
    expect(page.locator(".group h2")).to_have_text(["March 2021", "April 2021"])
    assert "sort=taken&group=month" in page.url
    assert_accessible(page)
    page.reload()
    expect(page.get_by_role("list", name="April 2021").locator(".tile")).to_have_count(2)
    page.get_by_label("Sort by").select_option("Name, Z to A")
    expect(names).to_have_text(["Third", "Second", "First"])
    expect(page.locator(".group h2")).to_have_count(0)
    expect(page.get_by_label("By month")).to_be_disabled()
    page.go_back()
    expect(page.locator(".group h2")).to_have_count(2)


def photograph(taken: str) -> bytes:
    """Draw a JPEG with the date in its EXIF data."""
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = f"{taken} 12:00:00"
    out = io.BytesIO()
    Image.open(io.BytesIO(picture())).save(out, "JPEG", exif=exif)
    return out.getvalue()


def test_filters_fold_away_on_a_phone(make_window, server):
    upload(server, tags="folded")
    page = make_window(viewport={"width": 390, "height": 844}).open("/?tags_all=folded")
    expect(page.locator(".tile[data-id]")).to_have_count(1)
    fold = page.get_by_role("button", name="Filters (1)")
    expect(page.get_by_label("Sort by")).to_be_hidden()
    fold.click()
    expect(fold).to_have_attribute("aria-expanded", "true")
    page.get_by_label("Sort by").select_option("Largest file first")
    expect(page.get_by_role("button", name="Filters (2)")).to_be_visible()
    assert_fits(page)


def test_pictures_that_are_scrolled_past_fast_are_not_loaded(make_window, server):
    """Their placeholders are shown; the pictures load when the page comes to rest."""
    upload_many(server, 130, tags="passed")
    page = make_window(viewport={"width": 500, "height": 500}).page
    page.goto(f"{url_of(server)}/?tags_all=passed")
    page.wait_for_function(SCROLL_TO_THE_END, arg=130)
    page.clock.install()
    now = page.evaluate("Date.now()")
    page.clock.pause_at((now + 60_000) / 1000)
    end, waiting = page.evaluate("scrollY"), 0
    # The page's time stands still but for these frames; pictures at some places are there already.
    for tenths in range(9, 0, -1):
        page.evaluate("(top) => scrollTo(0, top)", end * tenths / 10)
        page.wait_for_timeout(50)
        page.clock.run_for(20)
        waiting = max(waiting, page.locator(".tile img:not([src])").count())
    assert waiting > 0
    page.clock.resume()
    expect(page.locator(".tile img:not(.there)")).to_have_count(0)


@pytest.mark.parametrize("is_away", [False, True], ids=["busy for a moment", "gone"])
def test_a_picture_that_a_busy_service_did_not_send_is_loaded_again(window, server, is_away):
    upload(server, tags="retried" if is_away else "retried-once")
    window.expected = {503}
    answers = iter([503])
    window.page.route(
        "**/thumbnail*",
        lambda route: (
            route.fulfill(status=503) if is_away or next(answers, None) else route.continue_()
        ),
    )
    page = window.open("/?tags_all=retried" if is_away else "/?tags_all=retried-once")
    tile = page.locator(".tile[data-id]")
    if is_away:
        expect(tile).to_have_class("tile broken")
    else:
        expect(tile.locator("img.there")).to_have_count(1)
        expect(tile).not_to_have_class("tile broken")


def test_a_placeholder_shows_the_picture_before_it_is_there(window, server):
    """Its colours are those of the picture: white at the top left, red at the bottom right."""
    image = Image.new("RGB", (300, 200), (200, 20, 20))
    image.paste((255, 255, 255), (0, 0, 150, 100))
    upload(server, saved(image, "PNG"), tags="painted")
    window.page.route("**/thumbnail*", lambda route: None)
    page = window.open("/?tags_all=painted")
    canvas = page.locator(".tile canvas")
    expect(canvas).to_be_visible()
    left, right = canvas.evaluate(
        """canvas => {
          const {width, height} = canvas;
          const {data} = canvas.getContext("2d").getImageData(0, 0, width, height);
          const at = (x, y) => [...data.slice(4 * (y * width + x), 4 * (y * width + x) + 4)];
          return [at(3, 3), at(width - 4, height - 4)];
        }"""
    )
    assert min(left[:3]) > 180
    assert right[0] > 150
    assert max(right[1:3]) < 80


def test_nothing_is_behind_a_picture_that_is_there(window, server):
    upload(server, saved(Image.new("RGBA", (300, 200), (200, 20, 20, 90)), "PNG"), tags="clear")
    page = window.open("/?tags_all=clear")
    expect(page.locator(".tile img.there")).to_have_count(1)
    expect(page.locator(".tile canvas")).to_have_count(0)


def test_screens_of_higher_density_get_larger_thumbnails(make_window, server):
    upload(server, picture(1600, 1200), tags="dense")
    page = make_window(device_scale_factor=2).open("/?tags_all=dense")
    image = page.locator(".tile img.there")
    expect(image).to_have_count(1)
    assert image.evaluate("image => image.currentSrc").endswith("thumbnail:height=640.webp")


def test_going_back_from_a_picture_finds_the_gallery_as_it_was(window, server):
    upload_many(server, 70, tags="long")
    page = window.open("/?tags_all=long")
    expect(page.locator(".tile[data-id]").first).to_be_visible()
    page.mouse.move(400, 400)
    page.mouse.wheel(0, 1500)
    chosen = page.locator(".tile[aria-posinset='31']")
    chosen.scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    assert before > 0
    chosen.get_by_role("link").click()
    expect(page.get_by_role("tab", name="Details")).to_be_visible()
    page.locator("main").get_by_role("link", name="Pictures").click()
    expect(page.locator(".tile[data-id]").first).to_be_attached()
    assert abs(page.evaluate("scrollY") - before) < 5
    assert "tags_all=long" in page.url


def test_a_failing_service_is_reported_and_called_again(window, server):
    upload(server, tags="flaky")
    window.expected = {503}
    answers = iter([503])

    def answer(route):
        if next(answers, None):
            problem = '{"title": "Too busy", "detail": "12 renders wait; try again soon"}'
            route.fulfill(status=503, body=problem, content_type="application/problem+json")
        else:
            route.continue_()

    window.page.route("**/images/?*", answer)
    page = window.open("/?tags_all=flaky")
    expect(page.get_by_role("alert")).to_contain_text("12 renders wait; try again soon")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".tile[data-id]")).to_have_count(1)
