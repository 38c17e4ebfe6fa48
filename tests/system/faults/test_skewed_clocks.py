"""Three nodes, one of them five minutes behind and one ahead, are one service."""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from progimage import keys
from progimage.config.clock_skew import APART_S, SKEW_S
from progimage.stores import open_store
from tests.jobs.source import source
from tests.people import SECRET
from tests.system.faults.nodes import (
    JSON,
    assert_only_leftovers,
    completed,
    created,
    drawn,
    listed,
)
from tests.system.faults.skew import LIBRARIES, SkewedServer
from tests.system.s3.real import REAL_SERVER, real_url
from tests.system.serving.server import ROOT, Server, assert_problem, wait_until

pytestmark = [
    pytest.mark.skipif(
        not (os.environ.get(REAL_SERVER) and LIBRARIES),
        reason="make test-faults starts a real server and installs libfaketime",
    ),
    pytest.mark.timeout(480),
]

SETTINGS = {
    "auth_mode": "optional",
    "auth_secret": SECRET,
    "auth_registration": "open",
    "delivery_mode": "redirect",
    "download_allow_private": "true",
    "jobs_lease_s": 4,
    # A pause would mix up the order of items.
    "jobs_host_pause_s": 0,
    "jobs_poll_s": 0.2,
    "upload_resumable_expires_s": APART_S - 60,
}
# So few that one node takes all items of a job at once, and works them off in their order.
HALF = 5
ANN = {"username": "ann", "password": "correct horse battery"}


@pytest.fixture(scope="module")
def url() -> str:
    url = real_url()
    assert url
    return url


@pytest.fixture(scope="module")
def trio(tmp_path_factory, url) -> Iterator[list[SkewedServer]]:
    """A node that is behind, one that is right and one that is ahead."""
    folder = tmp_path_factory.mktemp("nodes")
    with ExitStack() as stack:
        servers = []
        for skew_s in (-SKEW_S, 0, SKEW_S):
            server = SkewedServer(folder / f"at{skew_s:+d}", url, skew_s, **SETTINGS)
            stack.callback(server.close)
            servers.append(server.start())
        servers[1].request("POST", "/users/", json.dumps(ANN), JSON)
        yield servers


@pytest.fixture
def nodes(trio) -> list[SkewedServer]:
    """The same, all of them running."""
    for server in trio:
        if server.process.poll() is not None:
            server.start()
    return trio


def uploaded(node: Server, condition: str = "") -> dict[str, Any]:
    answer = node.request("POST", f"/images/{condition}", drawn(8), {"Content-Type": "image/png"})
    assert answer.status == 201, answer.body[:2000]
    return answer.json


