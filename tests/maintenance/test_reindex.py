"""The index can be built from the records, and repaired, at any time, while all goes on."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest

from progimage import keys
from progimage.errors import NotFound
from progimage.library import Library, read_record
from progimage.library.index.fold import fold
from progimage.library.index.index import Index
from progimage.library.index.keys import INDEX, MANIFEST
from progimage.library.index.rebuild import rebuild
from progimage.library.search.catalogue import Catalogue
from progimage.library.search.query import Query
from progimage.maintenance.check import Check
from progimage.maintenance.reindex import Reindexed, reindex
from progimage.model import ANONYMOUS, Metadata, Record, Viewer
from progimage.stores import ObjectStore
from progimage.stores.memory import MemoryStore
from tests.candidates import add, id_of
from tests.schedules import every_schedule, play
from tests.system.s3.real import empty_store

ANN = Viewer(name="ann")
NOW = timedelta(0)


@pytest.fixture
def store() -> ObjectStore:
    return empty_store()


@pytest.fixture
def records(store) -> list[Record]:
    """Two pictures, one of them private, newest first."""
    library = Library(store)
    found = [
        add(library, b"1", Metadata(title="Sunset at sea", tags=("Sea", "été"))),
        add(library, b"2", Metadata(tags=("sea",), visibility="private"), "ann"),
    ]
    return found[::-1]


@pytest.fixture(params=["announced", "in shelves"], autouse=True)
def is_folded(request, store, records) -> bool:
    if request.param == "in shelves":
        fold(Index(store), 1)
    return request.param == "in shelves"


def seen(store: ObjectStore) -> list[Record]:
    return Catalogue(Index(store)).first(ANN, Query(), 10).records


def put(store: ObjectStore, record: Record) -> None:
    store.put(keys.record(record.id), io.BytesIO(record.to_json()), media_type="")


def lose_index(store: ObjectStore) -> None:
    for stat in list(store.list(INDEX)):
        store.delete(stat.key)


def kinds(store: ObjectStore, *, repair: bool = False) -> list[str]:
    return [finding.kind for finding in Check(store, repair=repair, grace=NOW).run()]


def test_an_index_that_is_right_stays_as_it_is(store, records):
    assert reindex(Index(store)) == Reindexed()
    assert seen(store) == records
    assert kinds(store) == []


def test_a_lost_index_is_built_whole(store, records):
    lose_index(store)
    assert reindex(Index(store)) == Reindexed(built=2)
    assert seen(store) == records
    assert kinds(store) == []


def test_the_index_of_an_older_version_is_replaced_and_removed(store, records):
    lose_index(store)
    old = ["index/public/all/0" + "0" * 18 + "-" + "a" * 64, "index/private:ann/tag-names/se/sea"]
    for key in old:
        store.put(key, io.BytesIO(), media_type="")
    assert reindex(Index(store)) == Reindexed(built=2, old_keys=2)
    assert seen(store) == records
    assert kinds(store) == []


def test_an_index_can_be_rebuilt_from_any_state(store, records):
    fold(Index(store), 1)
    for stat in list(store.list("index/shelves/")):
        store.put(stat.key, io.BytesIO(b"rot"), media_type="")
    assert reindex(Index(store), from_scratch=True) == Reindexed(built=2)
    assert seen(store) == records


def test_an_index_of_many_pictures_has_many_shelves(store, records):
    library = Library(store)
    for number in range(40):
        add(library, b"many %d" % number)
    expected = seen_by_pages(store)
    lose_index(store)
    index = Index(store)
    assert rebuild(index, most=16) == 42
    assert [row.base.entries for row in index.view().manifest.rows] == [16, 16, 10]
    assert seen_by_pages(store) == expected


def seen_by_pages(store: ObjectStore) -> list[Record]:
    return [r for wave in Catalogue(Index(store)).every(ANN, Query()) for r in wave]


def test_a_picture_that_searches_miss_is_found_and_repaired(store, records):
    """Its announcement was lost before it was folded."""
    missed = add(Library(store), b"3")
    for stat in list(store.list("index/live/")):
        if missed.id in stat.key:
            store.delete(stat.key)
    assert seen(store) == records
    assert kinds(store) == ["not in the index"]
    assert kinds(store, repair=True) == ["not in the index"]
    assert kinds(store) == []
    assert seen(store) == [missed, *records]


def test_a_picture_without_a_record_goes_from_the_index(store, records):
    fold(Index(store), 1)
    stray = records[0]
    store.delete(keys.record(stray.id))
    store.delete(keys.original(stray.id, stray.generation))
    assert seen(store) == records
    assert kinds(store) == ["only in the index"]
    assert kinds(store, repair=True) == ["only in the index"]
    assert kinds(store) == []
    assert seen(store) == records[1:]


def test_a_record_that_was_edited_by_hand_is_found_as_it_is_after_a_repair(store, records):
    fold(Index(store), 1)
    changed = records[1].model_copy(update={"title": "Changed by hand"})
    put(store, changed)
    assert kinds(store, repair=True) == ["not in the index"]
    [found] = [record for record in seen(store) if record.id == changed.id]
    assert (found.title, found.revision) == ("Changed by hand", 2)
    assert found == read_record(store, changed.id)[0]
    assert kinds(store) == []


def test_a_record_that_was_restored_from_a_back_up_counts_again(store, records):
    library, image_id = Library(store), records[1].id
    for title in ("one", "two"):
        library.edit(ANONYMOUS, image_id, {"title": title}, lambda current: True)
    fold(Index(store), 1)
    put(store, records[1])
    assert reindex(Index(store)).added == 1
    [found] = [record for record in seen(store) if record.id == image_id]
    assert (found.title, found.revision) == (records[1].title, 4)


def test_a_record_that_comes_back_after_a_repair_is_found_again(store, records):
    """The index knows by then that it was gone."""
    lost = records[1]
    fold(Index(store), 1)
    store.delete(keys.record(lost.id))
    assert "only in the index" in kinds(store, repair=True)
    assert seen(store) == records[:1]
    put(store, lost)
    assert reindex(Index(store)).added == 1
    [found] = [record for record in seen(store) if record.id == lost.id]
    assert found.tags == lost.tags
    fold(Index(store), 1)
    assert found in seen(store)


def test_announced_pictures_that_are_not_written_yet_are_spared(store, records):
    coming = records[0].model_copy(update={"id": "f" * 64, "generation": "0" * 16})
    Index(store).announce(coming)
    assert list(Check(store, repair=True).run()) == []
    assert kinds(store, repair=True) == ["announcement without record"]
    assert kinds(store) == []


def test_a_damaged_record_stays_damage_for_check(store, records):
    store.put(keys.record(records[1].id), io.BytesIO(b"{"), media_type="")
    assert kinds(store, repair=True) == ["damaged record"]


@pytest.mark.parametrize("key", ["index/x", "index/live/0123-abc", "index/shelves/x"])
def test_a_key_that_is_not_the_index_s_is_reported_and_stays(store, key):
    store.put(key, io.BytesIO(), media_type="")
    assert kinds(store, repair=True) == ["unknown key"]
    assert store.stat(key)


def is_step(key: str) -> bool:
    return key.startswith(INDEX) or key.endswith("record.json")


@pytest.mark.parametrize("change", ["upload", "edit", "remove"])
@pytest.mark.parametrize("is_lost", [True, False], ids=["index lost", "index whole"])
def test_no_order_of_reindexing_and_a_change_leaves_searches_wrong(is_lost, change, is_folded):
    if is_folded:
        return  # the orders do not depend on it

    def run(choices: list[int]) -> list[int]:
        store = MemoryStore()
        library = Library(store)
        record = add(library, b"1", Metadata(tags=("a",)))
        library.find(ANONYMOUS, record.id)
        fold(Index(store), 1)

        def build(store: ObjectStore) -> None:
            reindex(Index(store), from_scratch=is_lost)

        def act(store: ObjectStore) -> None:
            # This process has begun while there was an index.
            library = Library(store, index=index_of(store))
            if change == "upload":
                add(library, b"2")
            elif change == "edit":
                library.edit(ANONYMOUS, record.id, {"tags": ["b"]}, lambda current: True)
            else:
                library.remove(ANONYMOUS, record.id)

        width = play(store, (build, act), choices, is_step, leaves_off=True)
        assert store.stat(MANIFEST)
        live = {
            found.id: found
            for picture in (b"1", b"2")
            for found in (_record(store, id_of(picture)),)
            if found is not None
        }
        for _ in range(2):
            assert {r.id: r for r in seen(store)} == live
            fold(Index(store), 1)
        return width

    assert every_schedule(run, switches=2) > 10


def index_of(store: ObjectStore) -> Index:
    index = Index(store)
    index._is_there = True
    return index


def _record(store: ObjectStore, image_id: str) -> Record | None:
    try:
        record, _ = read_record(store, image_id)
    except NotFound:
        return None
    return record if record.state == "live" else None
