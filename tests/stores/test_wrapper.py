"""A store that adds something to each call to another one."""

from __future__ import annotations

import io

import pytest

from progimage.stores import HasConditionalOpen, HasLocalPath
from progimage.stores.folder.store import FilesystemStore
from progimage.stores.memory import MemoryStore
from progimage.stores.wrapper import StoreWrapper
from tests.stores.contract import ObjectStoreContract

KEY = "renders/a"


class Noting(StoreWrapper):
    """Notes the name of each call."""

    def __init__(self, store) -> None:
        super().__init__(store)
        self.calls = []

    def _call(self, operation, act):
        self.calls.append(operation)
        return act()


class TestWrapper(ObjectStoreContract):
    @pytest.fixture
    def store(self) -> StoreWrapper:
        return StoreWrapper(MemoryStore())


def test_every_call_passes_through():
    store = Noting(MemoryStore())
    stat = store.put(KEY, io.BytesIO(b"x"), media_type="text/plain")
    store.stat(KEY)
    with store.open(KEY) as reader:
        assert reader.read() == b"x"
    store.delete(KEY, expect=stat.etag)
    assert store.calls == ["put", "stat", "open", "delete"]


def test_it_can_do_what_the_store_behind_it_can(tmp_path):
    assert isinstance(StoreWrapper(FilesystemStore(tmp_path / "store")), HasLocalPath)
    assert not isinstance(StoreWrapper(MemoryStore()), HasLocalPath)


def test_opening_what_has_changed_is_a_call_too():
    behind = MemoryStore()
    store = Noting(behind)
    assert isinstance(store, HasConditionalOpen) == isinstance(behind, HasConditionalOpen)
    if isinstance(behind, HasConditionalOpen):
        etag = store.put(KEY, io.BytesIO(b"x"), media_type="text/plain").etag
        assert store.open_if_changed(KEY, etag) is None
        assert store.calls == ["put", "open_if_changed"]
