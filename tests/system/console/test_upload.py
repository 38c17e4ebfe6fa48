"""Uploads: chosen, dropped, pasted; watched, cancelled, tried again."""

from __future__ import annotations

import base64
import hashlib
import json
import re

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.imaging.drawing import saved
from tests.system.console.conftest import metadata, picture

# Makes a File in the page and fires the event as a browser does for a drop or a paste.
GIVE = """([kind, name, type, base64]) => {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name, {type}));
  const event = kind === "paste"
    ? new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true})
    : new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true});
  document.body.dispatchEvent(event);
}"""


def file(name: str, data: bytes | None = None) -> dict[str, object]:
    content = picture() if data is None else data
    return {"name": name, "mimeType": "image/png", "buffer": content}


def choose(page: Page, *files: dict[str, object]) -> None:
    page.get_by_role("button", name="Upload", exact=True).click()
    page.get_by_label("Choose pictures").set_input_files(list(files))


def row(page: Page, name: str):
    return page.locator(".uploads li").filter(has_text=name)


def id_of(page: Page, name: str) -> str:
    link = row(page, name).get_by_role("link", name="View")
    return (link.get_attribute("href") or "").partition("image=")[2]


def test_on_a_phone_what_became_of_all_stands_clear_of_the_buttons(make_window):
    window = make_window(viewport={"width": 390, "height": 844})
    window.expected = {415}
    page = window.open()
    choose(page, file("good.png"), file("bad.png", b"no picture"))
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Upload 2 pictures").click()
    summary = dialog.get_by_text("1 new, 1 failed").bounding_box()
    button = dialog.get_by_role("button", name="Clear finished").bounding_box()
    assert summary["y"] + summary["height"] <= button["y"]


def test_chosen_pictures_are_uploaded_with_the_shared_metadata(window, server):
    page = window.open()
    choose(page, file("one.png"), file("two.png"))
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Title").fill("Batch")
    tags = dialog.get_by_role("combobox", name="Tags")
    tags.fill("uptag, more of it")
    tags.press("Enter")
    expect(dialog.get_by_label("Private")).to_be_hidden()
    dialog.get_by_role("button", name="Upload 2 pictures").click()
    for name in ("one.png", "two.png"):
        expect(row(page, name)).to_contain_text("uploaded")
        record = metadata(server, id_of(page, name))
        assert record["title"] == "Batch"
        assert record["tags"] == ["uptag", "more of it"]
        assert record["file_name"] == name
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("link", name="Batch").first).to_be_visible()


@pytest.mark.parametrize("kind", ["drop", "paste"])
def test_dropped_and_pasted_pictures_wait_in_the_dialog(window, server, kind):
    page = window.open()
    data = base64.b64encode(picture()).decode()
    page.evaluate(GIVE, [kind, f"{kind}ped.png", "image/png", data])
    page.get_by_role("button", name="Upload 1 picture").click()
    expect(row(page, f"{kind}ped.png")).to_contain_text("uploaded")
    assert metadata(server, id_of(page, f"{kind}ped.png"))["width"] == 60


def test_a_file_that_is_no_picture_is_left_out(window):
    page = window.open()
    page.evaluate(GIVE, ["drop", "notes.txt", "text/plain", "aGVsbG8="])
    expect(page.get_by_role("dialog")).to_contain_text("1 file skipped: not a picture")
    expect(page.get_by_role("dialog").get_by_role("button", name="Upload")).to_be_disabled()


def test_a_known_picture_is_reported_as_known(window, server):
    data = picture()
    page = window.open()
    for expected in ("uploaded", "was here already"):
        page.reload()
        choose(page, file("same.png", data))
        page.get_by_role("button", name="Upload 1 picture").click()
        expect(row(page, "same.png")).to_contain_text(expected)


def test_a_repeated_upload_says_what_became_of_its_title_and_tags(window, server):
    data = picture()
    page = window.open()
    for choice, outcome in [
        (None, "uploaded"),
        ("stay as they are", "was here already; title and tags not changed"),
        ("get this title, these tags", "was here already; title and tags changed"),
    ]:
        page.reload()
        choose(page, file("again.png", data))
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Title").fill(f"Title {choice}")
        tags = dialog.get_by_role("combobox", name="Tags")
        tags.fill(f"tag {choice}")
        tags.press("Enter")
        if choice:
            known = dialog.get_by_label("Pictures that are here already")
            value = known.locator("option", has_text=choice).get_attribute("value")
            known.select_option(value)
        page.get_by_role("button", name="Upload 1 picture").click()
        expect(row(page, "again.png")).to_contain_text(outcome)
    record = metadata(server, id_of(page, "again.png"))
    assert record["title"] == "Title get this title, these tags"


