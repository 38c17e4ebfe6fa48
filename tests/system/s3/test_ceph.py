"""What a real server does differently from its documentation, and from its imitations."""

from __future__ import annotations

import io
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from progimage.errors import Conflict
from progimage.stores import ABSENT, ObjectStore
from tests.stores.contract import keys, put
from tests.system.s3.real import REAL_SERVER, empty_store

pytestmark = pytest.mark.skipif(
    not os.environ.get(REAL_SERVER), reason="make test-s3 starts a real server"
)

# From 8 MiB on, clients like to send an object in parts, where Ceph forgets the condition.
LARGE = 9 << 20


@pytest.fixture
def store() -> ObjectStore:
    return empty_store()


def test_a_large_object_keeps_its_condition(store):
    first = put(store, "large", bytes(LARGE), ABSENT)
    for expect in (ABSENT, "0" * 32):
        with pytest.raises(Conflict):
            put(store, "large", b"x" * LARGE, expect)
    assert store.stat("large").etag == first.etag
    second = put(store, "large", b"y" * LARGE, first.etag)
    assert store.stat("large").etag == second.etag


def test_of_many_racing_writers_one_wins_every_time(store):
    for number in range(4):
        key = f"race/{number}"

        def create(writer: int, key: str = key) -> bool:
            try:
                store.put(key, io.BytesIO(b"%d" % writer), media_type="text/plain", expect=ABSENT)
            except Conflict:
                return False
            return True

        with ThreadPoolExecutor(16) as threads:
            assert sum(threads.map(create, range(16))) == 1


def test_more_keys_than_a_page_holds_are_listed_once_in_order(store):
    names = [f"k/{number:05}" for number in range(2_150)]
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda name: put(store, name, b""), names))
    assert keys(store, "k/") == names
    assert [stat.key for stat in store.list("k/", after=names[1_099])] == names[1_100:]
