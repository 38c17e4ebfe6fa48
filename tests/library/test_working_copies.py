"""Copies are stored in the background, but a slow store is waited for."""

from __future__ import annotations

from concurrent.futures import Executor, Future

import pytest

from progimage import keys
from progimage.library import Library, working_copies
from progimage.library.working_copies import WorkingCopies
from progimage.stores.memory import MemoryStore
from tests.candidates import add

SIZE = (40, 30)


class Later(Executor):
    """Does nothing before it is told to."""

    def __init__(self) -> None:
        self.tasks = []

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        self.tasks.append(lambda: future.set_result(fn(*args, **kwargs)))
        return future


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def later():
    return Later()


@pytest.fixture
def store_copy(store, later):
    """Return a function that stores so many bytes as a copy, and returns if that is done."""
    library = Library(store)
    record = add(library, b"picture")
    copies = WorkingCopies(store, library, 2048, later)

    def store_copy(content) -> bool:
        ended = []
        copies.store_all(record, {SIZE: content}, lambda: ended.append(True))
        return ended == [True]

    return store_copy


def copies_in(store) -> list[bytes]:
    return [store.open(stat.key).read() for stat in store.list(keys.COPIES)]


def test_copies_are_stored_in_the_background(store, later, store_copy):
    assert not store_copy(b"copy")
    assert copies_in(store) == []
    later.tasks.pop()()
    assert copies_in(store) == [b"copy"]


def test_a_copy_waits_for_the_store_if_too_many_bytes_do(store, later, store_copy, monkeypatch):
    monkeypatch.setattr(working_copies, "MOST_WAITING_BYTES", 10)
    assert not store_copy(b"6 byte")
    assert store_copy(b"others")
    assert copies_in(store) == [b"others"]
    later.tasks.pop()()
    assert not store_copy(b"6 more")


def test_files_wait_without_a_bound(store, later, store_copy, monkeypatch, tmp_path):
    monkeypatch.setattr(working_copies, "MOST_WAITING_BYTES", 0)
    file = tmp_path / "copy"
    file.write_bytes(b"copy")
    assert not store_copy(file)
    later.tasks.pop()()
    assert copies_in(store) == [b"copy"]
    assert not file.exists()
