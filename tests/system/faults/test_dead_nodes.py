"""A node is killed in the middle of everything, and another goes on."""

from __future__ import annotations

import hashlib
import json
import os
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import pytest

from progimage.stores import open_store
from tests.jobs.source import source
from tests.people import SECRET, headers_of
from tests.system.faults.mixed_load import OWNER, RENDITION, TAGS, MixedLoad, Picture, mixed_load
from tests.system.faults.nodes import (
    JSON,
    assert_only_leftovers,
    completed,
    created,
    drawn,
    listed,
)
from tests.system.s3.real import REAL_SERVER, real_url
from tests.system.serving.network import network
from tests.system.serving.server import Server, kill, read_all, wait_until

pytestmark = [
    pytest.mark.skipif(
        not os.environ.get(REAL_SERVER), reason="make test-faults starts a real server"
    ),
    pytest.mark.timeout(480),
]

SETTINGS = {
    "auth_mode": "optional",
    "auth_secret": SECRET,
    "download_allow_private": "true",
    "jobs_lease_s": 5,
    "jobs_poll_s": 0.2,
    "jobs_host_pause_s": 0.05,
    "render_timeout_s": 100,
    "render_wall_timeout_s": 600,
    "limits_max_steps": 100,
    "transforms_cold_per_minute": 0,
}

# No request of the load takes more than a fraction of a second on a machine that is free.
DEADLINE_S = 30

# Fewer than the renders that one client may have waiting.
AT_ONCE = 4

ITEMS = 120  # in two parts, so that both nodes may have one

# So many seconds of work that an orphan of it would be seen: more than twice as many as GONE_S.
LONG = f"resize:w=6000,h=6000,fit=fill,enlarge=true/{'/'.join(f'blur:{n}' for n in range(50, 98))}"
GONE_S = 20
# Long enough to be met in its middle.
SHORT = "resize:w=2000,h=2000,fit=fill,enlarge=true/blur:80/blur:81"


class Node(Server):
    """A server whose way to the store can be slowed down."""

    def __init__(self, folder: Path, url: str) -> None:
        port = int(os.environ["RGW_PORT"])
        self._network = network(("127.0.0.1", port))
        self.network = self._network.__enter__()
        super().__init__(folder, url.replace(f"127.0.0.1:{port}", self.network.address), **SETTINGS)

    def start(self) -> Self:
        """Start with a network that delays nothing."""
        self.network.delay_s = 0.0
        return super().start()

    def close(self) -> None:
        super().close()
        self._network.__exit__(None, None, None)


@pytest.fixture(scope="module")
def url() -> str:
    url = real_url()
    assert url
    return url


@pytest.fixture(scope="module")
def both(tmp_path_factory, url) -> Iterator[list[Node]]:
    """Two nodes over one bucket."""
    folder = tmp_path_factory.mktemp("nodes")
    with ExitStack() as stack:
        servers = []
        for name in "ab":
            server = Node(folder / name, url)
            stack.callback(server.close)
            servers.append(server.start())
        yield servers


@pytest.fixture
def nodes(both) -> list[Node]:
    """The same, both of them running."""
    for server in both:
        if server.process.poll() is not None:
            server.start()
    return both


@pytest.fixture(scope="module")
def who(url) -> dict[str, str]:
    return headers_of(open_store(url), OWNER)


def state_of(node: Server, picture: Picture, who: dict[str, str]) -> str:
    """Return what became of a picture; whatever of it can be seen is right."""
    shown = node.get(picture.path, **who)
    if shown.status == 404:
        assert node.get(picture.path + RENDITION, **who).status == 404
        return "gone"
    assert shown.body == picture.data
    record = node.get(f"{picture.path}metadata/", **who).json
    assert picture.tags <= set(record["tags"]) <= picture.tags | picture.doubted
    rendition = node.get(picture.path + RENDITION, **who).body
    assert picture.renditions <= {rendition}
    return str(record["visibility"])


def assert_promises_hold(node: Server, load: MixedLoad, who: dict[str, str]) -> None:
    ours = {picture.id for picture in load.pictures}
    with ThreadPoolExecutor(AT_ONCE) as threads:
        states = list(threads.map(lambda p: state_of(node, p, who), load.pictures))
        for picture, state in zip(load.pictures, states, strict=True):
            assert state in picture.may_be
        hidden = [p for p, state in zip(load.pictures, states, strict=True) if state != "public"]
        for answer in threads.map(lambda p: node.get(p.path + RENDITION), hidden):
            assert answer.status == 404
    there = {p.id for p, state in zip(load.pictures, states, strict=True) if state != "gone"}
    assert listed(node, who) & ours == there
    assert listed(node, {}) & ours == there - {picture.id for picture in hidden}
    by_tag = {tag: listed(node, who, f"&tag={tag}") for tag in TAGS}
    for picture in load.pictures:
        for tag in picture.tags:
            assert (picture.id in by_tag[tag]) == (picture.id in there)


@pytest.mark.parametrize("seed", range(3))
def test_nothing_promised_is_lost_whenever_a_node_dies(nodes, who, seed):
    chance = random.Random(seed)
    dying, other = chance.sample(nodes, 2)
    with mixed_load(nodes, who, seed) as load:
        load.wait_for_more(1)
        time.sleep(chance.uniform(0, 1))
        # Stopped, it answers nothing that it has in its hands when it dies.
        dying.pause()
        wait_until(lambda: load.under_way[dying] >= 2)
        dying.die()
        load.wait_for_more(1)
    assert load.lost
    assert load.slowest_s < DEADLINE_S
    assert "Traceback" not in other.log
    assert_promises_hold(other, load, who)