def progimage(node: Server, *words: str) -> str:
    """Run a command on the store with the node's clock."""
    done = subprocess.run(
        [Path(sys.executable).with_name("progimage"), *words],
        cwd=ROOT,
        env=node.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_clocks_are_as_wrong_as_they_should_be(nodes):
    behind, right, ahead = (datetime.fromisoformat(uploaded(node)["created"]) for node in nodes)
    for apart in (right - behind, ahead - right):
        assert abs(apart - timedelta(seconds=SKEW_S)) < timedelta(seconds=SKEW_S / 5)


def test_pages_neither_skip_nor_repeat_what_is_there_throughout(nodes):
    """Each page by the next node, while pictures come in at either end of the list."""
    there = {uploaded(node, "?tags=paged")["id"] for _ in range(6) for node in nodes}
    is_over = threading.Event()

    def upload_on() -> None:
        for node in itertools.cycle(nodes):
            if is_over.is_set():
                return
            uploaded(node, "?tags=paged")

    with ThreadPoolExecutor(1) as thread:
        uploads = thread.submit(upload_on)
        seen: list[dict[str, Any]] = []
        following = "/images/?tag=paged&limit=2"
        for node in itertools.cycle(nodes):
            page = node.get(following).json
            seen += page["data"]
            if page["next"] is None:
                break
            following = page["next"][page["next"].index("/images/") :]
        is_over.set()
        uploads.result()
    ids = [record["id"] for record in seen]
    assert len(ids) == len(set(ids))
    assert there <= set(ids)
    created_at = [record["created"] for record in seen]
    assert created_at == sorted(created_at, reverse=True)


def test_every_node_lists_and_searches_the_same(nodes):
    records = [uploaded(node, "?tags=same") for _ in range(2) for node in nodes]
    moments = sorted(datetime.fromisoformat(record["created"]) for record in records)
    assert [record["created"] for record in records] != sorted(r["created"] for r in records)
    for node in nodes:
        found = node.get("/images/?tag=same").json["data"]
        assert [datetime.fromisoformat(r["created"]) for r in found] == moments[::-1]
        for moment in moments:
            text = moment.isoformat().replace("+", "%2B")
            after = listed(node, {}, f"&tag=same&created_after={text}")
            before = listed(node, {}, f"&tag=same&created_before={text}")
            # A moment belongs to one of the two, or to none.
            assert not after & before
            for record in records:
                made = datetime.fromisoformat(record["created"])
                if made != moment:
                    assert (record["id"] in after) == (made > moment)
                    assert (record["id"] in before) == (made < moment)


def test_an_edit_wins_over_older_ones_whichever_clock_it_was_made_by(nodes):
    behind, right, ahead = nodes
    path = f"/images/{uploaded(ahead)['id']}/metadata/"
    seen = [ahead.get(path)]
    for number, node in enumerate((behind, ahead, behind, right)):
        headers = {**JSON, "If-Match": seen[-1].headers["etag"]}
        body = json.dumps({"title": f"Title {number}", "tags": [f"edit{number}"]})
        assert node.request("PATCH", path, body, headers).status == 200
        assert_problem(node.request("PATCH", path, body, headers), 412)
        seen.append(right.get(path))
    reported = [answer.json for answer in seen]
    assert [record["revision"] for record in reported] == [1, 2, 3, 4, 5]
    moments = [datetime.fromisoformat(record["modified"]) for record in reported]
    assert moments == sorted(set(moments))
    for node in nodes:
        assert node.get(path).json["title"] == "Title 3"
        found = [n for n in range(4) if listed(node, {}, f"&tag=edit{n}")]
        assert found == [3]


def test_no_job_is_taken_from_who_works_on_it_and_every_job_from_who_died(nodes):
    with source() as remote:
        remote.gate.clear()
        remote.open_paths = {f"{number}.png" for number in range(HALF)}
        before = [items_done(node) for node in nodes]
        job = created(nodes[2], {}, urls=remote.urls(2 * HALF), tags=["import"])
        wait_until(lambda: len(completed(nodes[0], job, {})) == HALF and remote.under_way)
        # Long enough for anybody to take it who may.
        time.sleep(1.5 * float(SETTINGS["jobs_lease_s"]))
        assert set(remote.fetched.values()) == {1}
        [holder] = [n for n, count in zip(nodes, before, strict=True) if items_done(n) > count]
        holder.die()
        others = [node for node in nodes if node is not holder]
        remote.gate.set()
        wait_until(lambda: all(n.get(job).json["finished"] for n in others), 60)
        assert all(remote.fetched[path] == 1 for path in remote.open_paths)
        reported = [node.get(f"{job}?limit=50", host="x").json for node in others]
        assert reported[0] == reported[1]
        done = reported[0]["uploaded"]["complete"]
        assert [entry["index"] for entry in done] == list(range(2 * HALF))
        assert listed(others[0], {}, "&tag=import") == {entry["id"] for entry in done}


def items_done(node: Server) -> int:
    """Return how many items of jobs a node has worked off."""
    text = node.get("/metrics").body.decode()
    found = re.findall(r"progimage_job_items_total\{.*\} ([\d.]+)", text)
    return int(sum(map(float, found)))


def test_maintenance_by_any_clock_spares_what_is_under_way(nodes, url):
    """An upload whose time is over for who is ahead goes on at who is behind."""
    behind, _, ahead = nodes
    data, tus = drawn(40), {"Tus-Resumable": "1.0.0"}
    length = {**tus, "Upload-Length": str(len(data))}
    path = behind.request("POST", "/uploads/", headers=length).json["_links"]["self"]["href"]
    piece = {**tus, "Content-Type": "application/offset+octet-stream"}
    half = len(data) // 2
    answer = behind.request("PATCH", path, data[:half], {**piece, "Upload-Offset": "0"})
    assert answer.status == 204
    assert ahead.request("HEAD", path, headers=tus).status == 410
    # The first thing that an upload writes; its record comes later.
    store, key = open_store(url), keys.original("0" * 64, keys.new_generation())
    with (ROOT / "LICENSE").open("rb") as source:
        store.put(key, source, media_type="image/png")
    for node in (behind, ahead):
        progimage(node, "gc")
        progimage(node, "check", "--repair")
    assert store.stat(key).size
    store.delete(key)
    answer = behind.request("PATCH", path, data[half:], {**piece, "Upload-Offset": str(half)})
    assert answer.status == 204
    assert answer.headers["location"]


@pytest.mark.parametrize(("issuer", "user"), list(itertools.permutations(range(3), 2)))
def test_tokens_of_one_node_are_valid_at_another(nodes, issuer, user):
    issuer, user = nodes[issuer], nodes[user]
    signed_in = issuer.request("POST", "/tokens/", json.dumps(ANN), JSON).json
    who = {"Authorization": f"Bearer {signed_in['access_token']}"}
    answer = user.request(
        "POST", "/images/?visibility=private", drawn(8), {"Content-Type": "image/png", **who}
    )
    assert answer.status == 201, answer.body[:2000]
    path = f"/images/{answer.json['id']}/"
    renewed = json.dumps({"refresh_token": signed_in["refresh_token"]})
    assert user.request("POST", "/tokens/", renewed, JSON).status == 200
    # The longest that is allowed, and one that outlasts what clocks are apart.
    for expires_in in (604_800, APART_S + 60):
        requested = json.dumps({"transform": "original", "expires_in": expires_in})
        link = issuer.request("POST", f"{path}links/", requested, {**JSON, **who}).json["url"]
        parts = urlsplit(link)
        shown = user.get(f"{parts.path}?{parts.query}")
        assert shown.status == 307, shown.body[:2000]
        with urlopen(shown.headers["location"]) as response:  # noqa: S310
            assert len(response.read()) == answer.json["size_bytes"]


def test_a_link_ends_by_the_clock_of_the_node_that_answers(nodes):
    behind, _, ahead = nodes
    token = behind.request("POST", "/tokens/", json.dumps(ANN), JSON).json["access_token"]
    who = {"Authorization": f"Bearer {token}"}
    sent = behind.request("POST", "/images/", drawn(8), {"Content-Type": "image/png", **who})
    requested = json.dumps({"expires_in": APART_S - 60})
    path = f"/images/{sent.json['id']}/links/"
    parts = urlsplit(behind.request("POST", path, requested, {**JSON, **who}).json["url"])
    assert behind.get(f"{parts.path}?{parts.query}").status == 307
    assert_problem(ahead.get(f"{parts.path}?{parts.query}"), 403, "expired at")


def test_nothing_is_left_to_repair(nodes, url):
    assert_only_leftovers(url)
