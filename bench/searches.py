"""`python -m bench.searches FOLDER...`: what searching costs in libraries of `bench.libraries`."""

from __future__ import annotations

import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from bench.libraries import END, TAGS, VOCABULARY, names
from bench.report import Table
from progimage.catalogue import Catalogue, Page
from progimage.catalogue.cursor import Cursor, Total
from progimage.catalogue.query import Query
from progimage.index import CROWD, Index, facets, layout
from progimage.model import ANYBODY
from progimage.stores.filesystem import FilesystemStore

LIMIT = 50
ROUNDS = 15


def queries() -> dict[str, Query]:
    """Return what is looked for in every library, by the words of its generator."""
    tags, words = names(TAGS, 2), names(VOCABULARY, 3)

    def tagged(*ranks: int) -> tuple[facets.Facet, ...]:
        return tuple(facets.tag(tags[rank]) for rank in ranks)

    return {
        "everything": Query(),
        "the commonest tag": Query(tags=tagged(0)),
        "the 50th tag": Query(tags=tagged(50)),
        "a rare tag": Query(tags=tagged(4_000)),
        "two common tags": Query(tags=tagged(0, 1)),
        "two tags, less common": Query(tags=tagged(40, 60)),
        "a common and a rare tag": Query(tags=tagged(0, 3_000)),
        "any of five tags": Query(any_tags=tagged(0, 3, 10, 100, 1_000)),
        "a common word": Query(needles=(words[0],)),
        "a less common word": Query(needles=(words[300],)),
        "a rare word": Query(needles=(words[40_000],)),
        "three letters": Query(needles=("lam",)),
        "two words": Query(needles=(words[5], words[20])),
        "a word and a tag": Query(tags=tagged(0), needles=(words[50],)),
        "a rare media type": Query(media_type="image/gif"),
        "private pictures": Query(visibility="private"),
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


def measure(root: Path) -> Table:
    """Return what each search costs in the library below `root`."""
    store = Operations(root)
    catalogue = Catalogue(store, Index(store, crowd=CROWD))
    rows = []

    def row(name: str, search: Callable[[], Page]) -> None:
        times = []
        for _ in range(ROUNDS):
            store.count.clear()
            started = time.perf_counter()
            page = search()
            times.append(1000 * (time.perf_counter() - started))
        total = f"{page.total.count:,}{'' if page.total.is_exact else '+'}"
        cost = f"{store.count['list']} | {store.count['open']}"
        rows.append((name, f"{statistics.median(times):.1f}", total, *cost.split(" | ")))

    found = queries()
    for name, query in found.items():
        row(f"{name}, first page", lambda query=query: catalogue.first(ANYBODY, query, LIMIT))
    deep = layout.position(END - timedelta(days=700), "0" * 64)
    for name in ("everything", "the commonest tag"):
        for way, is_backwards in (("next", False), ("previous", True)):
            cursor = Cursor(deep, is_backwards, Total(0, is_exact=False))
            row(
                f"{name}, {way} page 700 days back",
                lambda query=found[name], cursor=cursor: catalogue.beside(
                    ANYBODY, query, LIMIT, cursor
                ),
            )
    return Table(
        f"Searches in {root.name}",
        f"Pages of {LIMIT}, median of {ROUNDS}, folder store, no HTTP.",
        ("search", "ms", "total", "listings", "reads"),
        tuple(rows),
    )


if __name__ == "__main__":
    for folder in sys.argv[1:]:
        print(measure(Path(folder)).markdown())
