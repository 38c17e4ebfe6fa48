"""The dying store dies at the planned call, once and for all."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from progimage.errors import KeyMissing
from progimage.stores import ObjectStore
from progimage.stores.memory import MemoryStore
from tests.stores.dying import Died, DyingStore


def put(store: ObjectStore, key: str, body: bytes = b"x") -> None:
    store.put(key, io.BytesIO(body), media_type="text/plain")


CALLS: dict[str, Callable[[ObjectStore], object]] = {
    "put": lambda store: put(store, "new"),
    "open": lambda store: store.open("old"),
    "stat": lambda store: store.stat("old"),
    "delete": lambda store: store.delete("old"),
    "list": lambda store: store.list("old"),
}


@pytest.mark.parametrize("method", CALLS)
def test_each_method_is_one_operation_and_can_be_the_fatal_one(method: str):
    store = DyingStore(MemoryStore(), dies_at=2)
    put(store, "old")
    with pytest.raises(Died):
        CALLS[method](store)
    assert [name for name, _ in store.history] == ["put", method]


@pytest.mark.parametrize("method", CALLS)
def test_a_dead_store_does_nothing_more(method: str):
    inner = MemoryStore()
    put(inner, "old")
    store = DyingStore(inner, dies_at=1)
    with pytest.raises(Died):
        store.stat("old")
    with pytest.raises(Died):
        CALLS[method](store)
    assert [stat.key for stat in inner.list("")] == ["old"]
    assert store.operations == 1


def test_dying_before_leaves_no_effect():
    inner = MemoryStore()
    with pytest.raises(Died):
        put(DyingStore(inner, dies_at=1), "key")
    with pytest.raises(KeyMissing):
        inner.stat("key")


def test_dying_after_leaves_the_whole_effect_and_no_result():
    inner = MemoryStore()
    with pytest.raises(Died):
        put(DyingStore(inner, dies_at=1, after=True), "key", b"whole")
    with inner.open("key") as reader:
        assert reader.read() == b"whole"


def test_a_listing_under_way_stops_at_death():
    store = DyingStore(MemoryStore(), dies_at=4)
    put(store, "a")
    put(store, "b")
    listing = store.list("")
    assert next(listing).key == "a"
    with pytest.raises(Died):
        store.stat("a")
    with pytest.raises(Died):
        next(listing)


def test_death_passes_every_handler_of_ordinary_exceptions():
    assert not issubclass(Died, Exception)


def test_a_store_without_a_planned_crash_lives_and_counts():
    store = DyingStore(MemoryStore())
    put(store, "a")
    assert store.stat("a").size == 1
    assert store.history == [("put", "a"), ("stat", "a")]
