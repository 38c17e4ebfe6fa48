"""Forms as browsers and upload widgets send them."""

from __future__ import annotations

import pytest

from tests.api.conftest import assert_problem, form


def post(client, *parts):
    return client.simulate_post("/images/", **form(*parts))


def test_line_breaks_of_a_form_are_stored_as_line_feeds(client, jpeg):
    result = post(client, ("image", jpeg, "a.jpg"), ("description", "one\r\ntwo\r\n\r\nthree"))
    assert result.status_code == 201
    assert result.json["description"] == "one\ntwo\n\nthree"


def test_the_name_of_a_submit_button_is_ignored_with_a_note(client, jpeg):
    result = post(client, ("image", jpeg, "a.jpg"), ("submit", "Send"), ("csrf_token", "x"))
    assert result.status_code == 201
    assert result.json["ignored"] == ["submit", "csrf_token"]


def test_the_fields_that_uppy_adds_are_ignored(client, jpeg):
    fields = [("relativePath", "null"), ("name", "a.jpg"), ("type", "image/jpeg")]
    result = post(client, *fields, ("image", jpeg, "a.jpg"))
    assert (result.status_code, result.json["file_name"]) == (201, "a.jpg")
    assert result.json["ignored"] == ["relativePath", "name", "type"]


def test_filepond_sends_a_text_field_of_the_same_name_before_its_file(client, jpeg):
    result = post(client, ("image", "{}"), ("image", jpeg, "a.jpg"))
    assert result.status_code == 201
    assert result.json["size_bytes"] == len(jpeg)


def test_names_with_brackets_are_those_without(client, jpeg, png):
    result = post(
        client, ("image[]", jpeg, "a.jpg"), ("image[]", png, "b.png"), ("tags[]", "a"), ("go", "1")
    )
    assert result.status_code == 201
    assert [image["tags"] for image in result.json["images"]] == [["a"], ["a"]]
    assert result.json["ignored"] == ["go"]


@pytest.mark.parametrize("name", ["titel", "descripton", "imge", "tagz"])
def test_a_mistyped_field_is_an_error(client, jpeg, name):
    assert_problem(post(client, ("image", jpeg, "a.jpg"), (name, "x")), 400, "did you mean")


def test_an_answer_without_ignored_fields_has_no_note(client, jpeg):
    assert "ignored" not in post(client, ("image", jpeg, "a.jpg"), ("title", "a")).json
