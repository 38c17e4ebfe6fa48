"""A store whose marker is gone answers nothing, rather than that it is empty."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable

import pytest

from progimage.errors import KeyMissing, StoreUnavailable
from progimage.stores import ObjectStore, create_store, open_store
from progimage.stores.folder.store import FilesystemStore
from progimage.stores.guarded import GuardedStore
from progimage.stores.marker import FORMAT, new_marker, write_marker
from progimage.stores.memory import MemoryStore
from tests.stores.contract import ConditionalOpens, ObjectStoreContract, RealFolders, put

CALLS: dict[str, Callable[[ObjectStore], object]] = {
    "put": lambda store: put(store, "new"),
    "put an empty object": lambda store: put(store, "a/b/c", b""),
    "open": lambda store: store.open("old"),
    "open what was never there": lambda store: store.open("other"),
    "stat": lambda store: store.stat("old"),
    "delete": lambda store: store.delete("old"),
    "list": lambda store: list(store.list("")),
    "list what was never there": lambda store: list(store.list("other/")),
}


class TestGuardedStore(ObjectStoreContract, RealFolders, ConditionalOpens):
    @pytest.fixture
    def store(self) -> ObjectStore:
        inner = Hiding()
        return GuardedStore(inner, write_marker(inner, new_marker()))


class Hiding(MemoryStore):
    """Lists no marker, which the contract knows nothing of."""

    def list(self, prefix, after=""):
        return (stat for stat in super().list(prefix, after) if stat.key != "store.json")


@pytest.fixture
def folder(tmp_path):
    create_store(f"file://{tmp_path}/store")
    return tmp_path / "store"


@pytest.fixture
def store(folder) -> ObjectStore:
    store = open_store(f"file://{folder}")
    put(store, "old")
    return store


@pytest.mark.parametrize("call", CALLS)
def test_a_folder_that_vanished_answers_nothing_and_is_not_made_again(store, folder, call):
    folder.rename(folder.with_name("moved"))
    with pytest.raises(StoreUnavailable):
        CALLS[call](store)
    assert not folder.exists()


@pytest.mark.parametrize("call", CALLS)
def test_an_empty_mount_point_answers_nothing_and_stays_empty(store, folder, call):
    folder.rename(folder.with_name("moved"))
    folder.mkdir()
    with pytest.raises(StoreUnavailable):
        CALLS[call](store)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("call", CALLS)
def test_a_store_whose_marker_vanished_answers_nothing(store, folder, call):
    (folder / "store.json").unlink()
    with pytest.raises(StoreUnavailable):
        CALLS[call](store)
    assert not (folder / "new").exists()


def test_a_folder_that_vanishes_during_a_listing_does_not_end_it(store, folder):
    for key in ("a/1", "b/1"):
        put(store, key)
    listing = store.list("")
    next(listing)
    folder.rename(folder.with_name("moved"))
    with pytest.raises(StoreUnavailable):
        list(listing)


def test_it_works_again_once_the_store_is_back(store, folder):
    moved = folder.rename(folder.with_name("moved"))
    with pytest.raises(StoreUnavailable):
        store.stat("old")
    moved.rename(folder)
    assert store.stat("old").size == 1


def test_another_store_in_its_place_is_not_taken_for_it(store, folder):
    shutil.rmtree(folder)
    create_store(f"file://{folder}")
    with pytest.raises(StoreUnavailable, match="another store"):
        list(store.list(""))


def test_a_marker_that_was_restored_from_a_back_up_is_the_same(store, folder):
    data = (folder / "store.json").read_bytes()
    (folder / "store.json").unlink()
    (folder / "store.json").write_bytes(data)
    assert store.stat("old").size == 1


def test_a_store_that_was_upgraded_meanwhile_is_left_alone(store, folder):
    newer = new_marker().model_copy(update={"format": FORMAT + 1})
    (folder / "store.json").write_text(newer.model_dump_json())
    with pytest.raises(StoreUnavailable, match="upgrade ProgImage"):
        store.stat("old")


def test_where_a_look_is_a_request_one_is_good_for_a_while(clock):
    class Counting(MemoryStore):
        looks = 0

        def stat(self, key):
            self.looks += key == "store.json"
            return super().stat(key)

    inner = Counting()
    store = GuardedStore(inner, write_marker(inner, new_marker()), clock=clock)
    for _ in range(3):
        with pytest.raises(KeyMissing):
            store.stat("missing")
    assert inner.looks == 1
    clock.now += 31
    inner.delete("store.json")
    with pytest.raises(StoreUnavailable):
        store.put("new", io.BytesIO(), media_type="")
    assert list(inner.list("")) == []


def test_a_raw_folder_without_a_store_is_not_filled(tmp_path):
    store = FilesystemStore(tmp_path, creates=False)
    for key, body in (("a/b", b""), ("a/b", b"x")):
        with pytest.raises(StoreUnavailable):
            put(store, key, body)
    assert list(tmp_path.iterdir()) == []
