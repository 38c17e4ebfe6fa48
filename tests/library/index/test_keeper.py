"""The thread that folds."""

from __future__ import annotations

import sys
from typing import Any

from progimage.library import Library
from progimage.library.index import publish
from progimage.library.index.fold import fold
from progimage.library.index.index import Index
from progimage.library.index.keeper import Keeper
from progimage.library.index.keys import SHELVES
from progimage.library.index.shelf_writer import merged_bytes
from progimage.stores.memory import MemoryStore
from tests.library.index.filled import fill, ids


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
