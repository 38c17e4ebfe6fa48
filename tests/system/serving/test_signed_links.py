"""Accounts, private pictures and signed links on a server as it really runs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from progimage.stores.folder.store import FilesystemStore
from tests.api.signing import TRICKS, spelt
from tests.people import SECRET, headers_of
from tests.system.serving.server import Server, running

PIPELINE = "thumbnail:height=16,width=16.png"


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("links")
    with running(folder, auth_mode="optional", auth_secret=SECRET, log_format="json") as server:
        yield server


@pytest.fixture(scope="module")
def ann(server) -> dict[str, str]:
    """The headers of a client with an account."""
    return headers_of(FilesystemStore(Path(server.store.removeprefix("file://"))), "ann")


@pytest.fixture(scope="module")
def private(server, ann, jpeg) -> str:
    """The path of a picture that only its owner sees."""
    headers = {**ann, "Content-Type": "image/jpeg"}
    answer = server.request("POST", "/images/?visibility=private", jpeg, headers)
    assert answer.status == 201, answer.body[:2000]
    return f"/images/{answer.json['id']}/"


def link_to(server: Server, ann: dict[str, str], path: str, transform: str) -> str:
    """Have a link signed and return what stands behind the host."""
    body = json.dumps({"transform": transform, "expires_in": 600})
    headers = {**ann, "Content-Type": "application/json"}
    answer = server.request("POST", path + "links/", body, headers)
    assert answer.status == 200, answer.body[:2000]
    return re.sub(r"^http://[^/]+", "", answer.json["url"])


def test_a_link_opens_what_only_its_owner_sees(server, ann, private):
    link = link_to(server, ann, private, PIPELINE)
    assert server.get(private + PIPELINE).status == 404
    first, again = server.get(link), server.get(link)
    assert (first.status, again.status) == (200, 200)
    assert first.body == again.body
    assert again.headers["cache-control"] == "private, no-store"
    assert server.get(link.replace("=16,", "=17,")).status == 404
    assert server.get(link[:-1]).status == 404


def test_no_spelling_opens_anything_else(server, ann, private):
    """Bytes as they are on the wire: what a client library would never send."""
    link = link_to(server, ann, private, PIPELINE)
    good, query = server.get(link), link.partition("?")[2]
    for trick in TRICKS:
        target = f"{spelt(trick, private, PIPELINE)}?{query}"
        answer = server.exchange(
            f"GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()
        )
        head, _, body = answer.partition(b"\r\n\r\n")
        status = int(head.split()[1])
        assert b"x-injected" not in head.lower()
        if status == 200 and b"image/" in head:
            assert body == good.body, trick
        else:
            assert status in (400, 404, 405), (trick, head)
            assert b"Traceback" not in body


def test_signatures_and_credentials_stay_out_of_the_log(server, ann, private):
    link = link_to(server, ann, private, PIPELINE)
    server.get(link)
    server.get(link + "x")
    signed = [line for line in server.log_lines("audit") if line["action"] == "link"]
    assert (signed[-1]["path"], signed[-1]["user"]) == (private + PIPELINE, "ann")
    secrets = (link[-20:], ann["Authorization"][-20:], SECRET)
    assert not [secret for secret in secrets if secret in server.log]
