"""A picture that is uploaded again: nothing of what was sent is dropped without a word."""

from __future__ import annotations

import base64

import pytest

from tests.api.conftest import assert_problem, form

JPEG = {"Content-Type": "image/jpeg"}


def by_form(client, data: bytes, **fields: str):
    parts = list(fields.items())
    return client.simulate_post("/images/", **form(("image", data, "a.jpg"), *parts)).json


def by_raw(client, data: bytes, **fields: str):
    return client.simulate_post("/images/", body=data, headers=JPEG, params=fields).json


def by_json(client, data: bytes, **fields: str):
    body = {**fields, "data": base64.b64encode(data).decode()}
    if "tags" in body:
        body["tags"] = body["tags"].split(",")
    return client.simulate_post("/images/", json=body).json


def by_data_url(client, data: bytes, **fields: str):
    url = f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"
    body = {**fields, "url": url}
    if "tags" in body:
        body["tags"] = body["tags"].split(",")
    return client.simulate_post("/images/", json=body).json


def by_metadata_first(client, data: bytes, **fields: str):
    body: dict = dict(fields)
    if "tags" in body:
        body["tags"] = body["tags"].split(",")
    path = f"/uploads/{client.simulate_post('/uploads/', json=body).json['id']}/"
    answer = client.simulate_put(path, body=data).json
    shown = client.simulate_get(path).json
    for name in ("msg", "applied", "not_applied"):
        assert shown.get(name) == answer.get(name)
    return answer


def by_tus(client, data: bytes, **fields: str):
    pairs = [f"{name} {base64.b64encode(text.encode()).decode()}" for name, text in fields.items()]
    headers = {
        "Tus-Resumable": "1.0.0",
        "Upload-Length": str(len(data)),
        "Upload-Metadata": ",".join(pairs),
        "Content-Type": "application/offset+octet-stream",
    }
    created = client.simulate_post("/uploads/", body=data, headers=headers)
    return client.simulate_get(f"/uploads/{created.json['id']}/").json


WAYS = [by_form, by_raw, by_json, by_data_url, by_metadata_first, by_tus]


def stored(client, data: bytes) -> dict:
    image_id = by_raw(client, data)["id"]
    return client.simulate_get(f"/images/{image_id}/metadata/").json


@pytest.fixture(params=WAYS, ids=lambda way: way.__name__)
def send(request):
    return request.param


def test_a_new_picture_is_ok(client, jpeg, send):
    assert send(client, jpeg, title="Sea")["msg"] == "ok"


def test_by_default_a_known_picture_stays_as_it_is_and_the_answer_says_so(client, jpeg, send):
    send(client, jpeg, title="Sea", tags="a")
    again = send(client, jpeg, title="Sky", tags="a,b", description="Blue")
    assert again["msg"] == "known"
    assert again["applied"] == []
    assert sorted(again["not_applied"]) == ["description", "tags", "title"]
    assert (stored(client, jpeg)["title"], stored(client, jpeg)["tags"]) == ("Sea", ["a"])


def test_merge_adds_tags_and_fills_what_is_empty(client, jpeg, send):
    send(client, jpeg, title="Sea", tags="a")
    again = send(client, jpeg, title="Sky", tags="b", description="Blue", on_known="merge")
    assert sorted(again["applied"]) == ["description", "tags"]
    assert again["not_applied"] == ["title"]
    record = stored(client, jpeg)
    assert (record["title"], record["description"], record["tags"]) == ("Sea", "Blue", ["a", "b"])


def test_replace_sets_what_was_sent_and_nothing_else(client, jpeg, send):
    send(client, jpeg, title="Sea", tags="a", description="Blue")
    again = send(client, jpeg, title="Sky", tags="b", on_known="replace")
    assert sorted(again["applied"]) == ["tags", "title"]
    assert again["not_applied"] == []
    record = stored(client, jpeg)
    assert (record["title"], record["description"], record["tags"]) == ("Sky", "Blue", ["b"])


def test_equal_fields_are_not_worth_a_word(client, jpeg, send):
    send(client, jpeg, title="Sea", tags="a,b")
    again = send(client, jpeg, title="Sea", tags="b,a")
    assert (again["msg"], again["applied"], again["not_applied"]) == ("known", [], [])


def test_a_field_that_is_sent_with_its_default_counts(ann, jpeg, send):
    send(ann, jpeg, visibility="private")
    assert send(ann, jpeg, visibility="public")["not_applied"] == ["visibility"]
    assert send(ann, jpeg, visibility="public", on_known="replace")["applied"] == ["visibility"]


def test_the_pictures_of_other_owners_do_not_change(ann, client, jpeg):
    by_raw(client, jpeg, title="Everybody")
    again = by_raw(ann, jpeg, title="Ann", on_known="replace")
    assert again["msg"] == "ok"
    assert stored(client, jpeg)["title"] == "Everybody"


def test_an_unknown_mode_is_an_error(client, jpeg):
    result = client.simulate_post(
        "/images/", body=jpeg, headers=JPEG, params={"on_known": "overwrite"}
    )
    assert_problem(result, 400, "keep, merge, replace")


def test_merge_adds_custom_fields_and_replace_sets_them(client, jpeg):
    assert by_raw(client, jpeg, custom='{"roll": "7"}', focal_point="0.25x0.5")["msg"] == "ok"
    sent = {"custom": '{"roll": "8", "frame": "12"}', "focal_point": "0x0", "alt": "Boats"}
    body = by_raw(client, jpeg, **sent)
    assert body["not_applied"] == ["alt", "focal_point", "custom"]
    merged = by_form(client, jpeg, **sent, on_known="merge")
    assert (merged["applied"], merged["not_applied"]) == (["alt", "custom"], ["focal_point"])
    assert merged["custom"] == {"roll": "7", "frame": "12"}
    assert merged["focal_point"] == {"x": 0.25, "y": 0.5}
    replaced = by_tus(client, jpeg, **sent, on_known="replace")
    assert replaced["applied"] == ["focal_point", "custom"]
    again = by_raw(client, jpeg, **sent)
    assert again["custom"] == {"roll": "8", "frame": "12"}
    assert again["not_applied"] == []