def test_half_a_body_is_no_picture(nodes):
    dying, other = nodes
    # Smaller bodies are collected in memory.
    data = drawn(600)
    head = f"POST /images/ HTTP/1.1\r\nHost: x\r\nContent-Length: {len(data)}\r\n"
    with dying.socket() as client:
        client.sendall(f"{head}Content-Type: image/png\r\n\r\n".encode() + data[: len(data) // 2])
        wait_until(dying.scratch_files)
        dying.die()
        assert read_all(client) == b""
    path = f"/images/{hashlib.sha256(data).hexdigest()}/"
    assert other.get(path).status == 404
    assert other.upload(data) == path
    assert other.get(path).body == data


@pytest.mark.parametrize("who_dies", ["the master", "master and workers", "a worker"])
def test_no_render_outlives_its_node(nodes, who_dies):
    dying, other = nodes
    path = dying.upload(drawn(20))
    thumbnail = dying.get(f"{path}thumbnail.webp").body
    family = dying.family()
    [worker] = dying.web_workers()
    # A worker without its master finishes what is in flight, and then ends.
    pipeline = SHORT if who_dies == "the master" else LONG
    with ThreadPoolExecutor(1) as thread:
        broken = thread.submit(dying.get, f"{path}{pipeline}.png")
        dying.wait_until_rendering()
        if "worker" in who_dies:
            kill(worker)
        if "master" in who_dies:
            kill(dying.process.pid)
        if "worker" in who_dies:
            assert isinstance(broken.exception(), ConnectionError)
            wait_until(lambda: not (family - {dying.process.pid}) & dying.family(), GONE_S)
        else:
            assert broken.result().status == 200
    if "master" in who_dies:
        dying.process.wait()
        wait_until(lambda: not dying.family())
        dying.die()
    assert other.get(f"{path}thumbnail.webp").body == thumbnail


@pytest.mark.parametrize("is_removed", [True, False], ids=["removing", "hiding"])
def test_a_removal_that_a_dead_node_began_is_finished_by_the_next_request(nodes, who, is_removed):
    """Every rendition is a round trip of the purge, so that the node dies in its middle."""
    dying, other = nodes
    sent = dying.request("POST", "/images/", drawn(20), {"Content-Type": "image/png", **who})
    path = f"/images/{sent.json['id']}/"
    sizes = [f"{path}resize:width={size}.png" for size in range(1, 21)]
    with ThreadPoolExecutor(AT_ONCE) as threads:
        answers = list(threads.map(other.get, sizes))
    assert [(answer.status, answer.body[:300]) for answer in answers if answer.status != 200] == []

    def take_away(node: Server) -> int:
        if is_removed:
            return node.request("DELETE", path, headers=who).status
        body = json.dumps({"images": [sent.json["id"]], "visibility": "private"})
        return node.request("PATCH", "/images/", body, {**who, **JSON}).status

    dying.network.delay_s = 0.05
    with ThreadPoolExecutor(1) as thread:
        broken = thread.submit(take_away, dying)
        wait_until(lambda: other.get(path).status == 404)
        dying.die()
        assert isinstance(broken.exception(), ConnectionError)
    # 404: the other node has finished the removal by itself already.
    assert take_away(other) in ((204, 404) if is_removed else (200,))
    assert {other.get(size).status for size in [path, *sizes]} == {404}


def test_jobs_go_on_whichever_node_dies(nodes, who):
    chance, a, b = random.Random(1), *nodes
    png = {"Content-Type": "image/png", **who}
    picture = a.request("POST", "/images/", drawn(20), png).json["id"]
    sizes = [f"resize:width={size}.webp" for size in range(1, ITEMS + 1)]
    with source() as remote:
        # So that the first node cannot be done before it dies.
        remote.gate.clear()
        remote.open_paths = {f"{number}.png" for number in range(ITEMS // 3)}
        importing = created(a, who, urls=remote.urls(ITEMS), tags=["imported"])
        rendering = created(a, who, images=[picture], transforms=sizes)
        wait_until(lambda: completed(b, importing, who))
        time.sleep(chance.uniform(0, 1))
        settled = completed(b, importing, who)
        assert settled < set(range(ITEMS))
        a.die()
        remote.gate.set()
        a.start()
        wait_until(lambda: completed(a, importing, who) > settled)
        b.die()
        b.start()
        wait_until(
            lambda: all(a.get(j, **who).json["finished"] for j in (importing, rendering)), 120
        )
        assert all(remote.fetched[f"{number}.png"] == 1 for number in settled)
        for job in (importing, rendering):
            reported, same = (
                node.get(f"{job}?limit=1000", host="x", **who).json for node in (a, b)
            )
            assert reported == same
            assert reported["status"] == "complete"
    imported, rendered = (
        a.get(f"{job}?limit=1000", **who).json["uploaded"]["complete"]
        for job in (importing, rendering)
    )
    assert [entry["index"] for entry in imported] == list(range(ITEMS))
    assert [entry["transform"] for entry in rendered] == sizes
    ids = [entry["id"] for entry in imported]
    assert len(set(ids)) == ITEMS
    assert listed(b, who, "&tag=imported") == set(ids)
    for size in sizes:
        assert b.get(f"/images/{picture}/{size}", **who).headers["x-cache"] == "hit"


def test_files_of_dead_processes_are_removed(nodes, url):
    assert_only_leftovers(url)
