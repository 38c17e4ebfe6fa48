"""A byte that changes on its way to or from an S3 server, or in it, is noticed."""

from __future__ import annotations

import base64
import hashlib
import io
import socket
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import pytest

from progimage.errors import StoreUnavailable
from progimage.stores import ABSENT, ObjectStore, Verifiable, open_raw
from tests.stores.contract import get, put
from tests.stores.s3server import App, s3_server, store_url

SMALL, LARGE = bytes(range(256)) * 100, bytes(range(256)) * 24_000


class Network:
    """Stands before a server, which compares Content-MD5 as S3 does; flips bytes on demand."""

    def __init__(self) -> None:
        self.flips_requests = False
        self.flips_answers = False
        self.answers_html = False
        self.cuts_answers = False

    def before(self, app: App) -> App:
        def forward(environ: dict[str, Any], respond: Any) -> Iterable[bytes]:
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            if self.answers_html:
                respond("200 OK", [("Content-Type", "text/html"), ("Content-Length", "6")])
                return [b"<html>"]
            if body and self.flips_requests:
                body = flipped(body)
            promised = environ.get("HTTP_CONTENT_MD5")
            if promised and base64.b64decode(promised) != hashlib.md5(body).digest():  # noqa: S324
                respond("400 Bad Request", [("Content-Type", "application/xml")])
                return [b"<Error><Code>BadDigest</Code></Error>"]
            environ["wsgi.input"] = io.BytesIO(body)
            if environ["REQUEST_METHOD"] == "GET" and self.cuts_answers:
                return cut(app(environ, respond), environ["werkzeug.socket"])
            if environ["REQUEST_METHOD"] != "GET" or not self.flips_answers:
                return app(environ, respond)
            return [flipped(b"".join(app(environ, respond)))]

        return forward


def cut(body: Iterable[bytes], connection: socket.socket) -> Iterator[bytes]:
    """Yield the first half of an answer, and end its connection."""
    data = b"".join(body)
    yield data[: len(data) // 2]
    connection.shutdown(socket.SHUT_RDWR)


def flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


@pytest.fixture(scope="module")
def served(aws_credentials: None) -> Iterator[tuple[Network, ObjectStore]]:
    network = Network()
    with s3_server(network.before) as endpoint:
        yield network, open_raw(store_url(endpoint, "checked"))


@pytest.fixture
def network(served) -> Iterator[Network]:
    yield served[0]
    served[0].flips_requests = served[0].flips_answers = served[0].answers_html = False
    served[0].cuts_answers = False


@pytest.fixture
def store(served, network) -> ObjectStore:
    store = served[1]
    for stat in store.list(""):
        store.delete(stat.key)
    return store


@pytest.mark.parametrize("body", [SMALL, LARGE], ids=len)
@pytest.mark.parametrize("expect", [None, ABSENT])
def test_bytes_that_change_on_the_way_in_are_not_stored(network, store, body, expect):
    network.flips_requests = True
    with pytest.raises(StoreUnavailable, match="damaged on its way"):
        put(store, "key", body, expect)
    network.flips_requests = False
    assert list(store.list("")) == []


@pytest.mark.parametrize("body", [SMALL, LARGE], ids=len)
def test_bytes_that_change_on_the_way_out_end_the_read(network, store, body):
    put(store, "key", body)
    network.flips_answers = True
    with pytest.raises(StoreUnavailable, match="damaged"):
        get(store, "key")
    with store.open("key") as reader:
        reader.read(len(body) - 1)
        with pytest.raises(StoreUnavailable, match="damaged"):
            reader.read(1)
    network.flips_answers = False
    assert get(store, "key") == body


@pytest.mark.parametrize("start", [0, 2], ids=["whole", "a range"])
@pytest.mark.parametrize("body", [SMALL, LARGE], ids=len)
def test_an_object_that_ends_early_is_no_shorter_object(network, store, body, start):
    put(store, "key", body)
    network.cuts_answers = True
    with (
        store.open("key", start) as reader,
        pytest.raises(StoreUnavailable, match="middle of an object"),
    ):
        reader.read(len(body) - start)
    with store.open("key", start) as reader, pytest.raises(StoreUnavailable):
        list(iter(partial(reader.read, 10_000), b""))


def test_a_small_object_is_compared_before_it_is_used(network, store):
    put(store, "key", SMALL)
    network.flips_answers = True
    with store.open("key") as reader:
        assert isinstance(reader, Verifiable)
        assert not reader.verify()
    network.flips_answers = False
    with store.open("key") as reader:
        assert reader.verify()
        assert reader.read(5) + reader.read() == SMALL


def test_an_object_of_another_program_has_nothing_to_compare_with(network, store):
    client, bucket = store.bucket.client, store.bucket
    client.put_object(Bucket=bucket.name, Key=bucket.prefix + "key", Body=SMALL)
    network.flips_answers = True
    with store.open("key") as reader:
        assert reader.verify()
        assert reader.read() == flipped(SMALL)


def test_a_range_is_read_without_comparing(network, store):
    put(store, "key", SMALL)
    assert get(store, "key", 5, 7) == SMALL[5:12]


def test_200_with_a_page_of_html_is_an_unavailable_store(network, store):
    """As a proxy or a portal before the server answers."""
    put(store, "key", SMALL)
    network.answers_html = True
    for call in (
        lambda: put(store, "key", SMALL),
        lambda: put(store, "new", SMALL, ABSENT),
        lambda: store.open("key"),
        lambda: store.stat("key"),
        lambda: list(store.list("")),
    ):
        with pytest.raises(StoreUnavailable):
            call()
