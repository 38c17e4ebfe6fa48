"""If-Match and If-Unmodified-Since stop requests for another version, by every method."""

from __future__ import annotations

import pytest

from tests.api.conftest import upload

PAST, FUTURE = "Mon, 01 Jan 2001 00:00:00 GMT", "Tue, 01 Jan 2999 00:00:00 GMT"

FAIL = [
    {"If-Match": '"other"'},
    {"If-Match": 'W/"{etag}"'},
    {"If-Match": ""},
    {"If-Match": '"other", "another"', "If-Unmodified-Since": FUTURE},
]
HOLD = [
    {},
    {"If-Match": '"{etag}"'},
    {"If-Match": '"other", "{etag}"'},
    {"If-Match": "*"},
    {"If-Match": '"{etag}"', "If-Unmodified-Since": PAST},
    {"If-Unmodified-Since": FUTURE},
    {"If-Unmodified-Since": "no date"},
    {"If-Unmodified-Since": "9" * 100_000},
]


def filled(headers: dict[str, str], etag: str) -> dict[str, str]:
    return {name: value.replace("{etag}", etag) for name, value in headers.items()}


@pytest.fixture(params=["original", "rendition"])
def path(request, client, jpeg) -> str:
    path = upload(client, jpeg)
    return path if request.param == "original" else f"{path}thumbnail.png"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("condition", FAIL)
@pytest.mark.parametrize("extra", [{}, {"Range": "bytes=0-9"}, {"If-None-Match": "*"}])
def test_a_read_of_another_version_is_412(client, path, method, condition, extra):
    etag = client.simulate_get(path).headers["etag"].strip('"')
    headers = {**filled(condition, etag), **extra}
    assert client.simulate_request(method, path, headers=headers).status_code == 412


@pytest.mark.parametrize("condition", HOLD)
def test_a_read_of_this_version_is_answered(client, path, condition):
    etag = client.simulate_get(path).headers["etag"].strip('"')
    headers = filled(condition, etag)
    assert client.simulate_get(path, headers=headers).status_code == 200
    ranged = client.simulate_get(path, headers={**headers, "Range": "bytes=0-9"})
    assert ranged.status_code == 206


def test_an_original_that_was_stored_since_is_412(client, jpeg):
    path = upload(client, jpeg)
    headers = {"If-Unmodified-Since": PAST}
    assert client.simulate_get(path, headers=headers).status_code == 412
    assert client.simulate_delete(path, headers=headers).status_code == 412


@pytest.mark.parametrize("condition", FAIL)
def test_a_picture_of_another_version_is_not_removed(client, jpeg, condition):
    path = upload(client, jpeg)
    etag = client.simulate_get(path).headers["etag"].strip('"')
    answer = client.simulate_delete(path, headers=filled(condition, etag))
    assert answer.status_code == 412
    assert client.simulate_get(path).content == jpeg


@pytest.mark.parametrize("condition", HOLD)
def test_a_picture_of_this_version_is_removed(client, jpeg, condition):
    path = upload(client, jpeg)
    etag = client.simulate_get(path).headers["etag"].strip('"')
    assert client.simulate_delete(path, headers=filled(condition, etag)).status_code == 204
    assert client.simulate_get(path).status_code == 404
