"""`PATCH /images/`: one change of many pictures, each with a result."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from progimage.library import Library
from tests.api.conftest import assert_problem
from tests.candidates import add


@pytest.fixture
def ids(store) -> list[str]:
    """Three pictures without tags."""
    library = Library(store)
    return [add(library, bytes([number])).id for number in range(3)]


def change(client, ids, **fields):
    return client.simulate_patch("/images/", json={"images": ids, **fields})


def tags_of(client, image_id):
    return client.simulate_get(f"/images/{image_id}/metadata/").json["tags"]


def test_tags_are_added_and_removed_whatever_tags_a_picture_had(client, ids):
    assert change(client, ids[:1], add_tags=["sea", "draft"]).status_code == 200
    result = change(client, ids, add_tags=["Sea", "boats"], remove_tags=["DRAFT"])
    assert result.status_code == 200
    assert [item["id"] for item in result.json["images"]] == ids
    assert [item["tags"] for item in result.json["images"]] == [
        ["sea", "boats"],
        ["Sea", "boats"],
        ["Sea", "boats"],
    ]
    assert tags_of(client, ids[0]) == ["sea", "boats"]


def test_a_repeated_request_changes_nothing_more(client, ids):
    revisions = [
        [item["revision"] for item in change(client, ids, add_tags=["sea"]).json["images"]]
        for _ in range(2)
    ]
    assert revisions == [[2, 2, 2], [2, 2, 2]]


def test_a_picture_that_cannot_take_a_tag_does_not_stop_the_others(client, ids):
    change(client, ids[1:2], add_tags=[f"tag {number}" for number in range(50)])
    result = change(client, [*ids, "0" * 64], add_tags=["sea"])
    assert result.status_code == 207
    assert [item["status"] for item in result.json["images"]] == [200, 400, 200, 404]
    assert "tags" in result.json["images"][1]["detail"]
    assert tags_of(client, ids[0]) == ["sea"]


def test_many_pictures_are_deleted_and_the_missing_ones_named(client, ids):
    result = change(client, [ids[0], "0" * 64, ids[2]], delete=True)
    assert [item["status"] for item in result.json["images"]] == [204, 404, 204]
    found = client.simulate_get("/images/").json["data"]
    assert [record["id"] for record in found] == [ids[1]]


def test_a_thousand_pictures_are_changed_in_one_request(client, store):
    library = Library(store)
    ids = [add(library, str(number).encode()).id for number in range(1_000)]
    result = change(client, ids, add_tags=["sea"])
    assert result.status_code == 200
    assert [item["id"] for item in result.json["images"]] == ids
    assert client.simulate_get("/images/", params={"tag": "sea", "limit": 1}).json["total"] == 1_000


def test_changes_of_the_same_picture_at_the_same_time_are_all_made(client, ids):
    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(lambda n: change(client, ids, add_tags=[f"tag {n}"]), range(4)))
    assert {result.status_code for result in results} == {200}
    for image_id in ids:
        assert sorted(tags_of(client, image_id)) == [f"tag {n}" for n in range(4)]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "expected visibility, add_tags or remove_tags"),
        ({"add_tags": []}, "expected visibility, add_tags or remove_tags"),
        ({"delete": True, "add_tags": ["sea"]}, "delete: true alone"),
        ({"delete": False}, "delete: true alone"),
        ({"add_tags": ["sea"], "remove_tags": ["SEA"]}, "both name 'sea'"),
        ({"add_tags": ["a" * 101]}, "add_tags.0"),
        ({"add_tags": ["a\nb"]}, "add_tags.0: must be one line"),
        ({"add_tags": [f"{n}" for n in range(51)]}, "at most 50 entries"),
        ({"add_tags": "sea"}, "add_tags: expected a list"),
        ({"title": "Harbour"}, "title: no such field"),
    ],
)
def test_a_change_that_makes_no_sense_is_an_error_and_changes_nothing(client, ids, fields, words):
    assert_problem(change(client, ids, **fields), 400, words)
    assert tags_of(client, ids[0]) == []
