"""Deleted pictures are hidden from everybody, and can be restored until their time is over."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest

from progimage import keys
from progimage.errors import Forbidden, NotFound, PreconditionFailed
from progimage.library import Library, owner_keys, read_record
from progimage.library.index.fold import fold
from progimage.library.index.index import Index
from progimage.library.search.catalogue import Catalogue
from progimage.library.search.query import Query
from progimage.maintenance.check import Check
from progimage.maintenance.erase import erase
from progimage.maintenance.trash import empty_expired
from progimage.model import ANONYMOUS, Metadata, Viewer
from progimage.stores.memory import MemoryStore
from tests.candidates import add, add_with_copies, candidate

ANN, BEN = Viewer(name="ann"), Viewer(name="ben")
MONTH = timedelta(days=30)
START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def library(store):
    return Library(store)


@pytest.fixture
def record(library):
    """A private picture of ann's."""
    fields = Metadata(title="Harbour", tags=("sea",), visibility="private")
    return add(library, b"picture", fields, "ann")


def found(store, viewer=ANN):
    waves = Catalogue(Index(store)).every(viewer, Query())
    return [record.id for wave in waves for record in wave]


def in_trash(library, owner="ann"):
    return [record.id for _, record in library.trash.list(owner)]


def findings(store, **options):
    return [finding.kind for finding in Check(store, grace=timedelta(0), **options).run()]


def test_a_deleted_picture_is_in_no_search_and_cannot_be_opened(store, library, record):
    library.trash.add(ANN, record.id, MONTH)
    assert found(store) == []
    assert in_trash(library) == [record.id]
    for viewer in (ANN, BEN, ANONYMOUS):
        with pytest.raises(NotFound):
            library.find(viewer, record.id)
    with pytest.raises(NotFound):
        library.find_for_link(record.id)
    assert findings(store) == []


def test_a_restored_picture_is_as_it_was(store, library, record):
    library.trash.add(ANN, record.id, MONTH)
    restored = library.trash.restore(ANN, record.id)
    assert restored == library.find(ANN, record.id)
    assert restored.facts() == record.facts() | {
        "revision": 3,
        "modified": restored.facts()["modified"],
    }
    assert found(store) == [record.id]
    assert in_trash(library) == []
    with library.originals.open(restored) as reader:
        assert reader.read() == b"picture"
    assert findings(store) == []


@pytest.mark.parametrize("folds", range(4))
def test_searches_follow_the_trash_however_the_index_was_folded(store, library, record, folds):
    index = Index(store)
    for number in range(3):
        if folds & 1:
            fold(index, 1)
        library.trash.add(ANN, record.id, MONTH)
        assert found(store) == [], number
        if folds & 2:
            fold(index, 1)
        library.trash.restore(ANN, record.id)
        assert found(store) == [record.id], number
    fold(index, 1)
    assert found(store) == [record.id]
    assert findings(store) == []


def test_pictures_that_another_account_deleted_cannot_be_seen_or_restored(library, record):
    with pytest.raises(NotFound):
        library.trash.add(BEN, record.id, MONTH)
    library.trash.add(ANN, record.id, MONTH)
    assert in_trash(library, "ben") == []
    for act in (library.trash.find, library.trash.restore):
        with pytest.raises(NotFound):
            act(BEN, record.id)
    with pytest.raises(NotFound):
        library.remove(BEN, record.id, from_trash=True)
    assert in_trash(library) == [record.id]


def test_a_public_picture_of_another_account_cannot_be_deleted(library):
    shown = add(library, b"picture", owner="ann")
    with pytest.raises(Forbidden):
        library.trash.add(BEN, shown.id, MONTH)


def test_only_the_expected_version_is_deleted(library, record):
    with pytest.raises(PreconditionFailed):
        library.trash.add(ANN, record.id, MONTH, lambda current: current.revision == 7)
    assert in_trash(library) == []


def test_cached_renditions_go_when_a_picture_is_deleted(store, library):
    shown = add(library, b"picture")
    key = keys.rendition(shown.id, "blur", "png", public=True)
    store.put(key, io.BytesIO(b"rendition"), media_type="image/png")
    library.trash.add(ANONYMOUS, shown.id, MONTH)
    assert list(store.list(keys.RENDERS)) == []


def test_pictures_outside_the_trash_are_not_removed_from_it(library, record):
    with pytest.raises(NotFound):
        library.remove(ANN, record.id, from_trash=True)
    library.trash.add(ANN, record.id, MONTH)
    with pytest.raises(NotFound):
        library.remove(ANN, record.id)
    library.remove(ANN, record.id, from_trash=True)
    assert in_trash(library) == []


def test_nothing_is_left_of_a_picture_that_is_removed_from_the_trash(store):
    library = Library(store)
    large = add_with_copies(store, b"picture", "ann")
    library.trash.add(ANN, large.id, MONTH)
    assert findings(store) == []
    library.remove(ANN, large.id, from_trash=True)
    assert [stat.key for stat in store.list("") if not stat.key.startswith("index/")] == []


