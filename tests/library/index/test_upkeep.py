"""Folding, merging and sweeping: bounded, harmless when they lose, and complete in the end."""

from __future__ import annotations

import io
import itertools
import sys
from datetime import timedelta
from typing import Any

import pytest

from progimage import keys
from progimage.errors import IndexMissing, StoreUnavailable
from progimage.library import Library
from progimage.library.index import manifest, publish
from progimage.library.index.fold import fold
from progimage.library.index.index import GRACE, Index
from progimage.library.index.keeper import Keeper
from progimage.library.index.keys import LIVE, MANIFEST, SHELVES, announcement
from progimage.library.index.manifest import Row, ShelfInfo
from progimage.library.index.opening import open_index
from progimage.library.index.shelf_writer import merged_bytes
from progimage.library.index.sweep import remove_retired, remove_unnamed, sweep, unsettled
from progimage.library.index.tidy import find_run, rewrite, tidy
from progimage.library.search.catalogue import Catalogue
from progimage.library.search.query import Query
from progimage.model import ANONYMOUS, Metadata
from progimage.stores import ObjectStore
from progimage.stores.folder.store import FilesystemStore
from progimage.stores.memory import MemoryStore
from tests.candidates import add, candidate, id_of

NOW = timedelta(0)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def library(store) -> Library:
    return Library(store)


def fill(library: Library, numbers: range) -> None:
    for number in numbers:
        add(library, b"%d" % number, Metadata(tags=("sea",), title=f"n{number}"))


def ids(store: ObjectStore) -> list[str]:
    return [
        record.id for record in Catalogue(Index(store)).first(ANONYMOUS, Query(), 1_000).records
    ]


def announcements(store: ObjectStore) -> list[str]:
    return [stat.key for stat in store.list(LIVE) if announcement(stat.key)]


def test_few_changes_are_not_worth_a_fold(store, library):
    fill(library, range(3))
    assert fold(Index(store), 4) == "nothing to do"
    assert fold(Index(store), 3) == "published"
    assert fold(Index(store), 1) == "nothing to do"


def test_of_two_folds_that_began_alike_one_wins_and_nothing_is_lost(store, library, monkeypatch):
    fill(library, range(5))
    index, other = Index(store), Index(store)
    stale = index.view()
    library.remove(ANONYMOUS, id_of(b"3"))
    assert fold(other, 1) == "published"
    with monkeypatch.context() as patch:
        patch.setattr(index, "view", lambda: stale)  # it read before the other won
        assert fold(index, 1) == "lost"
    assert len(ids(store)) == 4
    assert remove_unnamed(other, NOW) == 1
    assert len(ids(store)) == 4


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


def test_shelves_grow_by_merging_and_stay_few(store, library):
    index = Index(store)
    for start in range(0, 600, 10):
        fill(library, range(start, start + 10))
        assert fold(index, 1, patch_most=16, most=128) == "published"
        tidy(index, most=128)
        sweep(index)
    rows = index.view().manifest.rows
    assert sum(row.entries for row in rows) == 600
    assert all(shelf.entries <= 128 for row in rows for shelf in row.shelves)
    assert len(rows) <= 24
    assert ids(store) == [id_of(b"%d" % number) for number in reversed(range(600))]


@pytest.mark.parametrize(
    ("entries", "run"),
    [
        ([70] * 7, None),
        ([70] * 8, slice(0, 8)),
        ([5000, *[70] * 8], slice(1, 9)),
        ([70] * 40, slice(0, 16)),
        ([60_000] * 20, None),
    ],
)
def test_eight_neighbours_of_about_one_size_are_merged(entries, run):
    rows = [Row(b"%d" % n, ShelfInfo("", count, 0, 0)) for n, count in enumerate(entries)]
    assert find_run(rows, 65_536) == run


def test_rewriting_leaves_no_record_that_does_not_count(store, library):
    index = Index(store)
    fill(library, range(20))
    fold(index, 1, patch_most=8)
    library.remove(ANONYMOUS, id_of(b"3"))
    library.edit(ANONYMOUS, id_of(b"4"), {"title": "other"}, lambda current: True)
    fold(index, 1)
    [part] = index.view().parts
    assert len(part.range.patch.kills) == 2
    assert rewrite(index) == "published"
    [part] = index.view().parts
    assert part.range.base.n == 19
    assert not part.range.patch.kills
    assert rewrite(index) == "nothing to do"


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


@pytest.mark.parametrize("data", [b'{"format": 1}', b"{}", b"", b"[1]"])
def test_a_manifest_of_another_version_is_refused(store, data):
    store.put(MANIFEST, io.BytesIO(data), media_type="")
    with pytest.raises(IndexMissing, match="reindex --from-scratch"):
        manifest.read(store)


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


def test_a_keeper_folds_many_at_once_and_few_after_a_while(store):
    index = Index(store)
    library, keeper = Library(store, index=index), Keeper(index)
    fill(library, range(63))
    keeper.work()
    assert index.view().manifest.version == 0
    fill(library, range(63, 64))
    keeper.work()
    assert index.view().manifest.version == 1
    fill(library, range(64, 65))
    for _ in range(29):
        keeper.work()
    assert index.view().manifest.version == 1
    keeper.work()
    assert index.view().manifest.version == 2


def test_a_keeper_asks_nothing_of_the_store_while_nothing_happens():
    class Counting(MemoryStore):
        calls = 0

        def list(self, prefix: str, after: str = ""):
            self.calls += 1
            return super().list(prefix, after)

    store = Counting()
    keeper = Keeper(Index(store))
    for _ in range(100):
        keeper.work()
    assert store.calls == 0


def test_large_merges_run_where_the_caller_chooses(store, library, monkeypatch):
    monkeypatch.setattr(publish, "MERGED_HERE", 0)
    sizes: list[int] = []

    def elsewhere(parts, most):
        sizes.append(len(parts))
        return merged_bytes(parts, most)

    fill(library, range(3))
    assert fold(Index(store), 1, merge=elsewhere, patch_most=1) == "published"
    assert sizes == [2]
    assert len(ids(store)) == 3


def test_folding_lets_other_threads_run_more_often_and_nothing_else_does(store):
    intervals: list[float] = []

    class Watching(MemoryStore):
        def put(self, key: str, *args: Any, **kwargs: Any):
            if key.startswith(SHELVES):
                intervals.append(sys.getswitchinterval())
            return super().put(key, *args, **kwargs)

    usual = sys.getswitchinterval()
    index = Index(Watching())
    fill(Library(index.store, index=index), range(64))
    Keeper(index).work()
    assert len(intervals) == 1
    assert intervals[0] < usual == sys.getswitchinterval()
