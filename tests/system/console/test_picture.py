"""A picture's page: what is known of it, edits and their conflicts, purge and removal."""

from __future__ import annotations

from playwright.sync_api import Route, expect

from tests.system.console.conftest import edit, metadata, picture, upload, upload_many


def test_a_picture_s_page_shows_it_and_what_is_known(window, server):
    image_id = upload(server, picture(640, 480), title="Known", file_name="known.png")
    page = window.open(f"/?image={image_id}")
    expect(page.get_by_role("heading", name="Known")).to_be_visible()
    expect(page.locator(".sized img.there")).to_be_visible()
    facts = page.get_by_role("region", name="Facts")
    for fact in ("known.png", "image/png", "640 × 480 pixels", image_id):
        expect(facts).to_contain_text(fact)


def test_while_its_record_is_on_the_way_its_page_says_so(window, server):
    image_id = upload(server, title="Slow")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    window.page.route(f"**/images/{image_id}/metadata/", hold)
    page = window.open(f"/?image={image_id}")
    expect(page.get_by_text("Loading …")).to_be_visible()
    held[0].continue_()
    expect(page.get_by_role("heading", name="Slow")).to_be_visible()
    expect(page.get_by_text("Loading …")).to_have_count(0)


def test_edits_are_saved_and_shown_in_the_gallery(window, server):
    image_id = upload(server, title="Before", tags=["edited"])
    page = window.open("/?tags_all=edited")
    page.get_by_role("link", name="Before").click()
    save = page.get_by_role("button", name="Save")
    expect(save).to_be_disabled()
    page.get_by_label("Title").fill("After")
    page.get_by_label("Description").fill("Two\nlines")
    tags = page.get_by_role("combobox", name="Tags")
    tags.fill("second")
    tags.press("Enter")
    save.click()
    expect(page.get_by_role("heading", name="After")).to_be_visible()
    expect(save).to_be_disabled()
    record = metadata(server, image_id)
    assert record["title"] == "After"
    assert record["description"] == "Two\nlines"
    assert record["tags"] == ["edited", "second"]
    page.locator("main").get_by_role("link", name="Pictures").click()
    expect(page.get_by_role("link", name="After")).to_be_visible()


def test_only_what_was_changed_is_sent(window, server):
    image_id = upload(server, title="Mine", tags=["kept"])
    page = window.open(f"/?image={image_id}")
    page.get_by_label("Title").fill("Changed")
    with page.expect_request(lambda request: request.method == "PATCH") as sent:
        page.get_by_role("button", name="Save").click()
    assert sent.value.post_data_json == {"title": "Changed"}
    assert sent.value.headers["if-match"].startswith('"1-')


def test_an_edit_by_another_user_is_shown_and_never_overwritten_unseen(window, server):
    window.expected = {412}
    image_id = upload(server, title="First", tags=["one"])
    page = window.open(f"/?image={image_id}")
    page.get_by_label("Title").fill("Mine")
    page.get_by_label("Description").fill("My words")
    edit(server, image_id, title="Theirs", tags=["one", "two"])
    page.get_by_role("button", name="Save").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Another user has changed this picture")
    expect(alert).to_contain_text("Theirs")
    assert metadata(server, image_id)["title"] == "Theirs"
    # What only the other user has changed needs no choice.
    expect(alert.get_by_role("listitem")).to_have_count(1)
    expect(page.get_by_role("button", name="Remove tag two")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".toast")).to_have_text("Saved")
    expect(alert).to_have_count(0)
    record = metadata(server, image_id)
    assert record["title"] == "Mine"
    assert record["description"] == "My words"
    assert record["tags"] == ["one", "two"]


def test_the_value_of_another_user_can_be_chosen(window, server):
    window.expected = {412}
    image_id = upload(server, title="First")
    page = window.open(f"/?image={image_id}")
    page.get_by_label("Title").fill("Mine")
    edit(server, image_id, title="Theirs")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Use this for Title").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_label("Title")).to_have_value("Theirs")
    expect(page.get_by_role("button", name="Save")).to_be_disabled()


def test_edits_of_different_fields_do_not_meet(window, server):
    window.expected = {412}
    image_id = upload(server, title="First")
    page = window.open(f"/?image={image_id}")
    page.get_by_label("Description").fill("My words")
    edit(server, image_id, title="Theirs")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Theirs")).to_be_visible()
    expect(page.locator(".toast")).to_have_text("Saved")
    record = metadata(server, image_id)
    assert (record["title"], record["description"]) == ("Theirs", "My words")