def test_an_upload_of_the_same_bytes_restores_the_picture(store, library, record):
    library.trash.add(ANN, record.id, MONTH)
    again, is_new = library.add(candidate(b"picture", owner="ann"), Metadata(title="other"))
    assert not is_new
    assert (again.id, again.title, again.state) == (record.id, "Harbour", "live")
    assert found(store) == [record.id]
    assert in_trash(library) == []


def test_an_upload_as_private_restores_the_picture_as_private(store, library):
    public = library.add(candidate(b"boat", owner="ann"), Metadata(title="Boat"))[0]
    library.trash.add(ANN, public.id, MONTH)
    restored = library.find_or_restore(public.id, "private")
    assert restored is not None
    assert (restored.title, restored.visibility) == ("Boat", "private")
    with pytest.raises(NotFound):
        library.find(ANONYMOUS, public.id)


def test_the_last_to_be_deleted_comes_first_and_pages_go_on_behind_a_note(store):
    library = Library(store)
    ids = [add(library, bytes([number]), owner="ann").id for number in range(5)]
    for number, image_id in enumerate(ids):
        then = Library(store, clock=lambda number=number: START + timedelta(minutes=number))
        then.trash.add(ANN, image_id, MONTH)
    notes = list(library.trash.list("ann"))
    assert [record.id for _, record in notes] == ids[::-1]
    assert [record.id for _, record in library.trash.list("ann", notes[1][0])] == ids[2::-1]


class TestGc:
    def test_a_picture_is_removed_when_its_time_is_over_and_not_before(self, store, record):
        then = Library(store, clock=lambda: START)
        then.trash.add(ANN, record.id, MONTH)
        before, after = START + MONTH - timedelta(seconds=1), START + MONTH
        assert empty_expired(store, then, clock=lambda: before) == 0
        assert in_trash(then) == [record.id]
        assert empty_expired(store, None, clock=lambda: after) == 1
        assert in_trash(then) == [record.id]
        assert empty_expired(store, then, clock=lambda: after) == 1
        assert list(store.list(keys.IMAGES)) == []
        assert list(store.list(owner_keys.TRASH)) == []

    def test_a_picture_that_was_restored_and_deleted_again_stays(self, store, record):
        then = Library(store, clock=lambda: START)
        then.trash.add(ANN, record.id, MONTH)

        class Slow(Library):
            def remove(self, viewer, image_id, is_expected=lambda _: True, *, from_trash=False):
                self.trash.restore(ANN, image_id)
                self.trash.add(ANN, image_id, MONTH)
                super().remove(viewer, image_id, is_expected, from_trash=from_trash)

        empty_expired(store, Slow(store), clock=lambda: START + MONTH)
        assert in_trash(then) == [record.id]

    def test_a_note_that_means_nothing_goes_after_an_hour(self, store, library, record):
        key = owner_keys.trash_note("ann", START, record.id)
        store.put(key, io.BytesIO(), media_type="application/x-empty")
        empty_expired(store, library)
        assert [stat.key for stat in store.list(owner_keys.TRASH)] == [key]
        later = datetime.now(UTC) + timedelta(hours=2)
        empty_expired(store, library, clock=lambda: later)
        assert list(store.list(owner_keys.TRASH)) == []
        assert found(store) == [record.id]


class TestCheck:
    def test_a_note_without_a_picture_is_found_and_removed(self, store, library, record):
        key = owner_keys.trash_note("ann", START, record.id)
        store.put(key, io.BytesIO(), media_type="application/x-empty")
        assert findings(store) == ["note without trash"]
        assert findings(store, repair=True) == ["note without trash"]
        assert findings(store) == []

    def test_a_picture_in_the_trash_that_lost_its_note_gets_it_back(self, store, library, record):
        library.trash.add(ANN, record.id, MONTH)
        for stat in list(store.list(owner_keys.TRASH)):
            store.delete(stat.key)
        assert findings(store, repair=True) == ["trash without note"]
        assert in_trash(library) == [record.id]

    def test_an_unknown_key_and_a_damaged_original_are_named(self, store, library, record):
        library.trash.add(ANN, record.id, MONTH)
        store.delete(keys.original(record.id, record.generation))
        store.put("trash/ann/odd", io.BytesIO(), media_type="application/x-empty")
        assert sorted(findings(store)) == ["missing original", "unknown key"]


def test_nothing_of_an_erased_account_stays_in_the_trash(store, library, record):
    library.trash.add(ANN, record.id, MONTH)
    assert [item.name for item in erase(store, "ann")] == [record.id]
    assert [stat.key for stat in store.list("") if not stat.key.startswith("index/")] == []


def test_of_a_deletion_and_an_edit_at_the_same_time_both_happen(store, record):
    """The edit comes between the reading of the record and its swap."""

    library = Library(store)
    put, edits = store.put, []

    def edit_first(key, source, **options):
        if key == keys.record(record.id) and not edits:
            edits.append(key)
            Library(store).edit(ANN, record.id, {"title": "Port"}, lambda _: True)
        return put(key, source, **options)

    store.put = edit_first
    library.trash.add(ANN, record.id, MONTH)
    del store.put
    stored = read_record(store, record.id)[0]
    assert (stored.state, stored.title) == ("trashed", "Port")
    assert in_trash(library) == [record.id]