def test_failed_files_come_first_and_the_counts_are_true(window):
    window.expected = {415}
    data = picture()
    page = window.open()
    choose(page, file("twice.png", data))
    page.get_by_role("button", name="Upload 1 picture").click()
    expect(row(page, "twice.png")).to_contain_text("uploaded")
    page.reload()
    choose(page, file("new.png"), file("twice.png", data), file("bad.png", b"no picture"))
    page.get_by_role("button", name="Upload 3 pictures").click()
    summary = page.get_by_role("dialog").get_by_text("1 new, 1 was here already, 1 failed")
    expect(summary).to_be_visible()
    expect(page.locator(".uploads li").first).to_contain_text("bad.png")
    expect(page.locator(".uploads li").first.locator(".trouble")).not_to_be_empty()


def test_a_refusal_is_shown_in_the_words_of_the_service_with_no_button_to_try_again(window):
    window.expected = {415, 422}
    page = window.open()
    choose(page, file("broken.png", b"this is no picture at all"))
    page.get_by_role("button", name="Upload 1 picture").click()
    broken = row(page, "broken.png")
    expect(broken.locator(".trouble")).not_to_be_empty()
    expect(broken).to_contain_text("failed")
    expect(broken.get_by_role("button", name="Try broken.png again")).to_be_hidden()


def test_a_lost_connection_can_be_tried_again(window):
    window.expects_lost_connections = True
    lost = iter([True])
    window.page.route(
        "**/images/",
        lambda route: route.abort() if next(lost, False) else route.continue_(),
    )
    page = window.open()
    choose(page, file("offline.png"))
    page.get_by_role("button", name="Upload 1 picture").click()
    expect(row(page, "offline.png")).to_contain_text("cannot be reached")
    row(page, "offline.png").get_by_role("button", name="Try offline.png again").click()
    expect(row(page, "offline.png")).to_contain_text("uploaded")


def test_a_busy_service_is_asked_again_by_itself(window):
    window.expected = {503}
    busy = iter([True, True])

    def answer(route):
        if route.request.method == "POST" and next(busy, False):
            route.fulfill(
                status=503,
                body=json.dumps({"title": "Too busy", "detail": "uploads are full"}),
                headers={"Retry-After": "0", "Content-Type": "application/problem+json"},
            )
        else:
            route.continue_()

    window.page.route("**/images/", answer)
    page = window.open()
    choose(page, file("patient.png"))
    page.get_by_role("button", name="Upload 1 picture").click()
    expect(row(page, "patient.png")).to_contain_text("uploaded")


def test_an_upload_can_be_cancelled_and_sent_after_all(window):
    window.page.route("**/images/", lambda route: None)
    page = window.open()
    choose(page, file("slow.png"))
    page.get_by_role("button", name="Upload 1 picture").click()
    expect(row(page, "slow.png").get_by_role("progressbar")).to_be_visible()
    page.get_by_role("button", name="Cancel slow.png").click()
    expect(row(page, "slow.png")).to_contain_text("cancelled")
    page.unroute("**/images/")
    page.get_by_role("button", name="Try slow.png again").click()
    # What was cancelled may have reached the server all the same.
    expect(row(page, "slow.png")).to_contain_text(re.compile("uploaded|was here already"))


def test_progress_and_results_are_announced_to_screen_readers(window):
    window.page.add_init_script(
        """window.heard = [];
        addEventListener("DOMContentLoaded", () => {
          const region = document.getElementById("announcement");
          new MutationObserver(() => window.heard.push(region.textContent))
            .observe(region, {childList: true});
        });"""
    )
    page = window.open()
    choose(page, file("heard.png"))
    page.get_by_role("button", name="Upload 1 picture").click()
    expect(row(page, "heard.png")).to_contain_text("uploaded")
    page.wait_for_function("() => window.heard.includes('Upload finished: 1 new')")
    heard = page.evaluate("window.heard")
    assert "1 picture added" in heard
    assert "Uploading 1 picture" in heard


def test_a_large_picture_goes_on_where_the_connection_broke(window, server):
    """Its second piece is lost once; the first is not sent again."""
    data = saved(Image.effect_noise((3200, 3200), 90).convert("RGB"), "PNG")
    assert len(data) > 2 * 8 * 1024 * 1024
    offsets = []
    lost = iter([True])

    def pass_on(route):
        request = route.request
        if request.method == "PATCH":
            offsets.append(int(request.headers["upload-offset"]))
            if len(offsets) == 2 and next(lost, False):
                route.abort()
                return
        route.continue_()

    page = window.open()
    page.route("**/uploads/**", pass_on)
    window.expects_lost_connections = True
    choose(page, file("large.png", data))
    page.get_by_role("dialog").get_by_role("button", name="Upload 1 picture").click()
    expect(row(page, "large.png")).to_contain_text("uploaded", timeout=60_000)
    assert offsets[:3] == [0, 8 * 1024 * 1024, 8 * 1024 * 1024]
    assert offsets == sorted(offsets)
    assert server.get(f"/images/{hashlib.sha256(data).hexdigest()}/").body == data
