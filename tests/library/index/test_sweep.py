"""Announcements and shelves go when they are not needed any more."""

from __future__ import annotations

from datetime import timedelta

from progimage.library import Library
from progimage.library.index.fold import fold
from progimage.library.index.index import GRACE, Index
from progimage.library.index.keys import SHELVES
from progimage.library.index.opening import open_index
from progimage.library.index.sweep import remove_retired, sweep, unsettled
from progimage.library.search.catalogue import Catalogue
from progimage.library.search.query import Query
from progimage.model import ANONYMOUS
from progimage.stores.folder.store import FilesystemStore
from tests.candidates import id_of
from tests.library.index.filled import NOW, announcements, fill, ids


def test_announcements_go_when_they_have_been_in_shelves_for_a_while(store, library):
    fill(library, range(3))
    seconds = [0.0]
    index = Index(store, seconds=lambda: seconds[0])
    fold(index, 1)
    for passed, left in ((0.0, 3), (4.9, 3), (5.1, 0)):
        seconds[0] = passed
        sweep(index)
        assert len(announcements(store)) == left
    assert len(ids(store)) == 3


def test_in_a_local_folder_announcements_go_as_soon_as_they_are_in_shelves(tmp_path):
    """A search there reads the manifest after the listing, so it misses none of them."""
    store = FilesystemStore(tmp_path)
    index, searching = open_index(store, f"file://{tmp_path}"), Index(store)
    fill(Library(store, index=index), range(3))
    assert len(searching.view().states) == 3
    assert fold(index, 1) == "published"
    sweep(index)
    assert announcements(store) == []
    assert len(Catalogue(searching).first(ANONYMOUS, Query(), 10).records) == 3


def test_an_announcement_of_a_dead_upload_is_given_up_after_an_hour(store, library):
    fill(library, range(1))
    record = library.find(ANONYMOUS, id_of(b"0"))
    Index(store).announce(record.model_copy(update={"revision": 2}))
    index = Index(store)
    fold(index, 1)
    assert unsettled(index.view(), GRACE) == []
    assert len(unsettled(index.view(), NOW)) == 1
    sweep(index, NOW)
    assert len(announcements(store)) == 1  # that of the upload, which is in no shelf yet
    assert ids(store) == [record.id]


def test_replaced_shelves_stay_for_those_who_search_by_an_old_manifest(store, library):
    index, searching = Index(store), Index(store)
    fill(library, range(3))
    fold(index, 1)
    old = searching.view()
    fill(library, range(3, 6))
    fold(index, 1)
    assert len(list(store.list(SHELVES))) == 2
    assert len(old.parts[0].range.patch.tombs) == 0
    assert remove_retired(index, timedelta(minutes=30)) == 0
    assert remove_retired(index, NOW) == 1
    assert len(list(store.list(SHELVES))) == 1
    assert len(ids(store)) == 6
