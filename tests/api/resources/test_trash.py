"""The trash over HTTP: delete, list, restore, remove for good."""

from __future__ import annotations

import pytest

from tests.api.conftest import assert_problem, upload
from tests.people import AUTH

DAYS = {"days": 30}


@pytest.fixture
def bin_client(make_client):
    """A client of a service with a trash."""
    return make_client(trash=DAYS)


def test_without_a_trash_a_deleted_picture_is_removed_at_once(client, uploaded):
    assert client.simulate_delete(uploaded).status_code == 204
    listed = client.simulate_get("/trash/").json
    assert (listed["days"], listed["data"]) == (0, [])


def test_a_deleted_picture_is_restored(bin_client, jpeg):
    path = upload(bin_client, jpeg)
    image_id = path.split("/")[2]
    thumbnail = bin_client.simulate_get(f"{path}thumbnail.webp")
    assert bin_client.simulate_delete(path).status_code == 204
    for rest in ("", "metadata/", "thumbnail.webp"):
        headers = {"If-None-Match": thumbnail.headers["etag"]}
        assert_problem(bin_client.simulate_get(path + rest, headers=headers), 404)
    assert_problem(bin_client.simulate_delete(path), 404)
    listed = bin_client.simulate_get("/trash/").json
    assert listed["days"] == 30
    assert [record["id"] for record in listed["data"]] == [image_id]
    assert listed["data"][0]["deleted"] < listed["data"][0]["expires"]
    link = listed["data"][0]["_links"]["self"]["href"]
    assert bin_client.simulate_get(link).json == listed["data"][0]
    restored = bin_client.simulate_post(link)
    assert restored.status_code == 200
    assert restored.json["_links"]["self"]["href"] == f"{path}metadata/"
    assert bin_client.simulate_get(f"{path}thumbnail.webp").content == thumbnail.content
    assert_problem(bin_client.simulate_post(link), 404, "in the trash")


def test_a_picture_is_removed_for_good_past_the_trash_or_from_it(bin_client, jpeg, png):
    first, second = upload(bin_client, jpeg), upload(bin_client, png)
    assert bin_client.simulate_delete(first, params={"trash": "false"}).status_code == 204
    assert bin_client.simulate_get("/trash/").json["data"] == []
    bin_client.simulate_delete(second)
    link = f"/trash/{second.split('/')[2]}/"
    assert bin_client.simulate_delete(link).status_code == 204
    assert_problem(bin_client.simulate_post(link), 404)
    assert bin_client.simulate_get("/trash/").json["data"] == []


def test_many_pictures_are_deleted_and_restored_at_once(bin_client, jpeg, png):
    ids = [upload(bin_client, data).split("/")[2] for data in (jpeg, png)]
    deleted = bin_client.simulate_patch("/images/", json={"images": ids, "delete": True})
    assert [item["status"] for item in deleted.json["images"]] == [204, 204]
    fields = {"images": [*ids, "0" * 64], "restore": True}
    restored = bin_client.simulate_patch("/images/", json=fields)
    assert [item["status"] for item in restored.json["images"]] == [200, 200, 404]
    assert bin_client.simulate_get("/images/").json["total"] == 2
    fields["delete"] = True
    assert_problem(bin_client.simulate_patch("/images/", json=fields), 400, "alone")


def test_the_trash_is_read_in_pages_and_emptied(bin_client, jpeg, png):
    for data in (jpeg, png):
        bin_client.simulate_delete(upload(bin_client, data))
    first = bin_client.simulate_get("/trash/", params={"limit": "1"}).json
    second = bin_client.simulate_get(first["next"]).json
    assert second["next"] is None
    assert len({record["id"] for page in (first, second) for record in page["data"]}) == 2
    emptied = bin_client.simulate_delete("/trash/").json
    assert emptied == {"msg": "ok", "removed": 2, "is_empty": True}
    assert bin_client.simulate_get("/trash/").json["data"] == []


def test_each_account_has_a_trash_of_its_own(make_client, make_person, jpeg):
    make_client(trash=DAYS)
    ann, ben = make_person("ann", trash=DAYS), make_person("ben", trash=DAYS)
    path = upload(ann, jpeg, params={"visibility": "private"})
    ann.simulate_delete(path)
    link = f"/trash/{path.split('/')[2]}/"
    for other in (ben, make_client(trash=DAYS, auth=AUTH)):
        assert other.simulate_get("/trash/").json["data"] == []
        assert other.simulate_delete("/trash/").json["removed"] == 0
        for method in ("GET", "POST", "DELETE"):
            missing = other.simulate_request(method, f"/trash/{'0' * 64}/")
            hidden = other.simulate_request(method, link)
            assert_problem(hidden, 404)
            assert hidden.text.replace(path.split("/")[2], "0" * 64) == missing.text
    listed = ann.simulate_get("/trash/")
    assert listed.headers["cache-control"] == "private, no-store"
    assert len(listed.json["data"]) == 1
    assert ann.simulate_post(link).status_code == 200


def test_where_accounts_are_required_the_trash_needs_one(make_client):
    client = make_client(trash=DAYS, auth={**AUTH, "mode": "required"})
    for method in ("GET", "DELETE"):
        assert_problem(client.simulate_request(method, "/trash/"), 401)
    assert_problem(client.simulate_get(f"/trash/{'0' * 64}/"), 401)


@pytest.mark.parametrize(
    "query",
    [
        {"cursor": "x"},
        {"cursor": "dHJhc2gvYmVuLzAwMDAwMDAwMDAt"},
        {"cursor": "é" * 500},
        {"limit": "0"},
        {"limit": "1001"},
        {"q": "sea"},
    ],
)
def test_a_wrong_query_is_400(bin_client, query):
    assert_problem(bin_client.simulate_get("/trash/", params=query), 400)


def test_a_wrong_id_is_404_and_a_wrong_argument_400(bin_client, uploaded):
    for wrong in ("x", "A" * 64, "..", "0" * 63):
        assert_problem(bin_client.simulate_post(f"/trash/{wrong}/"), 404)
    assert_problem(bin_client.simulate_delete(uploaded, params={"trash": "maybe"}), 400, "trash")
