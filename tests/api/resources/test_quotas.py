"""Quotas over HTTP: rejected uploads, and what accounts and administrators see."""

from __future__ import annotations

import base64

import pytest

from tests.api.conftest import assert_problem, form
from tests.people import AUTH, headers_of

KIND = {"Content-Type": "application/octet-stream"}


@pytest.fixture
def client(make_client):
    return make_client(auth=AUTH, quota={"enabled": True, "max_pictures": 1})


@pytest.fixture
def ann(store) -> dict[str, str]:
    return headers_of(store, "ann")


def send(client, data: bytes, headers: dict[str, str]):
    return client.simulate_post("/images/", body=data, headers={**headers, **KIND})


def quota_of(client, headers: dict[str, str]) -> dict[str, int] | None:
    return client.simulate_get("/users/me/", headers=headers).json["quota"]


def test_an_upload_beyond_the_quota_is_403_with_the_use_and_a_way_out(client, ann, jpeg, png):
    assert send(client, jpeg, ann).status_code == 201
    rejected = send(client, png, ann)
    assert_problem(rejected, 403, "may have 1 pictures", f"{len(jpeg):,}", "delete pictures")
    assert rejected.json["type"] == "urn:progimage:problem:quota-exceeded"
    assert send(client, jpeg, ann).status_code == 200
    expected = {"pictures": 1, "size_bytes": len(jpeg), "max_pictures": 1, "max_size_bytes": 0}
    assert quota_of(client, ann) == expected
    picture = send(client, jpeg, ann).json["id"]
    assert client.simulate_delete(f"/images/{picture}/", headers=ann).status_code == 204
    assert send(client, png, ann).status_code == 201


def test_every_kind_of_upload_is_counted(client, ann, jpeg, png):
    parts = form(("image", jpeg, "a.jpg"), ("image", png, "b.png"))
    headers = {**ann, **parts["headers"]}
    many = client.simulate_post("/images/", body=parts["body"], headers=headers)
    assert [picture["status"] for picture in many.json["images"]] == [201, 403]
    text = base64.b64encode(png).decode()
    assert_problem(client.simulate_post("/", json={"data": text}, headers=ann), 403, "may have")
    tus = {**ann, "Tus-Resumable": "1.0.0", "Upload-Length": "70"}
    assert_problem(client.simulate_post("/uploads/", headers=tus), 403, "may have")
    body = {"size_bytes": 70}
    assert_problem(client.simulate_post("/uploads/", json=body, headers=ann), 403, "may have")


def test_a_picture_that_is_rejected_for_another_reason_is_not_counted(client, ann, jpeg):
    assert send(client, b"not a picture", ann).status_code == 415
    assert quota_of(client, ann)["pictures"] == 0
    assert send(client, jpeg, ann).status_code == 201


def test_administrators_see_and_set_quotas(client, store, ann, jpeg, png):
    chief = headers_of(store, "chief", is_admin=True)
    send(client, jpeg, ann)
    path = "/users/ann/quota/"
    for headers, status in (({}, 401), (ann, 403)):
        assert client.simulate_get(path, headers=headers).status_code == status
        result = client.simulate_put(path, json={"max_pictures": 9}, headers=headers)
        assert result.status_code == status
    body = {"max_pictures": 2, "max_size_bytes": 10**9}
    result = client.simulate_put(path, json=body, headers=chief)
    assert result.json == {**body, "pictures": 1, "size_bytes": len(jpeg)}
    assert result.headers["cache-control"] == "private, no-store"
    assert client.simulate_get(path, headers=chief).json == result.json
    assert send(client, png, ann).status_code == 201
    assert_problem(client.simulate_get("/users/ben/quota/", headers=chief), 404)
    for wrong in (
        {"max_pictures": -1},
        {"max_size_bytes": 1.5},
        {"max_size_bytes": "1"},
        {"pictures": 1},
    ):
        assert_problem(client.simulate_put(path, json=wrong, headers=chief), 400)


def test_without_quotas_there_is_nothing_to_see(make_client, store, ann, jpeg):
    client = make_client(auth=AUTH)
    send(client, jpeg, ann)
    assert quota_of(client, ann) is None
    chief = headers_of(store, "chief", is_admin=True)
    assert_problem(client.simulate_get("/users/ann/quota/", headers=chief), 404, "quota.enabled")
    assert not list(store.list("usage/"))
