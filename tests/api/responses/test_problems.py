"""The one shape of every error."""

from __future__ import annotations

import pytest

from progimage import errors
from progimage.api.responses import problems
from progimage.errors import ProgImageError
from tests.api.conftest import assert_problem


def families(family: type[ProgImageError]) -> list[type[ProgImageError]]:
    found = [family, *(kind for child in family.__subclasses__() for kind in families(child))]
    return [kind for kind in found if kind.__module__ == errors.__name__]


@pytest.mark.parametrize("family", families(ProgImageError), ids=lambda family: family.__name__)
def test_every_error_has_a_status_of_the_client_or_the_service(family):
    if family in (ProgImageError, errors.ConfigError):
        return
    kind = problems.kind_of(family("what, where, what would work"))
    assert 400 <= kind.status < 500 or kind.status in (502, 503, 504)
    assert kind.retry_after_s is not None or kind.status != 503


# Words of titles, and the statuses whose meaning they are (RFC 9110, section 15).
MEANINGS = {
    "not found": {404},
    "gone": {410},
    "signed in": {401},
    "credentials": {401},
    "too many": {429},
    "timeout": {408, 422, 504},
    "too large": {400, 413},
    "precondition": {412, 428},
    "unsupported": {415},
    "overloaded": {503},
}


@pytest.mark.parametrize("family", families(ProgImageError), ids=lambda family: family.__name__)
def test_a_title_fits_its_status_and_its_subject(family):
    kind = problems.kind_of(family("x")) if family in problems.KINDS else None
    if kind is None:
        return
    title = kind.title.lower()
    for words, statuses in MEANINGS.items():
        assert words not in title or kind.status in statuses
    is_about_pictures = issubclass(family, errors.PictureError | errors.DownloadFailed)
    assert is_about_pictures or "picture" not in title


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/"),
        ("POST", "/jobs/"),
        ("POST", "/albums/"),
        ("POST", "/uploads/"),
        ("PATCH", "/images/"),
    ],
)
def test_a_long_json_body_is_a_request_too_large(client, method, path):
    body = b'{"title": "' + b"x" * 40_000_000 + b'"}'
    headers = {"Content-Type": "application/json"}
    result = client.simulate_request(method, path, body=body, headers=headers)
    assert_problem(result, 413)
    assert result.json["title"] == "Request too large"
    assert result.json["type"] == "urn:progimage:problem:request-too-large"


def test_an_unexpected_error_reveals_nothing(client, store, monkeypatch, uploaded):
    def broken(*_):
        raise RuntimeError("/srv/secret: password=hunter2")

    monkeypatch.setattr(store, "open", broken)
    result = client.simulate_get(uploaded)
    assert_problem(result, 500)
    assert "secret" not in result.text
    assert "Traceback" not in result.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing/here", 404),
        ("PUT", "/images/", 405),
        ("POST", "/transforms/", 405),
        ("PATCH", f"/images/{'0' * 64}/", 405),
        ("GET", "/images/%2e%2e/%2e%2e/etc/passwd", 404),
    ],
)
def test_an_unknown_path_has_the_same_error_shape(client, method, path, status):
    assert_problem(client.simulate_request(method, path), status)


@pytest.mark.parametrize("query", ["%ff=1", "&".join("a=1" for _ in range(101))])
def test_a_query_we_cannot_read_is_400(client, uploaded, query):
    assert_problem(client.simulate_get(uploaded + "blur", query_string=query), 400, "query")


def test_every_answer_has_a_request_id_and_takes_over_a_valid_one(client):
    drawn = client.simulate_get("/").headers["x-request-id"]
    valid = client.simulate_get("/", headers={"X-Request-Id": "trace-7"}).headers["x-request-id"]
    invalid = client.simulate_get("/", headers={"X-Request-Id": "a b"}).headers["x-request-id"]
    assert valid == "trace-7"
    assert len({drawn, valid, invalid}) == 3
