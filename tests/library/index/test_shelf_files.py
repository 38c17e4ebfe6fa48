"""Copies of shelves on a node's disk: whole, private, bounded, and gone when replaced."""

from __future__ import annotations

import io
import shutil
import zlib
from pathlib import Path

import pytest

from progimage.errors import KeyMissing, StoreUnavailable
from progimage.library.index import keys
from progimage.library.index.manifest import ShelfInfo
from progimage.library.index.shelf_files import ShelfFiles, is_on_network, scratch_folder
from progimage.library.index.shelf_writer import of_records
from progimage.stores import temp_files
from progimage.stores.folder.store import FilesystemStore
from progimage.stores.memory import MemoryStore

SHELF = of_records([]).encode()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def scratch(tmp_path) -> Path:
    return scratch_folder(tmp_path, "s3://bucket")


def put(store, data: bytes = SHELF) -> ShelfInfo:
    name = keys.new_shelf()
    store.put(keys.shelf(name), io.BytesIO(data), media_type="")
    return ShelfInfo(name, 0, len(data), zlib.crc32(data))


def test_a_shelf_is_fetched_once_for_all_processes_of_a_node(store, scratch):
    info = put(store)
    assert ShelfFiles(store, scratch).open(info).n == 0
    store.delete(keys.shelf(info.name))
    assert ShelfFiles(store, scratch).open(info).n == 0


def test_only_this_user_can_look_into_the_scratch_folder(scratch):
    assert scratch.stat().st_mode & 0o777 == 0o700


def test_a_scratch_folder_that_others_can_open_is_not_used(tmp_path, scratch):
    scratch.chmod(0o755)
    with pytest.raises(StoreUnavailable, match="open to other users"):
        scratch_folder(tmp_path, "s3://bucket")


def test_a_link_in_the_place_of_the_scratch_folder_is_not_followed(tmp_path, scratch):
    scratch.rmdir()
    scratch.symlink_to(tmp_path)
    with pytest.raises(StoreUnavailable, match="another user"):
        scratch_folder(tmp_path, "s3://bucket")


def test_stores_have_folders_of_their_own(tmp_path, scratch):
    assert scratch_folder(tmp_path, "s3://other") != scratch
    assert scratch_folder(tmp_path, "s3://bucket") == scratch


@pytest.mark.parametrize("damage", [SHELF[:-1], SHELF[:-1] + b"x", b""])
def test_a_damaged_copy_is_fetched_again(store, scratch, damage):
    info = put(store)
    (scratch / info.name).write_bytes(damage)
    assert ShelfFiles(store, scratch).open(info).n == 0
    assert (scratch / info.name).read_bytes() == SHELF


@pytest.mark.parametrize("with_scratch", [True, False])
def test_a_shelf_that_is_damaged_in_the_store_is_refused(store, scratch, with_scratch):
    info = put(store)._replace(crc32=1)
    with pytest.raises(StoreUnavailable, match="progimage reindex --from-scratch"):
        ShelfFiles(store, scratch if with_scratch else None).open(info)
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize("with_scratch", [True, False])
def test_a_shelf_that_was_removed_is_missing(store, scratch, with_scratch):
    info = put(store)
    store.delete(keys.shelf(info.name))
    with pytest.raises(KeyMissing):
        ShelfFiles(store, scratch if with_scratch else None).open(info)


def test_copies_of_shelves_that_no_longer_count_go_at_once(store, scratch):
    old, new = put(store), put(store)
    files = ShelfFiles(store, scratch)
    shelf = files.open(old)
    files.open(new)
    (scratch / f"{old.name}.0123abcd").write_bytes(b"half")
    files.keep_only({new.name})
    assert [file.name for file in scratch.iterdir()] == [new.name]
    assert shelf.data == SHELF


def test_copies_are_bounded(store, scratch):
    files = ShelfFiles(store, scratch, max_bytes=2 * len(SHELF))
    infos = [put(store) for _ in range(4)]
    for info in infos:
        files.open(info)
    assert sorted(file.name for file in scratch.iterdir()) == sorted(i.name for i in infos[2:])
    assert files.open(infos[0]).n == 0


def test_a_local_folder_needs_no_copies(tmp_path):
    store = FilesystemStore(tmp_path)
    info = put(store)
    assert ShelfFiles(store).open(info).data == SHELF
    Path(store.local_path(keys.shelf(info.name))).write_bytes(b"")
    with pytest.raises(StoreUnavailable):
        ShelfFiles(store).open(info)
    store.delete(keys.shelf(info.name))
    with pytest.raises(KeyMissing):
        ShelfFiles(store).open(info)


def test_a_temporary_folder_is_not_on_a_network(tmp_path):
    assert not is_on_network(tmp_path)


def test_a_scratch_folder_that_was_removed_is_made_again(store, scratch):
    info = put(store)
    files = ShelfFiles(store, scratch)
    shutil.rmtree(scratch)
    files.keep_only(frozenset())
    assert files.open(info).n == 0
    assert scratch.stat().st_mode & 0o777 == 0o700


def test_starting_processes_leave_the_scratch_folder_alone(tmp_path, scratch):
    temp_files.sweep(tmp_path)
    assert scratch.is_dir()
