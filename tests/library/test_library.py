"""The library's rules, on a store in memory."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any, BinaryIO

import pytest

from progimage import keys
from progimage.errors import DamagedRecord, InvalidField, NotFound, PreconditionFailed
from progimage.library import Library, can_see
from progimage.library.index.index import Index
from progimage.library.index.keys import announcement
from progimage.model import ANONYMOUS, Metadata, Record, Viewer
from progimage.stores import ObjectStore, Stat
from progimage.stores.memory import MemoryStore
from tests.candidates import add, candidate, id_of
from tests.stored import keys_outside_index
from tests.system.s3.real import empty_store

PICTURE = b"pretend these are pixels"
ANN = Viewer(name="ann")


@pytest.fixture
def store() -> ObjectStore:
    return empty_store()


@pytest.fixture
def library(store) -> Library:
    return Library(store)


def test_the_id_is_the_sha256_of_the_bytes(library):
    assert add(library, PICTURE).id == id_of(PICTURE)


def test_an_added_picture_is_found_with_its_bytes(library):
    record = add(library, PICTURE, Metadata(title="Sunset"))
    assert library.find(ANONYMOUS, record.id) == record
    assert record.title == "Sunset"
    with library.originals.open(record) as reader:
        assert reader.read() == PICTURE


def test_adding_the_same_bytes_again_changes_nothing(library, store):
    first = add(library, PICTURE, Metadata(title="Sunset"))
    before = [stat.key for stat in store.list("")]
    again, is_new = library.add(candidate(PICTURE), Metadata(title="Other"))
    assert (again, is_new) == (first, False)
    assert [stat.key for stat in store.list("")] == before


def test_many_adding_the_same_bytes_at_once_make_one_picture(library, store):
    with ThreadPoolExecutor(16) as threads:
        added = list(threads.map(lambda _: library.add(candidate(PICTURE), Metadata()), range(64)))
    assert sum(is_new for _, is_new in added) == 1
    assert len({record.generation for record, _ in added}) == 1
    assert len(list(store.list(keys.IMAGES))) == 2


def test_a_missing_picture_added_by_another_since_does_not_hide_the_others(library, store):
    first = add(library, PICTURE, Metadata(title="Sunset"))
    before = [stat.key for stat in store.list("")]
    late = library.add(candidate(PICTURE), Metadata(title="Other"), is_absent=True)
    assert late == (first, False)
    assert [stat.key for stat in store.list("")] == before


class TwoAtOnce(MemoryStore):
    """Ends neither the put of an original nor that of an announcement before both have begun."""

    def __init__(self) -> None:
        super().__init__()
        self._both = Barrier(2)

    def put(self, key: str, source: BinaryIO, **kwargs: Any) -> Stat:
        if "/original-" in key or announcement(key):
            self._both.wait(timeout=60)
        return super().put(key, source, **kwargs)


def test_original_and_announcement_are_written_side_by_side():
    store = TwoAtOnce()
    with ThreadPoolExecutor(1) as threads:
        library = Library(store, index=Index(store, threads))
        assert library.find(ANONYMOUS, add(library, PICTURE).id)


def test_a_missing_object_is_not_found(library):
    with pytest.raises(NotFound):
        library.find(ANONYMOUS, id_of(b"never added"))


@pytest.mark.parametrize(
    "odd", ["", "x", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 65, "é" * 64]
)
def test_a_malformed_id_is_not_found_either(library, odd):
    with pytest.raises(NotFound):
        library.find(ANONYMOUS, odd)


def test_a_private_picture_looks_missing_to_others(library):
    record = add(library, PICTURE, Metadata(visibility="private"), "ann")
    stranger = Viewer(name="eve")
    with pytest.raises(NotFound) as hidden:
        library.find(stranger, record.id)
    library.remove(ANN, record.id)
    with pytest.raises(NotFound) as missing:
        library.find(stranger, record.id)
    assert str(hidden.value) == str(missing.value)


def test_others_can_neither_edit_nor_remove_a_private_picture(library):
    record = add(library, PICTURE, Metadata(visibility="private"), "ann")
    stranger = Viewer(name="eve")
    with pytest.raises(NotFound):
        library.edit(stranger, record.id, {"title": "mine"}, lambda current: True)
    with pytest.raises(NotFound):
        library.remove(stranger, record.id)
    assert library.find(ANN, record.id) == record


def test_a_picture_that_is_being_deleted_is_invisible(library):
    record = add(library, PICTURE).model_copy(update={"state": "deleting"})
    assert not can_see(ANONYMOUS, record)


def test_an_edit_lays_changes_over_and_counts_the_revision(library):
    record = add(library, PICTURE, Metadata(title="Sunset", tags=("sea", "sky")))
    edited = library.edit(
        ANONYMOUS, record.id, {"title": "Dusk", "tags": None}, lambda current: True
    )
    assert (edited.title, edited.tags, edited.revision) == ("Dusk", (), 2)
    assert edited.modified > record.modified
    assert library.find(ANONYMOUS, record.id) == edited


def test_an_edit_that_changes_nothing_is_no_new_revision(library):
    record = add(library, PICTURE, Metadata(title="Sunset"))
    assert library.edit(ANONYMOUS, record.id, {"title": "Sunset"}, lambda current: True) == record


def test_an_edit_of_an_old_version_is_refused(library):
    record = add(library, PICTURE)
    library.edit(ANONYMOUS, record.id, {"title": "First"}, lambda current: current == record)
    with pytest.raises(PreconditionFailed):
        library.edit(ANONYMOUS, record.id, {"title": "Second"}, lambda current: current == record)
    assert library.find(ANONYMOUS, record.id).title == "First"


def test_no_update_is_lost_among_concurrent_editors(library):
    """Each editor reads the title, appends one letter, and tries again when beaten."""
    image_id = add(library, PICTURE).id

    def append_letter(letter: str) -> None:
        while True:
            seen = library.find(ANONYMOUS, image_id)
            try:
                library.edit(
                    ANONYMOUS,
                    image_id,
                    {"title": seen.title + letter},
                    lambda current, seen=seen: current.revision == seen.revision,
                )
            except PreconditionFailed:
                continue
            return

    letters = "abcdefghijkl"
    with ThreadPoolExecutor(len(letters)) as threads:
        list(threads.map(append_letter, letters))
    record = library.find(ANONYMOUS, image_id)
    assert sorted(record.title) == sorted(letters)
    assert record.revision == 1 + len(letters)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"owner": "eve"}, "owner: no such field"),
        ({"id": "0" * 64}, "id: no such field"),
        ({"title": 7}, "title: should be a valid string"),
        ({"title": "x" * 201}, "title: String should have at most 200 characters"),
        ({"title": "a\nb"}, "title: must be one line"),
        ({"description": "a\x00b"}, "description: must not contain the control character U+0000"),
        ({"tags": ["x"] * 3 + [" "]}, "tags.3: must not be empty"),
        ({"rights": "CC-BY"}, "rights: must be the URI of a licence or a rights statement"),
        ({"rights": "javascript:alert(1)"}, "rights: must be the URI"),
        ({"visibility": "secret"}, "visibility: should be 'public' or 'private'"),
    ],
)
def test_a_malformed_edit_names_the_field_and_what_would_work(library, changes, complaint):
    record = add(library, PICTURE)
    with pytest.raises(InvalidField) as error:
        library.edit(ANONYMOUS, record.id, changes, lambda current: True)
    assert complaint in str(error.value)
    assert library.find(ANONYMOUS, record.id) == record


def test_a_removed_picture_leaves_nothing_behind(library, store):
    record = add(library, PICTURE)
    for public in (True, False):
        key = keys.rendition(record.id, "blur", "jpg", public=public)
        store.put(key, io.BytesIO(b"cached"), media_type="image/jpeg")
    library.remove(ANONYMOUS, record.id)
    assert keys_outside_index(store) == set()
    with pytest.raises(NotFound):
        library.remove(ANONYMOUS, record.id)


def test_a_purge_spares_the_picture_and_all_others(library, store):
    ours, other = add(library, PICTURE), add(library, b"another")
    for record in (ours, other):
        for engine in ("1", "0"):
            key = f"{keys.renditions(record.id, public=True)}{engine}/blur.jpg"
            store.put(key, io.BytesIO(b"cached"), media_type="image/jpeg")
    assert library.purge(ours.id) == 2
    assert library.find(ANONYMOUS, ours.id) == ours
    assert len(list(store.list(keys.renditions(other.id, public=True)))) == 2


def test_turning_a_picture_private_purges_its_public_renditions(library, store):
    record = add(library, PICTURE, owner="ann")
    key = keys.rendition(record.id, "blur", "jpg", public=True)
    store.put(key, io.BytesIO(b"cached"), media_type="image/jpeg")
    library.edit(ANN, record.id, {"visibility": "private"}, lambda current: True)
    assert list(store.list(keys.RENDERS)) == []


@pytest.mark.parametrize("is_conditional", [False, True])
def test_hiding_a_picture_again_finishes_what_a_crash_cut_short(library, store, is_conditional):
    """A client without an answer asks again, and must not hear that all is done."""
    record = add(library, PICTURE, owner="ann")
    key = keys.rendition(record.id, "blur", "jpg", public=True)
    store.put(key, io.BytesIO(b"cached"), media_type="image/jpeg")
    hidden = record.model_copy(update={"visibility": "private", "revision": 2})
    data = io.BytesIO(hidden.to_json())
    store.put(keys.record(record.id), data, media_type="application/json")
    with pytest.raises(PreconditionFailed) if is_conditional else nullcontext():
        library.edit(
            ANN,
            record.id,
            {"visibility": "private"},
            lambda current: current == record or not is_conditional,
        )
    assert list(store.list(keys.PUBLIC_RENDERS)) == []


def test_an_edit_is_never_dated_before_what_it_changes(store):
    now = datetime(2026, 11, 21, tzinfo=UTC)
    record = add(Library(store, clock=lambda: now), PICTURE)
    behind = Library(store, clock=lambda: now - timedelta(minutes=10))
    first = behind.edit(ANONYMOUS, record.id, {"title": "First"}, lambda current: True)
    second = behind.edit(ANONYMOUS, record.id, {"title": "Second"}, lambda current: True)
    assert record.created == record.modified < first.modified < second.modified


def test_an_upload_finishes_a_removal_that_was_cut_short(library, store):
    record = add(library, PICTURE, Metadata(title="Old"))
    deleting = record.model_copy(update={"state": "deleting"})
    store.put(keys.record(record.id), io.BytesIO(deleting.to_json()), media_type="application/json")
    again, is_new = library.add(candidate(PICTURE), Metadata(title="New"))
    assert is_new
    assert again.title == "New"
    assert len(list(store.list(keys.IMAGES))) == 2


def test_a_damaged_record_is_reported_as_such(library, store):
    record = add(library, PICTURE)
    store.put(keys.record(record.id), io.BytesIO(b"{half"), media_type="application/json")
    with pytest.raises(DamagedRecord):
        library.find(ANONYMOUS, record.id)


def test_fields_of_a_newer_version_survive_an_edit_by_an_older_one(library, store):
    record = add(library, PICTURE)
    newer = Record.model_validate({**record.model_dump(), "licence": "CC0"})
    store.put(keys.record(record.id), io.BytesIO(newer.to_json()), media_type="application/json")
    library.edit(ANONYMOUS, record.id, {"title": "Dusk"}, lambda current: True)
    with store.open(keys.record(record.id)) as reader:
        assert b'"licence": "CC0"' in reader.read()


def test_facts_for_callers_keep_the_stores_own_affairs_back(library):
    facts = add(library, PICTURE).facts()
    assert not {"generation", "state"} & facts.keys()
    assert facts["sha256"] == id_of(PICTURE)