def test_a_field_with_a_wrong_value_shows_what_is_wrong_and_has_the_focus(window, server):
    window.expected = {400}
    image_id = upload(server)
    page = window.open(f"/?image={image_id}")
    page.get_by_role("combobox", name="Tags").fill(",".join(f"t{n}" for n in range(20)))
    page.get_by_role("combobox", name="Tags").press("Enter")
    for start in (20, 40):
        tags = page.get_by_role("combobox", name="Tags")
        tags.fill(",".join(f"t{n}" for n in range(start, start + 20)))
        tags.press("Enter")
    page.get_by_role("button", name="Save").click()
    tags = page.get_by_role("combobox", name="Tags")
    expect(page.locator(".tag-field").get_by_role("alert")).to_contain_text("50")
    expect(tags).to_be_focused()
    expect(tags).to_have_attribute("aria-invalid", "true")
    assert metadata(server, image_id)["tags"] == []
    # The list of known tags lies over the buttons.
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Undo changes").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_text("Rights and other fields").click()
    page.get_by_label("Rights (address").fill("no address")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Rights (address")).to_have_attribute("aria-invalid", "true")


def test_saves_of_the_form_and_of_the_focal_point_wait_for_each_other(window, server):
    """Two at once would look like edits by two users."""
    image_id = upload(server, picture(400, 200))
    page = window.open(f"/?image={image_id}")
    expect(page.locator(".sized img.there")).to_be_visible()
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == "PATCH" and not held:
            held.append(route)
        else:
            route.continue_()

    page.route(f"**/images/{image_id}/metadata/", hold)
    page.get_by_label("Title").fill("Mine")
    page.get_by_role("button", name="Set the focal point").click()
    with page.expect_request(lambda request: request.method == "PATCH"):
        page.locator(".focal-layer").click(position={"x": 10, "y": 10})
    page.get_by_role("button", name="Save", exact=True).click()
    # What is typed while it is being saved stays too.
    page.get_by_label("Description").fill("Typed later")
    held[0].continue_()
    expect(page.get_by_role("heading", name="Mine")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    record = metadata(server, image_id)
    assert record["title"] == "Mine"
    assert record["focal_point"]["x"] < 0.1
    expect(page.get_by_label("Description")).to_have_value("Typed later")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("button", name="Undo changes")).to_be_hidden()
    assert metadata(server, image_id)["description"] == "Typed later"


def test_what_is_typed_is_still_there_after_a_look_elsewhere(window, server):
    image_id = upload(server, title="Before", tags=["drafted"])
    page = window.open("/?tags_all=drafted")
    page.get_by_role("link", name="Before").click()
    page.get_by_label("Description").fill("Half a sentence")
    page.get_by_role("combobox", name="Tags").fill("harbour")
    page.locator("main").get_by_role("link", name="Pictures").click()
    expect(page.get_by_role("searchbox", name="Search")).to_be_visible()
    edit(server, image_id, title="Changed elsewhere")
    page.locator(".tile[data-id] a").click()
    expect(page.get_by_label("Description")).to_have_value("Half a sentence")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".toast")).to_have_text("Saved")
    record = metadata(server, image_id)
    assert record["description"] == "Half a sentence"
    assert record["tags"] == ["drafted", "harbour"]
    assert record["title"] == "Changed elsewhere"


def test_purging_shows_how_many_renditions_were_purged(window, server):
    image_id = upload(server)
    server.get(f"/images/{image_id}/sepia.webp")
    page = window.open(f"/?image={image_id}")
    expect(page.locator(".sized img.there")).to_be_visible()
    page.get_by_role("button", name="Purge renditions").click()
    expect(page.locator(".toast")).to_contain_text("2 renditions purged")


def test_deleting_asks_first_and_leads_back_to_the_gallery(window, server):
    window.expected = {404}
    image_id = upload(server, title="Short-lived", tags=["alone"])
    page = window.open("/?tags_all=alone")
    page.get_by_role("link", name="Short-lived").click()
    page.get_by_role("button", name="Delete picture").click()
    question = page.get_by_role("alertdialog", name="Delete this picture?")
    expect(question).to_contain_text("Short-lived")
    expect(question.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Escape")
    assert server.get(f"/images/{image_id}/").status == 200
    page.get_by_role("button", name="Delete picture").click()
    question.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("searchbox", name="Search")).to_be_visible()
    assert server.get(f"/images/{image_id}/").status == 404
    page.goto(f"{window.base}/?image={image_id}")
    expect(page.get_by_role("alert")).to_contain_text("Not found")


def test_after_a_deletion_the_next_picture_is_shown(window, server):
    upload_many(server, 3, tags="sorted-out")
    page = window.open("/?tags_all=sorted-out")
    tiles = page.locator(".tile[data-id]")
    expect(tiles).to_have_count(3)
    ids = tiles.evaluate_all("all => all.map((tile) => tile.dataset.id)")
    tiles.nth(1).get_by_role("link").click()
    # After the last one comes the one before it.
    for deleted, shown in [(ids[1], ids[2]), (ids[2], ids[0])]:
        page.get_by_role("button", name="Delete picture").click()
        page.get_by_role("alertdialog").get_by_role("button", name="Delete").click()
        page.wait_for_url(f"**/?image={shown}")
        assert server.get(f"/images/{deleted}/").status == 404
    page.keyboard.press("Escape")
    expect(tiles).to_have_count(1)


def test_the_address_of_a_picture_can_be_opened_and_left(window, server):
    image_id = upload(server, title="Linked")
    page = window.open(f"/?image={image_id}")
    page.locator("main").get_by_role("link", name="Pictures").click()
    expect(page.get_by_role("searchbox", name="Search")).to_be_visible()
