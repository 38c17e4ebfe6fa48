"""Which answers are compressed, and that they are the same afterwards."""

from __future__ import annotations

import gzip
import json
import zlib

import pytest

from progimage.api.middleware.compression import Compressed, accepts_gzip
from tests.api.signing import keep
from tests.people import AUTH, headers_of

GZIP = {"Accept-Encoding": "gzip, br"}


def test_a_long_answer_is_compressed_for_those_who_accept_it(client, uploaded):
    plain = client.simulate_get("/images/")
    packed = client.simulate_get("/images/", headers=GZIP)
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.content) == plain.content
    assert int(packed.headers["content-length"]) == len(packed.content) < len(plain.content)
    for answer in (plain, packed):
        assert answer.headers["vary"] == "Accept, Authorization, Accept-Encoding"
    head = client.simulate_head("/images/", headers=GZIP)
    assert head.headers["content-length"] == packed.headers["content-length"]


def test_records_by_lines_are_compressed_as_they_come(client, uploaded):
    headers = {"Accept": "application/x-ndjson", **GZIP}
    packed = client.simulate_get("/images/", headers=headers)
    assert packed.headers["content-encoding"] == "gzip"
    [line] = gzip.decompress(packed.content).splitlines()
    assert json.loads(line)["id"] == uploaded.split("/")[2]
    assert packed.content.startswith(b"\x1f\x8b")


def test_the_first_piece_can_be_read_before_the_second_is_there():
    pieces = iter(Compressed(iter([b"first\n", b"second\n"])))
    reader = zlib.decompressobj(wbits=31)
    assert reader.decompress(next(pieces)) == b"first\n"
    assert reader.decompress(b"".join(pieces)) == b"second\n"


def test_short_answers_are_sent_as_they_are(client):
    answer = client.simulate_get("/images/", headers=GZIP)
    assert "content-encoding" not in answer.headers
    assert answer.headers["vary"] == "Accept, Authorization"


def test_a_record_keeps_its_strong_etag_and_its_bytes(client, uploaded):
    path = f"{uploaded}metadata/"
    answer = client.simulate_get(path, headers=GZIP)
    assert answer.content == client.simulate_get(path).content
    assert not answer.headers["etag"].startswith("W/")
    edit = {"If-Match": answer.headers["etag"]}
    assert client.simulate_patch(path, json={"title": "Boat"}, headers=edit).status_code == 200


def test_pictures_are_not_compressed(client, uploaded):
    for path in (uploaded, f"{uploaded}resize:w=20.png"):
        assert "content-encoding" not in client.simulate_get(path, headers=GZIP).headers


def test_answers_with_secrets_are_not_compressed(make_client, store):
    client = make_client(auth=AUTH)
    ann = {**headers_of(store, "ann"), **GZIP}
    private = keep(store)
    links = client.simulate_post(f"{private}links/", json={}, headers=ann)
    html = client.simulate_get(f"{private}srcset", headers=ann)
    album = client.simulate_post("/albums/", json={"title": "A" * 100}, headers=ann).json["id"]
    add = {"add": [private.split("/")[2]]}
    client.simulate_patch(f"/albums/{album}/images/", json=add, headers=ann)
    url = client.simulate_post(f"/albums/{album}/links/", json={}, headers=ann).json["url"]
    query = url.partition("?")[2]
    shown = client.simulate_get(f"/albums/{album}/images/", query_string=query, headers=GZIP)
    assert len(html.content) > 1_000
    assert "sig=" in shown.text
    for answer in (links, html, shown):
        assert answer.status_code in (200, 201)
        assert "content-encoding" not in answer.headers


@pytest.mark.parametrize(
    ("header", "is_accepted"),
    [
        (None, False),
        ("", False),
        ("br", False),
        ("gzip", True),
        ("br;q=1, GZIP;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip;q=x", False),
        ("x-gzip", True),
    ],
)
def test_accept_encoding_is_read(header, is_accepted):
    assert accepts_gzip(header) is is_accepted
