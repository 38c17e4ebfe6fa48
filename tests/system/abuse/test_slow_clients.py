"""Slow clients cost others nothing, directly and through nginx, and the server recovers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.imaging.drawing import saved
from tests.system.abuse.bounds import PATIENCE_S, assert_withstands, work_s
from tests.system.abuse.slow_clients import Trickle, attacking, head, post, put_to_an_upload
from tests.system.nginx.front import Front, host_port, in_front
from tests.system.serving.server import Peer, Server

# So many requests on one connection that their answers fill every buffer on the way.
_FOR_READERS = 20
LARGE = "resize:w=320.png"
# More than all threads of the server: two processes with `server.threads` each.
_MANY = 300


@pytest.fixture(scope="module")
def front(server, tmp_path_factory) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp("front")
    store = Path(server.store.removeprefix("file://"))
    with in_front(folder, store, host_port(server)) as front:
        yield front


@pytest.fixture(scope="module")
def original(server) -> str:
    """The path of an original of 5 MB, with a cached rendition of 300 KB."""
    noise = Image.frombytes("RGB", (1290, 1290), os.urandom(1290 * 1290 * 3))
    path = server.upload(saved(noise, "BMP"))
    assert server.get(path + LARGE).status == 200
    return path


@pytest.fixture(scope="module")
def described(server) -> None:
    """A library of pictures with long descriptions."""
    for number in range(40):
        path = f"/images/?title={number}&description={'x' * 1_500}"
        data = saved(Image.new("RGB", (8, 8 + number)), "PNG")
        answer = server.request("POST", path, data, {"Content-Type": "image/png"})
        assert answer.status == 201, answer.body[:2000]


def slow_bodies(path: str) -> Trickle:
    return Trickle(_MANY, post(path, 5_000) + b'{"a', b" ")


BODIES: dict[str, Callable[[Peer], Trickle]] = {
    "JSON bodies for uploads": lambda _: slow_bodies("/uploads/"),
    "JSON bodies for sign-ins": lambda _: slow_bodies("/tokens/"),
    "long bodies": lambda _: Trickle(_MANY, post("/images/", 10**6, "image/png") + b"x", b"x"),
    "a resumable upload": lambda peer: Trickle(30, put_to_an_upload(peer) + b"x", b"x"),
    "heads that never end": lambda _: Trickle(_MANY, b"GET / HTTP/1.1\r\nX-A: ", b"a"),
}


@pytest.mark.parametrize("attack", BODIES)
def test_slow_senders_cost_others_nothing(server, hit, attack):
    assert_withstands(server, hit, attacking(server, BODIES[attack](server)))


@pytest.mark.parametrize("attack", BODIES)
def test_slow_senders_cost_others_nothing_behind_nginx(server, hit, front, attack):
    assert_withstands(server, hit, attacking(front, BODIES[attack](front)), front)


def test_slow_uploads_of_several_clients_give_places_to_others(server):
    """They send faster than the least rate, and hold all places for uploads."""
    begin = post("/images/", 10**7, "image/png") + bytes.fromhex("89504e470d0a1a0a")
    with attacking(server, Trickle(48, begin, b"x" * 1_000, addresses=8)):
        assert work_s(server) < PATIENCE_S


def test_silent_connections_cost_others_nothing(server, hit):
    assert_withstands(server, hit, attacking(server, Trickle(2_060, b"", addresses=6)))


READERS: dict[str, Callable[[str], bytes]] = {
    "a rendition": lambda original: head("GET", original + LARGE),
    "an original": lambda original: head("GET", original),
    "all records": lambda _: head("GET", "/images/", "Accept: application/x-ndjson"),
}


@pytest.mark.usefixtures("described")
@pytest.mark.parametrize("attack", READERS)
def test_readers_that_take_nothing_cost_others_nothing(
    server: Server, hit: str, original: str, attack: str
):
    begin = READERS[attack](original) * _FOR_READERS
    assert_withstands(server, hit, attacking(server, Trickle(_MANY, begin, reads_nothing=True)))
