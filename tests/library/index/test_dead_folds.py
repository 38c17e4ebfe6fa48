"""A process that dies at any store operation of a fold, a merge or a sweep costs nothing.

Searches are right at once, the next fold is complete in one round, and the shelves that no
manifest names can be removed.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta

import pytest

from progimage.library import Library
from progimage.library.index.fold import fold
from progimage.library.index.index import Index
from progimage.library.index.keys import LIVE, SHELVES, announcement, name_of_shelf
from progimage.library.index.sweep import remove_retired, remove_unnamed, sweep
from progimage.library.index.tidy import rewrite, tidy
from progimage.library.search.catalogue import Catalogue
from progimage.library.search.query import Query
from progimage.model import ANONYMOUS, Metadata
from progimage.stores import ObjectStore
from progimage.stores.memory import MemoryStore
from tests.candidates import add, id_of
from tests.stores.dying import Died, DyingStore

Act = Callable[[ObjectStore], object]
NOW = timedelta(0)


def waiting() -> Callable[[], float]:
    """Return a clock by which every wait is over."""
    return itertools.count(0.0, 10.0).__next__


def into_a_patch(store: ObjectStore) -> None:
    assert fold(Index(store), 1) == "published"


def into_the_bases(store: ObjectStore) -> None:
    assert fold(Index(store), 1, patch_most=1) == "published"


def merge(store: ObjectStore) -> None:
    assert tidy(Index(store)) == "published"


def rewrite_all(store: ObjectStore) -> None:
    assert rewrite(Index(store)) == "published"


def clean_up(store: ObjectStore) -> None:
    index = Index(store, seconds=waiting())
    index.view()
    assert sweep(index) > 0
    assert remove_retired(index, NOW) > 0


ACTS: list[Act] = [into_a_patch, into_the_bases, merge, rewrite_all, clean_up]


def prepared() -> MemoryStore:
    """Return a store with eight ranges, some with patches; changes are announced in each way."""
    store = MemoryStore()
    library, index = Library(store), Index(store)
    for start in range(0, 16, 2):
        for number in (start, start + 1):
            add(library, b"%d" % number, Metadata(tags=("sea",), title=f"n{number}"))
        fold(index, 1, patch_most=2)
    for title in ("in a replaced patch", "in a patch"):
        library.edit(ANONYMOUS, id_of(b"3"), {"title": title}, lambda current: True)
        fold(index, 1)
    library.remove(ANONYMOUS, id_of(b"12"))
    fold(index, 1)
    library.edit(ANONYMOUS, id_of(b"3"), {"title": "announced"}, lambda current: True)
    library.edit(ANONYMOUS, id_of(b"8"), {"tags": ["sky"]}, lambda current: True)
    library.remove(ANONYMOUS, id_of(b"14"))
    add(library, b"new", Metadata(title="new"))
    return store


def titles(store: ObjectStore) -> list[str]:
    found = Catalogue(Index(store)).first(ANONYMOUS, Query(), 100).records
    return [record.title for record in found]


EXPECTED = [
    "new",
    *("announced" if n == 3 else f"n{n}" for n in reversed(range(16)) if n not in (12, 14)),
]


@pytest.mark.parametrize("act", ACTS)
def test_wherever_a_process_dies_the_next_one_recovers_in_one_round(act):
    living = DyingStore(prepared())
    act(living)
    assert living.operations > 5
    for n in range(1, living.operations + 1):
        store = prepared()
        with pytest.raises(Died):
            act(DyingStore(store, n))
        assert_recovers(store, f"died instead of operation {n}")


def assert_recovers(store: ObjectStore, what: str) -> None:
    assert titles(store) == EXPECTED, what
    index = Index(store, seconds=waiting())
    assert fold(index, 1) != "lost", what
    assert not index.view().states, what
    assert titles(store) == EXPECTED, what
    sweep(index)
    sweep(index)
    assert [stat.key for stat in store.list(LIVE) if announcement(stat.key)] == [], what
    remove_unnamed(index, NOW)
    remove_retired(index, NOW)
    left = {name_of_shelf(stat.key) for stat in store.list(SHELVES)}
    assert left == {shelf.name for shelf in index.view().manifest.shelves}, what
    assert titles(store) == EXPECTED, what
