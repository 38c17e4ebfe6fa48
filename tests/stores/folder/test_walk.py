"""What a listing reads, and what it lists."""

from __future__ import annotations

import io
import os

import pytest

from progimage.stores.folder.store import FilesystemStore
from tests.stores.contract import keys, put


def test_entries_that_are_no_objects_are_not_listed(store, root):
    put(store, "a/b")
    for name in (".hidden", "a/.nfs0001", "a/line\nbreak"):
        (root / name).touch()
    os.mkfifo(root / "a" / "pipe")
    (root / ".tmp" / "half").write_bytes(b"half")
    assert keys(store) == ["a/b"]


@pytest.mark.parametrize("prefix", ["", "a", "a/", "a/b", "a/b/", "a-", "missing/", "missing"])
def test_names_are_the_keys_of_the_list(store, root, prefix):
    for key in ("a-b", "a/b/2", "a/b/1", "a/b0", "a/c", "ab", "b/a/b/c"):
        store.put(key, io.BytesIO(b""), media_type="text/plain")
    (root / "a" / ".hidden").touch()
    (root / "a" / "line\nbreak").touch()
    listed = [stat.key for stat in store.list(prefix)]
    assert sorted(store.names(prefix)) == listed
    assert sorted(store.names(prefix, listed[1:])) == listed


def test_no_temporary_file_is_ever_listed(store):
    seen = []

    class Spying(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            seen.extend(keys(store))
            return super().read(size)

    store.put("a/b", Spying(b"body"), media_type="text/plain")
    assert seen == []
    assert keys(store) == ["a/b"]


def test_a_listing_reads_only_the_folders_it_reaches(store, monkeypatch):
    for folder in "abcd":
        for number in range(3):
            put(store, f"{folder}/{number}", b"")
    read = []
    scandir = os.scandir

    def spy(path: str) -> object:
        read.append(path.rsplit("/", 2)[1])
        return scandir(path)

    monkeypatch.setattr(os, "scandir", spy)
    listing = store.list("", after="b/1")
    assert next(listing).key == "b/2"
    assert next(listing).key == "c/0"
    assert read == ["store", "b", "c"]


def test_names_are_the_keys_of_a_listing(store: FilesystemStore):
    for key in ("a/b", "a/c/d", "b/a"):
        store.put(key, io.BytesIO(b"x"), media_type="text/plain")
    for prefix in ("", "a/", "a/c", "none/"):
        assert sorted(store.names(prefix)) == [stat.key for stat in store.list(prefix)]
