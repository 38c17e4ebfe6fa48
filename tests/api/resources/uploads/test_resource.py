"""The metadata first, the bytes later, all at once."""

from __future__ import annotations

import hashlib

import pytest

from tests.api.conftest import assert_problem, form

FIELDS = {"title": "Cat", "description": "asleep", "tags": ["a", "b"], "visibility": "public"}


def create(client, **fields) -> str:
    """Create an upload and return its path."""
    result = client.simulate_post("/uploads/", json=fields)
    assert result.status_code == 201, result.text[:2000]
    assert result.headers["location"] == f"http://falconframework.org/uploads/{result.json['id']}/"
    return f"/uploads/{result.json['id']}/"


def assert_made(result, data: bytes, status: int = 201) -> None:
    image_id = hashlib.sha256(data).hexdigest()
    assert result.status_code == status, result.text[:2000]
    assert result.headers["location"] == f"http://falconframework.org/images/{image_id}/"
    assert result.json["id"] == image_id
    assert result.json["msg"] == ("ok" if status == 201 else "known")


def put(client, path: str, data: bytes, **headers: str):
    return client.simulate_put(path, body=data, headers=headers)


def post(client, path: str, data: bytes, **headers: str):
    return client.simulate_post(path, **form(("image", data, "dog.jpg")))


@pytest.fixture(params=[put, post], ids=["put", "form"])
def send(request):
    return request.param


def test_the_bytes_become_a_picture_with_the_metadata_sent_before(client, jpeg, send):
    path = create(client, **FIELDS, file_name="cat.jpg")
    result = send(client, path, jpeg)
    assert_made(result, jpeg)
    assert {name: result.json[name] for name in FIELDS} == FIELDS
    assert result.json["file_name"] == "cat.jpg"


def test_a_form_may_name_the_file_if_it_has_no_name_yet(client, jpeg):
    assert post(client, create(client), jpeg).json["file_name"] == "dog.jpg"


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "image/png", "application/x-www-form-urlencoded"]
)
def test_put_takes_the_bytes_whatever_they_are_called(client, jpeg, kind):
    assert_made(put(client, create(client), jpeg, **{"Content-Type": kind}), jpeg)


def test_the_same_bytes_again_change_nothing(client, jpeg, send):
    path = create(client)
    assert_made(send(client, path, jpeg), jpeg)
    assert_made(send(client, path, jpeg), jpeg, status=200)


def test_one_upload_makes_one_picture(client, jpeg, png, send):
    path = create(client)
    send(client, path, jpeg)
    assert_problem(send(client, path, png), 409, "another picture")
    assert client.simulate_get(f"/images/{hashlib.sha256(png).hexdigest()}/").status_code == 404


def test_a_file_that_is_no_picture_is_refused_and_the_upload_stays_open(client, jpeg, send):
    path = create(client)
    assert_problem(send(client, path, b"no picture"), 415)
    assert client.simulate_get(path).json["state"] == "open"
    assert_made(send(client, path, jpeg), jpeg)


def test_an_upload_shows_its_state(client, jpeg):
    path = create(client, **FIELDS, file_name="../cat.jpg", size_bytes=len(jpeg))
    shown = client.simulate_get(path).json
    assert {name: shown[name] for name in FIELDS} == FIELDS
    assert shown["file_name"] == "cat.jpg"
    assert (shown["state"], shown["offset"], shown["size_bytes"]) == ("open", 0, len(jpeg))
    assert (shown["image"], shown["_links"]) == (None, {"self": {"href": path}})
    assert shown["expires"].endswith("Z")

    image_id = put(client, path, jpeg).json["id"]
    shown = client.simulate_get(path).json
    assert (shown["state"], shown["offset"], shown["image"]) == ("finished", len(jpeg), image_id)
    assert shown["_links"]["image"] == {"href": f"/images/{image_id}/"}


def test_other_bytes_than_were_announced_are_refused(client, jpeg):
    path = create(client, size_bytes=len(jpeg) + 1)
    assert_problem(put(client, path, jpeg), 409, f"{len(jpeg) + 1:,}", f"{len(jpeg):,}")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"colour": None}, "colour: no such field"),
        ({"colour": "red"}, "colour: no such field"),
        ({"title": "x" * 201}, "title"),
        ({"visibility": "secret"}, "visibility"),
        ({"file_name": 7}, "file_name: expected a string"),
        ({"size_bytes": "7"}, "size_bytes: expected"),
        ({"size_bytes": True}, "size_bytes: expected"),
        ({"size_bytes": -1}, "size_bytes: expected"),
        ({"size_bytes": 0}, "0 bytes"),
    ],
)
def test_impossible_requests_are_refused_before_any_byte(client, fields, words):
    assert_problem(client.simulate_post("/uploads/", json=fields), 400, words)


def test_a_picture_that_would_be_too_large_is_refused_before_any_byte(client):
    result = client.simulate_post("/uploads/", json={"size_bytes": 2**30 + 1})
    assert_problem(result, 413, "1,073,741,824")


@pytest.mark.parametrize("kind", ["", "text/plain", "multipart/form-data; boundary=x"])
def test_the_metadata_comes_as_json(client, kind):
    headers = {"Content-Type": kind} if kind else {}
    result = client.simulate_post("/uploads/", body=b"{}", headers=headers)
    assert_problem(result, 415, "application/json")


def test_a_form_cannot_say_something_else(client, jpeg):
    result = client.simulate_post(create(client), **form(("image", jpeg, "a"), ("title", "Dog")))
    assert_problem(result, 400, "already sent")


def test_a_form_holds_one_picture(client, jpeg, png):
    result = client.simulate_post(create(client), **form(("image", jpeg, "a"), ("image", png, "b")))
    assert_problem(result, 400, "exactly one")


def test_put_takes_no_parts(client, jpeg):
    result = put(client, create(client), jpeg, **{"Content-Range": "bytes 0-1/2"})
    assert_problem(result, 400, "PATCH")


@pytest.mark.parametrize("upload_id", ["0" * 32, "x", "..", "%2e%2e", "0" * 31 + "%2f", "A" * 32])
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_an_upload_that_is_not_there_is_404(client, method, upload_id):
    result = client.simulate_request(method, f"/uploads/{upload_id}/", body=b"x")
    assert result.status_code == 404


def test_an_upload_can_be_given_up(client, store, jpeg):
    path = create(client)
    assert client.simulate_delete(path).status_code == 204
    assert_problem(client.simulate_get(path), 404)
    assert_problem(put(client, path, jpeg), 404)
    assert list(store.list("")) == []


def test_a_finished_upload_can_be_forgotten_and_its_picture_stays(client, jpeg):
    path = create(client)
    image = f"/images/{put(client, path, jpeg).json['id']}/"
    assert client.simulate_delete(path).status_code == 204
    assert client.simulate_get(path).status_code == 404
    assert client.simulate_get(image).content == jpeg


def test_the_root_leads_here(client):
    links = client.simulate_get("/").json["_links"]
    assert links["uploads"] == {"href": "/uploads/"}
    assert links["upload"] == {"href": "/uploads/{id}/", "templated": True}
