"""Whether a node can work is looked at once for everybody who asks within seconds."""

from __future__ import annotations

from pathlib import Path

import pytest

from progimage.errors import StoreUnavailable
from progimage.stores.memory import MemoryStore
from progimage.stores.readiness import Readiness
from tests.clock import Clock


class CountingStore(MemoryStore):
    """A store that counts puts, and can be down."""

    puts = 0
    is_down = False

    def put(self, key, source, *, media_type, expect=None):
        self.puts += 1
        if self.is_down:
            raise StoreUnavailable("the store did not answer")
        return super().put(key, source, media_type=media_type, expect=expect)


@pytest.fixture
def store() -> CountingStore:
    return CountingStore()


def test_a_node_whose_store_takes_and_gives_is_ready(store):
    assert Readiness(store, []).fault() is None
    assert list(store.list("")) == []


def test_all_who_ask_within_three_seconds_get_one_answer(store):
    clock = Clock(0.0)
    readiness = Readiness(store, [], clock)
    for _ in range(5):
        readiness.fault()
    assert store.puts == 1
    store.is_down = True
    clock.now = 2.9
    assert readiness.fault() is None
    clock.now = 3.0
    assert "did not answer" in readiness.fault().detail
    store.is_down = False
    clock.now = 6.0
    assert readiness.fault() is None


def test_a_full_folder_is_a_fault_that_names_it_and_no_path(store, tmp_path):
    fault = Readiness(store, [("TMPDIR", tmp_path, 2**70)]).fault()
    assert "TMPDIR has" in fault.detail
    assert str(tmp_path) not in fault.detail


def test_a_folder_that_is_not_there_is_no_fault(store):
    assert Readiness(store, [("/dev/shm", Path("/nowhere"), 1)]).fault() is None
