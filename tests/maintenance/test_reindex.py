"""The index can be rebuilt from the records at any time, by whoever likes, while all goes on."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest

from progimage import keys
from progimage.library import Library
from progimage.library.index import layout
from progimage.library.index.index import Index, postings_of
from progimage.maintenance.check import Check
from progimage.maintenance.reindex import reindex
from progimage.model import ANYBODY, Metadata
from progimage.stores import ObjectStore
from progimage.stores.memory import MemoryStore
from tests.candidates import add, candidate
from tests.schedules import every_schedule, play
from tests.system.s3.real import empty_store

NOW = timedelta(0)


@pytest.fixture
def store() -> ObjectStore:
    return empty_store()


@pytest.fixture
def markers(store) -> set[str]:
    """The index of two pictures, one of them private, as uploads leave it."""
    add(Library(store), b"1", Metadata(title="Sunset at sea", tags=("Sea", "été")))
    add(Library(store), b"2", Metadata(tags=("sea",), visibility="private"), "ann")
    return markers_of(store)


def markers_of(store: ObjectStore) -> set[str]:
    return {stat.key for stat in store.list(layout.INDEX)}


def put(store: ObjectStore, key: str) -> None:
    store.put(key, io.BytesIO(), media_type="")


def kinds(findings) -> set[str]:
    return {finding.kind for finding in findings}


def test_an_index_that_is_right_stays_as_it_is(store, markers):
    assert list(reindex(store, grace=NOW)) == []
    assert markers_of(store) == markers


def test_a_lost_index_comes_back_whole(store, markers):
    for key in markers:
        store.delete(key)
    assert kinds(reindex(store)) == {"missing marker"}
    assert markers_of(store) == markers


def test_any_single_lost_marker_is_found_and_comes_back(store, markers):
    for key in sorted(markers):
        store.delete(key)
        assert kinds(Check(store).run()) == {"missing marker"}, key
        assert kinds(Check(store, repair=True).run()) == {"missing marker"}
        assert markers_of(store) == markers


def test_markers_that_no_record_needs_go(store, markers):
    record = add(Library(store), b"3", Metadata(tags=("gone",)))
    store.delete(keys.record(record.id))
    assert kinds(reindex(store, grace=NOW)) == {"stray marker"}
    assert markers_of(store) == markers


def test_a_marker_of_another_upload_of_the_same_picture_is_stray(store, markers):
    record = add(Library(store), b"1")
    earlier = record.model_copy(update={"created": record.created - timedelta(days=1)})
    Index(store).write(postings_of(earlier))
    assert kinds(reindex(store, grace=NOW)) == {"stray marker"}
    assert markers_of(store) == markers


def test_a_marker_on_a_level_where_nobody_reads_is_moved(store, markers):
    """As after a folder store was copied into a bucket."""
    record = add(Library(store), b"1")
    posting = next(posting for posting in postings_of(record) if posting.facet.kind == "all")
    put(store, layout.key_of(posting, 2))
    store.delete(layout.key_of(posting, 0))
    assert kinds(reindex(store, grace=NOW)) == {"missing marker", "stray marker"}
    assert markers_of(store) == markers


def test_markers_of_an_upload_in_flight_are_spared(store, markers):
    record = add(Library(store), b"3", Metadata(tags=("new",)))
    store.delete(keys.record(record.id))
    before = markers_of(store)
    assert list(reindex(store)) == []
    assert markers_of(store) == before


def test_of_a_damaged_record_every_marker_stays(store, markers):
    record = add(Library(store), b"1")
    store.put(keys.record(record.id), io.BytesIO(b"{"), media_type="")
    assert list(reindex(store, grace=NOW)) == []
    assert markers_of(store) == markers


@pytest.mark.parametrize(
    "key", ["index/public/all/1", "index/x", "index/public/tags/sea/0123-abc", "index/a/b/c/d"]
)
def test_a_key_that_is_no_marker_is_reported_and_stays(store, markers, key):
    put(store, key)
    assert kinds(Check(store, repair=True, grace=NOW).run()) == {"unknown key"}
    assert store.stat(key)


def test_a_damaged_record_stays_damage_for_check(store, markers):
    record = add(Library(store), b"1")
    store.put(keys.record(record.id), io.BytesIO(b"{"), media_type="")
    assert kinds(Check(store, repair=True, grace=NOW).run()) == {"damaged record"}


def touches_tags_or_record(key: str) -> bool:
    return "/tags/" in key or "/tag-names/" in key or key.endswith("record.json")


@pytest.mark.parametrize("lost", [True, False], ids=["index lost", "index whole"])
def test_no_order_of_reindexing_and_an_edit_leaves_a_picture_unlisted(lost):
    def rebuild(store: ObjectStore) -> None:
        later = datetime.now(UTC) + timedelta(hours=2)
        list(reindex(store, clock=lambda: later))

    def run(choices: list[int]) -> list[int]:
        store = MemoryStore()
        content = candidate(b"1", file_name="")
        record, _ = Library(store).add(content, Metadata(tags=("a", "b")))
        if lost:
            for key in markers_of(store):
                store.delete(key)

        def edit(store: ObjectStore) -> None:
            changes = {"tags": ["b", "c"]}
            Library(store).edit(ANYBODY, record.id, changes, lambda current: True)

        width = play(store, (rebuild, edit), choices, touches_tags_or_record)
        for posting in postings_of(Library(store).find(ANYBODY, record.id)):
            assert Index(store).has(posting), posting
            assert Index(store).is_known(posting.scope, posting.facet), posting
        return width

    assert every_schedule(run, switches=2) > 10
