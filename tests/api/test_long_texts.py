"""Lengths are checked before any work on a text: such work can take time by its square."""

from __future__ import annotations

import base64
import json
import unicodedata

import pytest

from progimage.access.accounts.names import MAX_PASSWORD
from progimage.fields import MAX_DESCRIPTION
from tests.people import AUTH, PASSWORD

# Each mark has a class of its own, so that normalising has to sort them.
MARKS = "a" + "\u0345" * 70_000 + "\u0334" * 70_000
WATERMARK = "watermark:text=~" + base64.urlsafe_b64encode(MARKS.encode()).decode().rstrip("=")


@pytest.fixture(autouse=True)
def only_short_texts_are_normalised(monkeypatch):
    normalize = unicodedata.normalize

    def checked(form, text):
        assert len(text) <= 8 * MAX_PASSWORD or len(text) <= MAX_DESCRIPTION
        return normalize(form, text)

    monkeypatch.setattr(unicodedata, "normalize", checked)


@pytest.mark.parametrize(
    "body",
    [
        {"images": {"q": MARKS}, "transforms": ["thumbnail.webp"]},
        {"images": {"tag": MARKS}, "transforms": ["thumbnail.webp"]},
        {"images": {"tags_any": [MARKS]}, "transforms": ["thumbnail.webp"]},
        {"images": {"tags_all": ["a", MARKS]}, "transforms": ["thumbnail.webp"]},
        {"images": {"owner": MARKS}, "transforms": ["thumbnail.webp"]},
        {"images": {"created_after": MARKS}, "transforms": ["thumbnail.webp"]},
        {"images": ["0" * 64], "transforms": [WATERMARK]},
        {"images": ["0" * 64], "transforms": [MARKS]},
        {"urls": ["http://a/b"], "title": MARKS},
        {"urls": ["http://a/b"], "description": MARKS},
        {"urls": ["http://a/b"], "tags": [MARKS]},
        {"urls": ["http://a/b"], "album": MARKS},
        {"urls": ["http://a/b"], MARKS: 1},
        {"urls": ["http://a/b"], **{f"field{n}": 1 for n in range(5_000)}},
    ],
    ids=lambda body: next(iter(json.dumps(body)[:60].split("a"))),
)
def test_a_job_with_a_long_text_is_refused_before_the_text_is_normalised(client, body):
    answer = client.simulate_post("/jobs/", json=body)
    assert answer.status_code == 400
    assert len(answer.text) < 1_000


@pytest.mark.parametrize("name", ["q", "tag", "tags_any", "tags_all"])
def test_a_search_for_a_long_text_is_refused(client, name):
    answer = client.simulate_get("/images/", params={name: "\u0345" * 2_001})
    assert answer.status_code == 400
    assert "expected" in answer.json["detail"]


def test_a_long_url_in_a_job_fails_alone(client):
    answer = client.simulate_post("/jobs/", json={"urls": [MARKS]})
    assert answer.status_code == 202
    assert len(answer.text) < 2_000


@pytest.mark.parametrize("field", ["username", "password"])
def test_a_sign_in_with_a_long_text_is_refused(make_client, field):
    sent = {"username": "nobody", "password": PASSWORD, field: "\u0345" * 2_600}
    anybody = make_client(auth=AUTH)
    assert anybody.simulate_post("/tokens/", json=sent).status_code in (400, 401)


@pytest.mark.parametrize("body", ["{}," * 200_001, "[" * 200_001, '{"a":' * 200_001])
@pytest.mark.parametrize("path", ["/jobs/", "/images/"])
def test_json_of_too_many_values_is_refused_before_the_values_exist(client, body, path):
    answer = client.simulate_post(path, body=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert "200,000 values" in answer.json["detail"]
