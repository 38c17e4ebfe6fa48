"""Texts that cost much to read hold no interpreter, wherever text comes in."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from tests.system.abuse.bounds import assert_withstands, attacker, repeated
from tests.system.serving.server import Answer, Server, answer_of

# Normalising combining marks in the wrong order takes quadratic time.
_MARKS = "a" + "\u0345" * 140_000 + "\u0334" * 140_000
# As much as fits into the head of a request.
_SHORT_MARKS = quote("a" + "\u0345" * 600 + "\u0334" * 600)

BODIES = {
    "words": {"images": {"q": _MARKS}, "transforms": ["thumbnail.webp"]},
    "a tag": {"images": {"tag": _MARKS}, "transforms": ["thumbnail.webp"]},
    "tags": {"images": {"tags_any": [_MARKS]}, "transforms": ["thumbnail.webp"]},
    "a watermark": {"images": {"q": "a"}, "transforms": [f"watermark:text={_MARKS}.webp"]},
}
PATHS = [f"/images/?q={_SHORT_MARKS}", f"/images/?tag={_SHORT_MARKS}", f"/tags/?q={_SHORT_MARKS}"]
CONDITIONS = ("If-None-Match", "If-Match", "If-Range", "Range")


def ask(server: Server, method: str, path: str, body: str = "", **headers: str) -> Answer:
    connection = attacker(server)
    try:
        connection.request(method, path, body or None, headers)
        return answer_of(connection)
    finally:
        connection.close()


@pytest.mark.parametrize("where", BODIES)
def test_long_texts_in_bodies(server, hit, where):
    body, kind = json.dumps(BODIES[where]), {"Content-Type": "application/json"}

    def send() -> None:
        assert ask(server, "POST", "/jobs/", body, **kind).status in (400, 429)

    assert_withstands(server, hit, repeated(send, every_s=0.1, threads=2))


def test_long_texts_in_addresses_and_headers(server, hit):
    def send() -> None:
        for path in PATHS:
            assert ask(server, "GET", path).status < 500
        for name in CONDITIONS:
            assert ask(server, "GET", hit, **{name: "," + " " * 8_000 + "x"}).status < 500

    assert_withstands(server, hit, repeated(send, every_s=0.1, threads=2))
