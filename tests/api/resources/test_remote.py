"""Pictures that a request names by URL: stored, transformed, or why not."""

from __future__ import annotations

import hashlib
from urllib.parse import quote

import pytest

from tests.api.conftest import assert_problem, opened
from tests.ingest.download.servers import answer, serving

PRIVATE = {"download": {"allow_private": True}}


@pytest.fixture
def url(jpeg):
    with serving(answer(jpeg)) as server:
        yield f"http://127.0.0.1:{server.port}/a/harbour.jpg?x=1"


def test_a_picture_at_a_url_is_stored_with_the_sent_metadata(make_client, url, jpeg):
    sent = {"url": url, "title": "Harbour", "tags": ["sea"]}
    result = make_client(**PRIVATE).simulate_post("/images/", json=sent)
    assert result.status_code == 201, result.text[:2000]
    assert result.json["id"] == hashlib.sha256(jpeg).hexdigest()
    shown = (result.json["file_name"], result.json["title"], result.json["tags"])
    assert shown == ("harbour.jpg", "Harbour", ["sea"])


def test_a_file_name_may_be_given_too(make_client, url):
    sent = {"url": url, "file_name": "quay.jpg"}
    assert (
        make_client(**PRIVATE).simulate_post("/images/", json=sent).json["file_name"] == "quay.jpg"
    )


@pytest.mark.parametrize(
    ("sent", "word"),
    [
        ({"url": "http://example.com/", "data": "AAAA"}, "expected the picture's bytes"),
        ({"title": "x"}, "expected the picture's bytes"),
        ({"url": 7}, "url: expected"),
        ({"url": None}, "expected the picture's bytes"),
        ({"url": "ftp://example.com/"}, "http"),
        ({"url": "http://127.0.0.1/"}, "no public address"),
        ({"url": "http://example.com/", "titel": "x"}, "titel"),
    ],
)
def test_a_url_that_may_not_be_fetched_is_400(client, store, sent, word):
    assert_problem(client.simulate_post("/images/", json=sent), 400, word)
    assert list(store.list("")) == []


def test_a_url_that_gave_no_picture_is_502_and_says_whether_it_might(make_client, store):
    def post(sent: bytes):
        with serving(sent) as server:
            json = {"url": f"http://127.0.0.1:{server.port}/"}
            return make_client(**PRIVATE).simulate_post("/images/", json=json)

    busy = post(answer(b"secret", "Retry-After: 7", status="503 Busy"))
    assert_problem(busy, 502, "answered 503")
    assert busy.json["retryable"] is True
    assert busy.headers["retry-after"] == "7"
    gone = post(answer(b"secret", status="404 Not Found"))
    assert_problem(gone, 502, "answered 404")
    assert gone.json["retryable"] is False
    assert "secret" not in busy.text + gone.text
    assert_problem(post(answer(b"<html>", "Content-Type: image/jpeg")), 415)
    assert_problem(post(answer(b"")), 400, "no bytes")
    assert list(store.list("")) == []


def test_a_picture_at_a_url_is_too_large_like_any_other(make_client, url):
    settings = {**PRIVATE, "upload": {"max_bytes": 1024}}
    with serving(answer(b"x" * 1025)) as server:
        sent = {"url": f"http://127.0.0.1:{server.port}/"}
        assert_problem(make_client(**settings).simulate_post("/images/", json=sent), 413)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_picture_at_a_url_is_transformed_and_nothing_is_stored(make_client, store, url, method):
    result = make_client(**PRIVATE).simulate_request(
        method, "/on_demand/thumbnail.webp", query_string=f"w=12&h=12&url={quote(url, safe='')}"
    )
    assert opened(result).size == (12, 8)
    assert result.headers["content-type"] == "image/webp"
    assert result.headers["cache-control"] == "private, no-store"
    assert list(store.list("")) == []


@pytest.mark.parametrize("query", ["", "url=a&url=b", "w=10"])
def test_a_transform_of_a_url_needs_one(client, query):
    assert_problem(client.simulate_get("/on_demand/thumbnail", query_string=query), 400, "url")


@pytest.mark.parametrize("via", ["1.1 progimage", "1.1 proxy, 1.1 progimage, 2.0 cdn (x)"])
def test_a_transform_may_not_ask_this_service_for_another(client, via):
    result = client.simulate_get(
        "/on_demand/thumbnail",
        query_string="url=https%3A%2F%2Fexample.com%2F",
        headers={"Via": via},
    )
    assert_problem(result, 400, "may not request another")


def test_a_proxy_that_is_only_named_like_this_service_is_no_matter(make_client, url):
    result = make_client(**PRIVATE).simulate_get(
        "/on_demand/thumbnail",
        query_string=f"url={quote(url, safe='')}",
        headers={"Via": "1.1 progimage.example.com"},
    )
    assert result.status_code == 200
