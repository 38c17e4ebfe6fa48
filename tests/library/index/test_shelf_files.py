"""Copies of shelves on a node's disk: whole, private, bounded, and gone when replaced."""

from __future__ import annotations

import io
import shutil
import threading
import zlib
from pathlib import Path

import pytest

from progimage.errors import KeyMissing, StoreUnavailable
from progimage.library.index import facets, header, keys
from progimage.library.index.completing import Completing
from progimage.library.index.manifest import ShelfInfo
from progimage.library.index.shelf import SORT_KEYS, Shelf
from progimage.library.index.shelf_files import ShelfFiles, is_on_network, scratch_folder
from progimage.library.index.shelf_writer import of_records
from progimage.library.index.terms import term
from progimage.stores import ObjectStore, temp_files
from progimage.stores.folder.store import FilesystemStore
from progimage.stores.memory import MemoryStore
from tests.library.index.large import PICTURES, large
from tests.library.search.metered import MeteredStore

RARE = term(facets.tag("rare"))
SHELF = of_records([]).encode()


@pytest.fixture(params=["memory", "folder"])
def store(request, tmp_path) -> ObjectStore:
    return MemoryStore() if request.param == "memory" else FilesystemStore(tmp_path / "store")


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


def always() -> bool:
    return True


@pytest.fixture
def metered(store) -> MeteredStore:
    return MeteredStore(store)


@pytest.fixture
def still(monkeypatch) -> None:
    """Nothing is fetched in the background."""
    monkeypatch.setattr(Completing, "add", lambda self, name: None)


@pytest.mark.usefixtures("still")
def test_of_a_large_shelf_a_search_fetches_what_it_reads(store, metered, scratch):
    info = put(store, large())
    shelf = ShelfFiles(metered, scratch).open(info)
    assert metered.requests == {"GET": 2}
    assert len(shelf.with_term(RARE)) == PICTURES // 100
    assert shelf.record(PICTURES // 2) == Shelf(large()).record(PICTURES // 2)
    assert metered.requests == {"GET": 3}
    assert (scratch / info.name).stat().st_blocks * 512 < info.size_bytes / 2


@pytest.mark.usefixtures("still")
def test_the_records_of_a_page_are_fetched_together(store, metered, scratch):
    shelf = ShelfFiles(metered, scratch).open(put(store, large()))
    chosen = range(0, PICTURES, 100)
    shelf.prepare(chosen)
    metered.requests.clear()
    for ordinal in chosen:
        assert shelf.record(ordinal) == Shelf(large()).record(ordinal)
        assert shelf.position(ordinal) == Shelf(large()).position(ordinal)
    assert metered.requests == {}


@pytest.mark.usefixtures("still")
def test_everything_in_a_large_shelf_is_as_in_its_file(store, scratch):
    shelf, whole = ShelfFiles(store, scratch).open(put(store, large())), Shelf(large())
    for key in SORT_KEYS:
        assert list(shelf.in_order(key)) == list(whole.in_order(key))
        assert list(shelf.places(key)) == list(whole.places(key))
    assert list(shelf.looks) == list(whole.looks)
    for ordinal in range(0, whole.n, 7):
        assert shelf.record(ordinal) == whole.record(ordinal)
        assert shelf.find(whole.position(ordinal)) == ordinal
    for number in range(whole.term_count):
        assert shelf.posting(number) == whole.posting(number)
    assert shelf.words_with(b"n12") == whole.words_with(b"n12")
    assert shelf.data == large()


@pytest.mark.usefixtures("still")
def test_a_complete_shelf_is_read_from_the_disk_alone(store, scratch):
    info = put(store, large())
    shelf = ShelfFiles(store, scratch).open(info)
    shelf.complete(always)
    store.delete(keys.shelf(info.name))
    assert shelf.data == large()
    assert ShelfFiles(store, scratch).open(info).data == large()


def test_the_rest_of_a_shelf_comes_in_the_background(store, scratch, monkeypatch):
    completed = threading.Event()

    def complete(self, name, before_request, complete=ShelfFiles.complete):
        complete(self, name, lambda: None)
        completed.set()

    monkeypatch.setattr(ShelfFiles, "complete", complete)
    info = put(store, large())
    files = ShelfFiles(store, scratch)
    shelf = files.open(info)
    assert completed.wait(60)
    store.delete(keys.shelf(info.name))
    assert shelf.data == large()


@pytest.mark.usefixtures("still")
def test_a_shelf_that_no_longer_counts_is_not_completed(metered, scratch):
    files = ShelfFiles(metered, scratch)
    info = put(metered, large())
    files.open(info)
    files.keep_only(())
    metered.requests.clear()
    files.complete(info.name, lambda: None)
    assert metered.requests == {}
    assert list(scratch.iterdir()) == []


@pytest.mark.usefixtures("still")
def test_a_shelf_that_stops_to_count_meanwhile_is_not_completed(metered, scratch):
    files = ShelfFiles(metered, scratch)
    info = put(metered, large())
    files.open(info)
    metered.requests.clear()
    files.complete(info.name, lambda: files.keep_only(()))
    assert metered.requests == {}


@pytest.mark.usefixtures("still")
def test_a_large_shelf_that_an_earlier_version_wrote_is_fetched_whole(
    store, metered, scratch, monkeypatch
):
    _, places = header.read(large())
    with monkeypatch.context() as patch:
        patch.setattr(header, "LEAST", len(large()))
        sections = {name: large()[a:b] for name, (a, b) in places.items() if name != "sums"}
        data = header.encode(PICTURES, sections)
    info = put(store, data)
    assert ShelfFiles(metered, scratch).open(info).record(3) == Shelf(large()).record(3)
    assert metered.requests == {"GET": 2}
    metered.requests.clear()
    assert ShelfFiles(metered, scratch).open(info).data == data
    assert metered.requests == {}


def test_an_earlier_version_beside_this_one_replaces_the_copy_and_both_read_on(store, scratch):
    """It knows copies that are whole, and compares the checksum of all bytes."""
    info = put(store, large())
    shelf = ShelfFiles(store, scratch).open(info)
    earlier = ShelfFiles(store, scratch)
    earlier._copied_in_part = lambda info, key, copy: None
    assert earlier.open(info).data == large()
    assert shelf.data == large()
    assert (scratch / info.name).read_bytes() == large()


@pytest.mark.usefixtures("still")
def test_a_scratch_folder_that_is_removed_does_not_disturb_open_shelves(store, scratch):
    info = put(store, large())
    shelf = ShelfFiles(store, scratch).open(info)
    shutil.rmtree(scratch)
    assert shelf.data == large()
    assert ShelfFiles(store, scratch).open(info).data == large()
