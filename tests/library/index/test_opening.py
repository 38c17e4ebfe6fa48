"""An index that is new, missing, or goes."""

from __future__ import annotations

import pytest

from progimage import keys
from progimage.errors import IndexMissing
from progimage.library import Library
from progimage.library.index.index import Index
from progimage.library.index.keys import MANIFEST
from progimage.model import Metadata
from progimage.stores.memory import MemoryStore
from tests.candidates import add, candidate
from tests.library.index.filled import fill, ids


def test_a_store_with_pictures_and_without_an_index_is_refused(store, library):
    fill(library, range(2))
    store.delete(MANIFEST)
    for act in (Index(store).view, Index(store).require):
        with pytest.raises(IndexMissing, match="progimage reindex"):
            act()
    with pytest.raises(IndexMissing):
        Library(store).add(candidate(b"new"), Metadata())
    assert len(list(store.list(keys.IMAGES))) == 4


def test_two_processes_that_begin_with_a_new_store_at_once_both_serve(store):
    """One has uploaded a picture between two looks of the other."""

    class Meanwhile(MemoryStore):
        has_looked = False

        def stat(self, key):
            try:
                return super().stat(key)
            finally:
                if not self.has_looked:
                    self.has_looked = True
                    add(Library(self), b"first")

    assert len(ids(Meanwhile())) == 1


def test_an_index_that_goes_while_a_process_runs_is_missed(store, library):
    fill(library, range(2))
    index = Index(store)
    index.view()
    store.delete(MANIFEST)
    with pytest.raises(IndexMissing):
        index.view()
