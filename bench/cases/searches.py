"""What searching costs in libraries of different sizes, beside PostgreSQL with the same records."""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

import psycopg

from bench import postgres
from bench.bench import Bench
from bench.libraries import END, SPAN, TAGS, VOCABULARY, library, names, records
from bench.load import LoadFailed
from bench.peers import PeerMissing
from bench.report import Table, verdict
from progimage.library.index import facets, positions
from progimage.library.index.index import Index
from progimage.library.search.catalogue import Catalogue
from progimage.library.search.cursor import Cursor, Total
from progimage.library.search.page import MAX_TOTAL, Page
from progimage.library.search.query import Query
from progimage.model import Viewer
from progimage.stores.folder.store import FilesystemStore

LIMIT = 50
ROUNDS = 45
SIZES = (10_000, 100_000)
DEEP = END - SPAN * 2 / 3

# Of a library's growth these must know nothing.
_FLAT = (
    "everything",
    "the commonest tag",
    "two common tags",
    "everything, deep",
    "the commonest tag, deep",
)

# Owns nothing, and so sees what is public.
_STRANGER = Viewer(name="stranger")

_Result = TypeVar("_Result")


def searches(bench: Bench) -> list[Table]:
    """Pages of each kind of search, ours and PostgreSQL's in turn."""
    sizes = bench.pictures or SIZES
    if bench.smoke:
        sizes = (500,)
    rounds = 2 if bench.smoke else ROUNDS
    tables: list[Table] = []
    roots = {
        size: library(bench.libraries or bench.work / "libraries", size) for size in sorted(sizes)
    }
    for size, root in roots.items():
        with ExitStack() as stack:
            peer = None
            try:
                peer = stack.enter_context(postgres.server(bench.work))
            except PeerMissing as reason:
                bench.missing["postgresql"] = str(reason)
            if peer:
                postgres.load(peer, records(size, SPAN))
            rows = [
                _row(root, name, query, before, peer, rounds)
                for name, (query, before) in queries().items()
            ]
        tables.append(_table(size, rounds, rows))
    if len(roots) > 1:
        tables.append(_growth(roots, rounds))
    return tables


def queries() -> dict[str, tuple[Query, datetime | None]]:
    """Return what is looked for, by the words of the generator, and from when on backwards."""
    tags, words = names(TAGS, 2), names(VOCABULARY, 3)

    def tagged(*ranks: int) -> tuple[facets.Facet, ...]:
        return tuple(facets.tag(tags[rank]) for rank in ranks)

    first = {
        "everything": Query(),
        "the commonest tag": Query(tags=tagged(0)),
        "the 50th tag": Query(tags=tagged(50)),
        "a rare tag": Query(tags=tagged(4_000)),
        "two common tags": Query(tags=tagged(0, 1)),
        "two less common tags": Query(tags=tagged(40, 60)),
        "a common and a rare tag": Query(tags=tagged(0, 3_000)),
        "two rare tags": Query(tags=tagged(2_000, 3_000)),
        "any of five tags": Query(any_tags=tagged(0, 3, 10, 100, 1_000)),
        "a common word": Query(needles=(words[0],)),
        "a less common word": Query(needles=(words[300],)),
        "a rare word": Query(needles=(words[40_000],)),
        "three letters": Query(needles=("lam",)),
        "two words": Query(needles=(words[5], words[20])),
        "a word and a tag": Query(tags=tagged(0), needles=(words[50],)),
        "a rare media type": Query(media_type="image/gif"),
    }
    deep = {
        "everything, deep": Query(),
        "the commonest tag, deep": Query(tags=tagged(0)),
        "the 50th tag, deep": Query(tags=tagged(50)),
    }
    return {name: (query, None) for name, query in first.items()} | {
        name: (query, DEEP) for name, query in deep.items()
    }


