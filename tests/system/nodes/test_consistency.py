"""Three nodes over one store keep what tests/system/nodes/promises.py says, under a mixed load."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from datetime import timedelta

import pytest

from progimage.access.accounts.administration import Administration
from progimage.access.accounts.authenticate import REMEMBERED_S
from progimage.access.accounts.passwords import Passwords
from progimage.access.accounts.users import Users
from progimage.maintenance.check import Check
from progimage.stores import open_store
from tests.jobs.source import source
from tests.people import SECRET, headers_of
from tests.system.nodes import load
from tests.system.nodes.conftest import NODES
from tests.system.nodes.history import Call, History
from tests.system.nodes.pictures import RENDITIONS
from tests.system.nodes.promises import broken, can_see
from tests.system.nodes.session import Notes, Session, shown_in
from tests.system.serving.server import Peer, wait_until
from tests.system.topology.cluster import Cluster, cluster

STEPS = int(os.environ.get("PROGIMAGE_TEST_STEPS") or 14)
SETTINGS = {"jobs_poll_s": 0.5, "jobs_host_pause_s": 0, "download_allow_private": "true"}
ACCOUNTS = {"auth_mode": "required", "auth_secret": SECRET}

# Three nodes and a Ceph on a machine that may be busy with other things too.
pytestmark = pytest.mark.timeout(400)


def doors_of(site: Cluster) -> dict[str, Peer]:
    """Return every way in: each node, and nginx."""
    return {**{f"node {n}": node for n, node in enumerate(site.nodes)}, "nginx": site.front}


@pytest.fixture
def source_of_pictures() -> Iterator:
    with source() as pictures:
        yield pictures


def test_two_owners_with_private_pictures(tmp_path, store, seed, source_of_pictures):
    settings = {**SETTINGS, **ACCOUNTS, "disk_caches": store.startswith("s3:")}
    with cluster(tmp_path / "cluster", store, NODES, **settings) as site:
        opened, doors = open_store(store), doors_of(site)
        ann, ben, eve = (headers_of(opened, name) for name in ("ann", "ben", "eve"))
        assert all(door.get("/jobs/", **eve).status == 200 for door in doors.values())
        Administration(Users(opened), Passwords()).set_disabled("eve", True)
        people = [("ann", ann), ("ann", ann), ("ben", ben), ("ben", ben)]
        notes = load.run(seed, people, doors, source_of_pictures, steps=STEPS, hides=True)
        assert_promises_hold(seed, notes, store, doors, dict(people))
        # What nodes remember of an account is the one thing that may be old.
        wait_until(
            lambda: all(door.get("/jobs/", **eve).status == 401 for door in doors.values()),
            REMEMBERED_S + 60,
        )
        new = headers_of(opened, "ann")
        assert all(door.get("/jobs/", **new).status == 200 for door in doors.values())


def test_without_accounts(tmp_path, seed, source_of_pictures):
    store = f"file://{tmp_path}/store"
    with cluster(tmp_path / "cluster", store, NODES, **SETTINGS) as site:
        doors = doors_of(site)
        people = [("", {})] * 4
        notes = load.run(seed, people, doors, source_of_pictures, steps=STEPS, hides=False)
        assert_promises_hold(seed, notes, store, doors, dict(people))


def assert_promises_hold(
    seed: int, notes: Notes, store: str, doors: dict[str, Peer], people: dict[str, dict[str, str]]
) -> None:
    """Hold a run to the promises, then what is left of it to the model, through every door."""
    replay = f"replay with PROGIMAGE_TEST_SEED={seed}"
    assert_nothing([*notes.wrong, *broken(History(notes.calls))], replay)
    everybody = {"": {}, **people}
    sessions = [
        Session(f"{owner}-last", owner, headers, doors, notes, random.Random(seed))
        for owner, headers in everybody.items()
    ]
    for session in sessions:
        for door in range(len(doors)):
            session.walk(limit=1000, door=door)
            session.count_tags(door)
            for tag in load.TAGS:
                session.walk(("tag", tag), limit=3, door=door)
            for card in notes.known():
                session.fetch(card, next(iter(RENDITIONS)), door)
    history = History(notes.calls)
    assert_nothing([*notes.wrong, *broken(history)], replay)
    assert {type(call) for call in history.calls} == set(Call.__subclasses__())
    for session in sessions:
        expected = {
            (life, picture.versions[-1].revision, picture.versions[-1].fields)
            for life, picture in history.pictures.items()
            if picture.left == float("inf")
            and can_see(session.owner, picture, picture.versions[-1])
        }
        for door in doors.values():
            listed = door.request("GET", "/images/?limit=1000", headers=session.headers).json
            assert {shown_in(record) for record in listed["data"]} == expected, replay
            assert listed["total"] == len(expected)
    assert list(Check(open_store(store), grace=timedelta(0)).run()) == [], replay


def assert_nothing(found: list[str], replay: str) -> None:
    """Show all that was found, one to a line."""
    assert not found, "\n".join([replay, *found])
