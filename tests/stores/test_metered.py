"""A metered store keeps the contract, can do what the store behind it can, and tells times."""

from __future__ import annotations

import io

import pytest

from progimage.errors import Conflict, KeyMissing, StoreUnavailable
from progimage.stores import (
    ABSENT,
    HasConditionalOpen,
    HasLocalPath,
    HasOwnFiles,
    HasPresignedUrl,
)
from progimage.stores.folder.store import FilesystemStore
from progimage.stores.memory import MemoryStore
from progimage.stores.metered import MeteredStore
from tests.stores.contract import ConditionalOpens, ObjectStoreContract, RealFolders


class TestMeteredStore(ObjectStoreContract, RealFolders, ConditionalOpens):
    @pytest.fixture
    def store(self) -> MeteredStore:
        return MeteredStore(MemoryStore(), lambda *_: None)


@pytest.fixture
def reported() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def store(reported) -> MeteredStore:
    return MeteredStore(MemoryStore(), lambda what, how, s: reported.append((what, how)) or s)


def put(store, key: str, **options) -> None:
    store.put(key, io.BytesIO(b"x"), media_type="text/plain", **options)


def test_every_operation_is_reported_with_its_outcome(store, reported):
    put(store, "a")
    with pytest.raises(Conflict):
        put(store, "a", expect=ABSENT)
    store.open("a").close()
    assert store.open_if_changed("a", store.stat("a").etag) is None
    with pytest.raises(KeyMissing):
        store.stat("b")
    store.delete("a")
    assert list(store.list("")) == []
    assert reported == [
        ("put", "ok"),
        ("put", "conflict"),
        ("open", "ok"),
        ("stat", "ok"),
        ("open_if_changed", "ok"),
        ("stat", "missing"),
        ("delete", "ok"),
        ("list", "ok"),
    ]


def test_an_abandoned_listing_is_reported_once(store, reported):
    for key in "abc":
        put(store, key)
    reported.clear()
    found = store.list("")
    next(found)
    found.close()
    assert reported == [("list", "ok")]


def test_trouble_is_an_error():
    class Down(MemoryStore):
        def stat(self, key):
            raise StoreUnavailable("away")

    reported = []
    with pytest.raises(StoreUnavailable):
        MeteredStore(Down(), lambda *what: reported.append(what[:2])).stat("a")
    assert reported == [("stat", "error")]


def test_it_can_do_what_its_store_can_and_no_more(tmp_path):
    folder = MeteredStore(FilesystemStore(tmp_path), lambda *_: None)
    assert isinstance(folder, HasLocalPath)
    assert isinstance(folder, HasOwnFiles)
    assert not isinstance(folder, HasPresignedUrl)
    assert not isinstance(folder, HasConditionalOpen)
    assert folder.local_path("a") == f"{tmp_path}/a"
    assert not isinstance(MeteredStore(MemoryStore(), lambda *_: None), HasLocalPath)