class Operations(FilesystemStore):
    """Counts the operations that searches make."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.count: Counter[str] = Counter()

    def list(self, prefix: str, after: str = ""):
        self.count["list"] += 1
        return super().list(prefix, after)

    def open(self, key: str, start: int = 0, length: int | None = None):
        self.count["open"] += 1
        return super().open(key, start, length)


def _row(
    root: Path,
    name: str,
    query: Query,
    before: datetime | None,
    peer: psycopg.Connection | None,
    rounds: int,
) -> tuple[str, ...]:
    store = Operations(root)
    catalogue = Catalogue(Index(store))

    def ours() -> Page:
        store.count.clear()
        return _page(catalogue, query, before)

    our_times, their_times = [], []
    for turn in range(-1, rounds):  # the first turn only warms up
        ms, page = _timed(ours)
        if turn >= 0:
            our_times.append(ms)
        if peer is None:
            continue
        ms, (same, _) = _timed(partial(postgres.search, peer, query, LIMIT, before))
        if turn >= 0:
            their_times.append(ms)
        found = [record.id for record in page.records]
        expected = [record.id for record in same][: len(found) if page.is_partial else None]
        if found != expected:
            raise LoadFailed(f"{name}: PostgreSQL found other pictures than the library")
    us = statistics.median(our_times)
    cells = [name, f"{us:.2f}"]
    if peer:
        them = statistics.median(their_times)
        cells += [f"{them:.2f}", f"{us / them:.2f}"]
    else:
        cells += ["-", "-"]
    total = "" if before else f"{page.total.count:,}{'' if page.total.is_exact else '+'}"
    if page.is_partial:
        total += " (stopped)"
    return (*cells, total, str(store.count["list"]), str(store.count["open"]))


def _page(catalogue: Catalogue, query: Query, before: datetime | None) -> Page:
    if before is None:
        return catalogue.first(_STRANGER, query, LIMIT)
    position = positions.position(before, "0" * 64)
    cursor = Cursor(position, is_backwards=False, total=Total(0, is_exact=False))
    return catalogue.beside(_STRANGER, query, LIMIT, cursor)


def _timed(work: Callable[[], _Result]) -> tuple[float, _Result]:
    started = time.perf_counter()
    result = work()
    return 1000 * (time.perf_counter() - started), result


def _table(size: int, rounds: int, rows: list[tuple[str, ...]]) -> Table:
    note = (
        f"Pages of {LIMIT}, first ones with the number of matches (up to {MAX_TOTAL:,}), deep ones "
        f"from {(END - DEEP).days} days back on; median of {rounds}, in turn. Both sides answer "
        "with whole records and without HTTP: the library from a folder, PostgreSQL over a Unix "
        "socket from memory, with a GIN index on tags and a trigram index on words. Ratios below "
        "1 are in our favour."
    )
    columns = ("search", "ours, ms", "PostgreSQL, ms", "ratio", "found", "listings", "reads")
    return Table(f"Searches among {size:,} pictures", note, columns, tuple(rows))


def _growth(roots: dict[int, Path], rounds: int) -> Table:
    catalogues = [Catalogue(Index(FilesystemStore(root))) for root in roots.values()]
    rows = []
    for name, (query, before) in queries().items():
        times: list[list[float]] = [[] for _ in catalogues]
        for turn in range(-1, rounds):  # the first turn only warms up
            for catalogue, measured in zip(catalogues, times, strict=True):
                ms, _ = _timed(partial(_page, catalogue, query, before))
                if turn >= 0:
                    measured.append(ms)
        medians = [statistics.median(measured) for measured in times]
        growth = medians[-1] / medians[0]
        grown = verdict(growth, 2.0, at_most=True) if name in _FLAT else f"{growth:.2f}"
        rows.append((name, *(f"{ms:.2f}" for ms in medians), grown))
    note = (
        f"Ours, ms, median of {rounds}, the libraries in turn, and the largest library's time "
        "divided by the smallest's."
    )
    columns = ("search", *(f"{size:,}" for size in roots), "growth")
    return Table("Searches and the size of the library", note, columns, tuple(rows))
