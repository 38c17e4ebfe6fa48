"""An index that others change at the same time."""

from __future__ import annotations

import itertools

import pytest

from progimage.errors import StoreUnavailable
from progimage.library import Library
from progimage.library.index.fold import fold
from progimage.library.index.index import Index
from progimage.library.index.keys import LIVE
from progimage.library.index.sweep import remove_retired
from progimage.library.search.catalogue import Catalogue
from progimage.library.search.query import Query
from progimage.model import ANONYMOUS, Metadata
from progimage.stores.memory import MemoryStore
from tests.candidates import candidate, id_of
from tests.library.index.filled import NOW, announcements, fill


def test_a_writer_that_took_too_long_announces_again(store):
    seconds = itertools.count(0, 1_801)
    library = Library(store, index=Index(store, seconds=lambda: float(next(seconds))))
    library.add(candidate(b"slow"), Metadata())
    assert len(announcements(store)) == 2


def test_an_upload_that_lost_leaves_no_announcement(store, library):
    fill(library, range(1))
    before = announcements(store)
    assert not library.add(candidate(b"0"), Metadata(), is_absent=True)[1]
    assert announcements(store) == before


def test_a_search_that_meets_a_removed_shelf_begins_again(store, library):
    fill(library, range(3))
    fold(Index(store), 1)
    catalogue = Catalogue(searching := Index(store))
    searching.view()
    fill(library, range(3, 6))

    class Meanwhile(Index):
        """Others fold and forget between the listing and the first look into a shelf."""

        has_acted = False

        def view(self):
            view = searching.view()
            if not self.has_acted:
                self.has_acted = True
                index = Index(store)
                fold(index, 1)
                remove_retired(index, NOW)
            return view

    catalogue = Catalogue(Meanwhile(store))
    assert len(catalogue.first(ANONYMOUS, Query(), 10).records) == 6


def test_a_process_that_slept_while_others_folded_finds_its_way(store, library):
    """Of all shelves that it knew, none is left."""
    sleeper = Catalogue(Index(store))
    fill(library, range(3))
    fold(Index(store), 1)
    assert len(sleeper.first(ANONYMOUS, Query(), 10).records) == 3
    library.edit(ANONYMOUS, id_of(b"1"), {"title": "other"}, lambda current: True)
    fold(Index(store), 1)
    remove_retired(Index(store), NOW)
    fill(library, range(3, 6))
    assert len(sleeper.first(ANONYMOUS, Query(), 10).records) == 6


def test_a_failed_listing_fails_those_who_waited_for_it_and_not_the_next(store, library):
    class Failing(MemoryStore):
        is_failing = True

        def list(self, prefix: str, after: str = ""):
            if self.is_failing and prefix == LIVE:
                raise StoreUnavailable("gone")
            return super().list(prefix, after)

    failing = Failing()
    index = Index(failing)
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            index.view()
    failing.is_failing = False
    assert index.view().announced == {}
