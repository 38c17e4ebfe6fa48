"""What is cached stays within its bounds while the service runs, and the oldest makes room."""

from __future__ import annotations

import io
import os
from concurrent.futures import Executor, Future
from functools import partial
from types import SimpleNamespace

import pytest

from progimage import keys
from progimage.errors import StoreUnavailable
from progimage.renditions.cache_budget import CacheBudget
from progimage.stores.folder.store import FilesystemStore
from progimage.stores.memory import MemoryStore

ID = "0" * 64


class AtOnce(Executor):
    """Does the work before it returns."""

    def submit(self, fn, /, *args, **kwargs):
        fn(*args, **kwargs)
        return Future()


class Later(Executor):
    """Does the work when it is asked to."""

    def __init__(self) -> None:
        self.work = []

    def submit(self, fn, /, *args, **kwargs):
        self.work.append(partial(fn, *args))
        return Future()


def budget_of(store, **bounds) -> CacheBudget:
    given = {"max_bytes": 1_000, "max_rendition_bytes": 500, "min_free_bytes": 0}
    return CacheBudget(store, **{**given, "helpers": AtOnce(), **bounds})


def fill(store, size: int, name: str = "sepia") -> None:
    key = keys.rendition(ID, name, "png", public=True)
    store.put(key, io.BytesIO(b"x" * size), media_type="image/png")


def test_a_rendition_that_is_too_large_is_not_cached(tmp_path):
    budget = budget_of(FilesystemStore(tmp_path))
    assert budget.allows(500)
    assert not budget.allows(501)


@pytest.fixture(params=["folder", "bucket"])
def store(request, tmp_path):
    """A store of each kind; a store in memory stands for a bucket, which has no free space."""
    return FilesystemStore(tmp_path) if request.param == "folder" else MemoryStore()


def test_existing_bytes_count(store):
    fill(store, 900)
    helpers = Later()
    budget = budget_of(store, helpers=helpers)
    budget.allows(1)
    helpers.work.pop()()
    assert not budget.allows(101)
    assert budget.allows(50)


def test_bytes_added_since_the_last_count_count_at_once(store):
    helpers = Later()
    budget = budget_of(store, max_bytes=100_000, max_rendition_bytes=60_000, helpers=helpers)
    budget.allows(1)
    helpers.work.pop()()
    # The next count is due, and waits for a helper.
    assert budget.allows(60_000)
    assert not budget.allows(60_000)


def test_before_the_first_count_only_a_small_part_of_the_budget_is_given(store):
    helpers = Later()
    budget = budget_of(store, max_bytes=64_000, helpers=helpers)
    assert [budget.allows(400) for _ in range(4)] == [True, True, False, False]
    helpers.work.pop()()
    assert budget.allows(400)


def test_bytes_added_during_a_count_are_counted(store):
    helpers = Later()
    budget = budget_of(store, max_bytes=64_000, helpers=helpers)
    budget.allows(1)
    helpers.work.pop()()
    while not helpers.work:  # the next count is due, and waits for a helper
        assert budget.allows(500)
    during = 1  # the rendition that made it due may not be stored when the cache is listed
    while budget.allows(500):
        during += 1
    helpers.work.pop()()
    after = 0
    while budget.allows(500):
        after += 1
    assert (during + after) * 500 == 64_000


def test_a_store_that_cannot_be_listed_is_given_a_small_part_of_the_budget():
    class Broken(MemoryStore):
        def list(self, prefix, after=""):
            raise StoreUnavailable("the store does not answer")

    budget = budget_of(Broken(), max_bytes=64_000)
    assert sum(budget.allows(100) for _ in range(100)) == 10


def cached(store) -> dict[str, int]:
    return {stat.key.rsplit("/", 1)[-1]: stat.size for stat in store.list(keys.RENDERS)}


def test_the_oldest_make_room_in_a_full_cache(tmp_path):
    store = FilesystemStore(tmp_path)
    for age in range(10):
        fill(store, 6_400, f"blur:{age + 1}")
        path = store.local_path(keys.rendition(ID, f"blur:{age + 1}", "png", public=True))
        os.utime(path, (86_400 * (100 - age),) * 2)
    budget = budget_of(store, max_bytes=64_000, max_rendition_bytes=10_000)
    budget.allows(1)
    assert set(cached(store)) == {f"blur:{age + 1}.png" for age in range(9)}
    assert budget.allows(3_900)


def test_a_cache_in_use_stays_within_its_budget_and_holds_the_latest(store):
    budget = budget_of(store, max_bytes=64_000, max_rendition_bytes=10_000)
    for number in range(500):
        if budget.allows(640):
            fill(store, 640, f"blur:{number}")
        assert sum(cached(store).values()) <= 65_000
    assert sum(cached(store).values()) > 50_000


def test_one_larger_than_what_a_removal_frees_fits_the_next_time(store):
    budget = budget_of(store, max_bytes=64_000, max_rendition_bytes=20_000)
    for number in range(90):
        if budget.allows(640):
            fill(store, 640, f"blur:{number}")
    if not budget.allows(20_000):
        assert budget.allows(20_000)


def test_two_processes_stay_within_the_budget_together(store):
    budgets = [budget_of(store, max_bytes=64_000) for _ in range(2)]
    for number in range(500):
        if budgets[number % 2].allows(400):
            fill(store, 400, f"blur:{number}")
        assert sum(cached(store).values()) <= 66_000
    assert sum(cached(store).values()) > 50_000


def test_a_cache_without_a_budget_is_never_listed():
    class Unlisted(MemoryStore):
        def list(self, prefix, after=""):
            raise AssertionError

    assert not budget_of(Unlisted(), max_bytes=0).allows(1)


@pytest.mark.parametrize(("free", "is_allowed"), [(0, True), (2**70, False)])
def test_a_disk_keeps_a_floor_of_free_space(tmp_path, free, is_allowed):
    assert budget_of(FilesystemStore(tmp_path), min_free_bytes=free).allows(1) is is_allowed


def test_the_cache_gives_way_where_the_disk_has_too_little_free_space(tmp_path):
    store = FilesystemStore(tmp_path)
    fill(store, 600)
    assert not budget_of(store, min_free_bytes=2**70).allows(1)
    assert cached(store) == {}


def test_a_small_disk_with_room_keeps_its_cache(tmp_path, monkeypatch):
    """The budget may be many times what the disk has."""
    store = FilesystemStore(tmp_path)
    fill(store, 600)
    disk = SimpleNamespace(f_bavail=1_000, f_frsize=1)
    monkeypatch.setattr(os, "statvfs", lambda _: disk)
    assert budget_of(store, max_bytes=2**40).allows(100)
    assert sum(cached(store).values()) == 600


def test_a_nearly_full_disk_loses_a_part_of_its_cache(tmp_path, monkeypatch):
    store = FilesystemStore(tmp_path)
    for name in "abcdefghij":
        fill(store, 100, f"blur:{ord(name)}")
    disk = SimpleNamespace(f_bavail=0, f_frsize=1)
    monkeypatch.setattr(os, "statvfs", lambda _: disk)
    budget_of(store, max_bytes=2**40).allows(100)
    assert sum(cached(store).values()) == 900
