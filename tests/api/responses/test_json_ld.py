"""Documents as JSON-LD or as plain JSON."""

from __future__ import annotations

import json

import falcon
import pytest
from falcon import testing

from progimage.api.responses.json_ld import send_json_ld

DOCUMENT = {"@context": "http://example.org/context.json", "name": "Bødø"}
PROFILED = 'application/ld+json;profile="http://example.org/context.json"'


def sent(accept: str | None, *, is_default: bool = True, **headers: str) -> falcon.Response:
    headers = {**headers, **({"Accept": accept} if accept else {})}
    resp = falcon.Response()
    send_json_ld(testing.create_req(headers=headers), resp, DOCUMENT, is_default=is_default)
    return resp


@pytest.mark.parametrize(
    ("accept", "is_default", "media_type"),
    [
        (None, True, PROFILED),
        (None, False, "application/json"),
        ("application/json", True, "application/json"),
        ("application/ld+json", False, "application/ld+json"),
        ("text/html", True, PROFILED),
    ],
)
def test_the_client_chooses_and_otherwise_the_default_is_sent(accept, is_default, media_type):
    resp = sent(accept, is_default=is_default)
    assert resp.content_type == media_type
    assert resp.get_header("Vary") == "Accept"
    assert json.loads(resp.data) == DOCUMENT


def test_a_client_that_has_it_gets_304():
    etag = sent(None).get_header("ETag")
    again = sent(None, **{"If-None-Match": etag})
    assert (again.status[:3], again.data) == ("304", None)
