"""A process is killed (SIGKILL) at each write of a fold and of a merge, and in a sweep.

Over a folder, and where a real S3 server is named, over that too.
"""

from __future__ import annotations

import io
import itertools
import multiprocessing
import os
import signal
from collections.abc import Callable
from datetime import timedelta

import pytest

from progimage.library import Library
from progimage.library.index.fold import FOLD_AT, fold
from progimage.library.index.index import Index
from progimage.library.index.keeper import Keeper
from progimage.library.index.keys import INDEX, LIVE, MANIFEST, SHELVES, announcement, name_of_shelf
from progimage.library.index.opening import open_index
from progimage.library.index.sweep import remove_retired, remove_unnamed, sweep
from progimage.library.index.tidy import RUN
from progimage.library.search.catalogue import Catalogue
from progimage.library.search.query import Query
from progimage.model import ANONYMOUS, Metadata
from progimage.stores import ObjectStore, open_raw
from tests.candidates import add, id_of
from tests.stores.dying import Died, DyingStore
from tests.system.s3.real import REAL_SERVER, real_url

pytestmark = pytest.mark.timeout(600)

RANGES = RUN + 1
"""The fold makes the newest one larger, the others are merged after it."""

# Children are forked from a process without threads that has imported everything.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([__name__])
_END_S = 120


class KilledStore(DyingStore):
    """Kills the process at the fatal operation: nothing is caught, closed or cleaned up."""

    def _run(self, method, key, effect):
        try:
            return super()._run(method, key, effect)
        except Died:
            os.kill(os.getpid(), signal.SIGKILL)
            raise


@pytest.fixture(params=["folder", "real server"])
def url(request, tmp_path) -> str:
    if request.param == "folder":
        return f"file://{tmp_path / 'store'}"
    if not os.environ.get(REAL_SERVER):
        pytest.skip("make test-faults starts a real server")
    return real_url() or ""


def passing() -> Callable[[], float]:
    """Return a clock by which every wait is over."""
    return itertools.count(0.0, 10.0).__next__


def fill(url: str) -> None:
    """Make a library of small ranges, and announce enough changes for a fold."""
    store = open_raw(url, creates=True)
    index = Index(store)
    library = Library(store, index=index)
    for start in range(0, 3 * RANGES, 3):
        for number in range(start, start + 3):
            add(library, b"%d" % number, Metadata(title=f"n{number}"))
        fold(index, 1, patch_most=3)
    library.edit(ANONYMOUS, id_of(b"3"), {"title": "edited"}, lambda current: True)
    library.remove(ANONYMOUS, id_of(b"12"))
    for number in range(FOLD_AT):
        add(library, b"new %d" % number, Metadata(title=f"new{number}"))


EXPECTED = {
    *("edited" if n == 3 else f"n{n}" for n in range(3 * RANGES) if n != 12),
    *(f"new{n}" for n in range(FOLD_AT)),
}


def keep(store: ObjectStore) -> None:
    """Do one round of upkeep, as a service does: fold, merge, sweep."""
    index = Index(store, seconds=passing())
    index.view()
    Keeper(index).work()


def keep_and_be_killed(url: str, operation: int) -> None:
    keep(KilledStore(open_raw(url), operation))


def titles(index: Index) -> set[str]:
    """Return the titles of all that a search finds, each picture once."""
    found = Catalogue(index).first(ANONYMOUS, Query(), 1_000).records
    assert len({record.id for record in found}) == len(found)
    return {record.title for record in found}


def contents(store: ObjectStore) -> dict[str, bytes]:
    """Return everything that the index consists of."""
    found = {}
    for stat in store.list(INDEX):
        with store.open(stat.key) as reader:
            found[stat.key] = reader.read()
    return found


def restore(store: ObjectStore, before: dict[str, bytes]) -> None:
    """Make the index what it was."""
    now = contents(store)
    for key in now.keys() - before.keys():
        store.delete(key)
    for key, data in before.items():
        if now.get(key) != data:
            store.put(key, io.BytesIO(data), media_type="application/octet-stream")


def crash_points(store: ObjectStore) -> list[int]:
    """Return the numbers of all writes, of the first operation, and of a few removals.

    Before the first write one death is like another, and so it is among the removals.
    """
    living = DyingStore(store)
    keep(living)
    numbers = {"put": [], "delete": []}
    for number, (method, _) in enumerate(living.history, 1):
        numbers.setdefault(method, []).append(number)
    puts, deletes = numbers["put"], numbers["delete"]
    manifests = [number for number in puts if living.history[number - 1][1] == MANIFEST]
    assert len(manifests) == 2  # of the fold, and of the merge
    assert len(puts) > 4
    return [1, *puts, deletes[0], deletes[len(deletes) // 2], deletes[-1]]


def assert_one_round_is_enough(store: ObjectStore, what: str) -> None:
    index = Index(store, seconds=passing())
    index.view()
    Keeper(index).work()
    assert not index.view().states, what
    assert titles(index) == EXPECTED, what
    for _ in range(2):
        sweep(index)
    assert [stat.key for stat in store.list(LIVE) if announcement(stat.key)] == [], what
    remove_unnamed(index, timedelta(0))
    remove_retired(index, timedelta(0))
    left = {name_of_shelf(stat.key) for stat in store.list(SHELVES)}
    assert left == {shelf.name for shelf in index.view().manifest.shelves}, what


def test_another_process_recovers_in_one_round(url, tmp_path):
    fill(url)
    store = open_raw(url)
    before = contents(store)
    for number in crash_points(store):
        restore(store, before)
        child = _CONTEXT.Process(target=keep_and_be_killed, args=(url, number))
        child.start()
        child.join(_END_S)
        what = f"killed instead of operation {number}"
        assert child.exitcode == -signal.SIGKILL, what
        assert titles(open_index(store, url, folder=str(tmp_path))) == EXPECTED, what
        assert_one_round_is_enough(store, what)
