"""A removal hides a picture first, needs no room, and is finished after a failure."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest

from progimage import keys
from progimage.errors import NotFound, PreconditionFailed, StoreFull, StoreUnavailable
from progimage.library import Library, read_record
from progimage.model import ANONYMOUS, Record, Viewer
from progimage.stores import ObjectStore
from progimage.stores.memory import MemoryStore
from tests.candidates import add


class FullStore(MemoryStore):
    """Takes nothing more once it `is_full`."""

    is_full = False

    def put(self, key, source, **options):
        if self.is_full:
            raise StoreFull("the store's disk is full")
        return super().put(key, source, **options)


class StubbornStore(MemoryStore):
    """Fails to delete keys that begin with `stuck`."""

    stuck: str | None = None

    def delete(self, key, *, expect=None):
        if self.stuck is not None and key.startswith(self.stuck):
            raise StoreUnavailable("away")
        super().delete(key, expect=expect)


def with_rendition(store: ObjectStore) -> Record:
    record = add(Library(store), b"picture")
    key = keys.rendition(record.id, "blur", "png", public=True)
    store.put(key, io.BytesIO(b"rendition"), media_type="image/png")
    return record


def test_nothing_is_left_of_a_removed_picture():
    store = MemoryStore()
    Library(store).remove(ANONYMOUS, with_rendition(store).id)
    assert [stat.key for stat in store.list("") if not stat.key.startswith("index/")] == []


def test_a_full_store_is_freed_by_a_removal():
    store = FullStore()
    record = with_rendition(store)
    store.is_full = True
    Library(store).remove(ANONYMOUS, record.id)
    for prefix in (keys.IMAGES, keys.RENDERS):
        assert list(store.list(prefix)) == []
    store.is_full = False
    assert add(Library(store), b"picture").id == record.id


@pytest.mark.parametrize("stuck", ["renders/", "images/"])
def test_nothing_public_is_left_while_a_record_is_deleting(stuck):
    store = StubbornStore()
    record = with_rendition(store)
    store.stuck = stuck
    with pytest.raises(StoreUnavailable):
        Library(store).remove(ANONYMOUS, record.id)
    is_deleting = read_record(store, record.id)[0].state == "deleting"
    assert not (is_deleting and list(store.list(keys.PUBLIC_RENDERS)))


def test_a_removal_that_failed_half_way_is_finished_later():
    store = StubbornStore()
    library = Library(store)
    record = with_rendition(store)
    store.stuck = "images/"
    with pytest.raises(StoreUnavailable):
        library.remove(ANONYMOUS, record.id)
    assert library.finish_removals() == 0
    store.stuck = None
    assert library.finish_removals() == 1
    for prefix in (keys.IMAGES, keys.RENDERS, keys.REMOVALS):
        assert list(store.list(prefix)) == []
    assert library.finish_removals() == 0


def test_a_removal_that_never_began_leaves_its_note_for_an_hour():
    store = MemoryStore()
    library = Library(store)
    record = add(library, b"picture")
    store.put(keys.removal(record.id), io.BytesIO(), media_type="")
    now = datetime.now(UTC)
    Library(store, clock=lambda: now).finish_removals()
    assert store.stat(keys.removal(record.id))
    Library(store, clock=lambda: now + timedelta(hours=2)).finish_removals()
    assert list(store.list(keys.REMOVALS)) == []
    assert library.find(ANONYMOUS, record.id) == record


def test_a_removal_of_another_version_is_not_made():
    store = MemoryStore()
    record = with_rendition(store)
    with pytest.raises(PreconditionFailed):
        Library(store).remove(ANONYMOUS, record.id, lambda _: False)
    assert Library(store).find(ANONYMOUS, record.id) == record
    assert len(list(store.list(keys.RENDERS))) == 1
    Library(store).remove(ANONYMOUS, record.id, lambda current: current == record)
    with pytest.raises(NotFound):
        Library(store).find(ANONYMOUS, record.id)


def test_a_removal_under_way_looks_to_others_as_if_the_picture_were_gone():
    store = StubbornStore()
    library = Library(store)
    record = add(library, b"picture", owner="ann")
    store.stuck = "images/"
    with pytest.raises(StoreUnavailable):
        library.remove(Viewer(name="ann"), record.id)
    store.stuck = None
    with pytest.raises(NotFound):
        library.remove(Viewer(name="ben"), record.id)
    assert list(store.list(keys.IMAGES)) == []
