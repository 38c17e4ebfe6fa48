"""What is cached stays within its bounds while the service runs."""

from __future__ import annotations

import io
from concurrent.futures import Executor, Future

import pytest

from progimage import keys
from progimage.renditions.cache_budget import CacheBudget
from progimage.stores.folder.store import FilesystemStore
from progimage.stores.memory import MemoryStore

ID = "0" * 64


class AtOnce(Executor):
    """Does the work before it returns."""

    def submit(self, fn, /, *args, **kwargs):
        fn(*args, **kwargs)
        return Future()


def budget_of(store, **bounds) -> CacheBudget:
    given = {"max_bytes": 1_000, "max_rendition_bytes": 500, "min_free_bytes": 0, **bounds}
    return CacheBudget(store, **given, helpers=AtOnce())


def fill(store, size: int, name: str = "sepia") -> None:
    key = keys.rendition(ID, name, "png", public=True)
    store.put(key, io.BytesIO(b"x" * size), media_type="image/png")


def test_a_rendition_that_is_too_large_is_not_cached(tmp_path):
    budget = budget_of(FilesystemStore(tmp_path))
    assert budget.allows(500)
    assert not budget.allows(501)


def test_what_is_there_already_counts(tmp_path):
    store = FilesystemStore(tmp_path)
    fill(store, 900)
    budget = budget_of(store)
    budget.allows(50)
    assert not budget.allows(101)
    assert budget.allows(50)


def test_what_was_added_since_the_last_count_counts_at_once(tmp_path):
    store = FilesystemStore(tmp_path)
    budget = budget_of(store, max_bytes=100_000, max_rendition_bytes=60_000)
    budget.allows(1)
    budget._is_counting = True  # the next count has begun and has not ended
    assert budget.allows(60_000)
    assert not budget.allows(60_000)


def test_there_is_room_again_after_renditions_were_removed(tmp_path):
    store = FilesystemStore(tmp_path)
    fill(store, 1_000)
    budget = budget_of(store)
    budget.allows(1)
    assert not budget.allows(100)
    store.delete(keys.rendition(ID, "sepia", "png", public=True))
    budget.allows(100)
    assert budget.allows(100)


@pytest.mark.parametrize(("free", "is_allowed"), [(0, True), (2**70, False)])
def test_a_disk_keeps_a_floor_of_free_space(tmp_path, free, is_allowed):
    assert budget_of(FilesystemStore(tmp_path), min_free_bytes=free).allows(1) is is_allowed


def test_a_bucket_is_not_counted():
    store = MemoryStore()
    fill(store, 2_000)
    budget = budget_of(store)
    budget.allows(1)
    assert budget.allows(500)
    assert not budget.allows(501)
