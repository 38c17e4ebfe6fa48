"""A node that fetches shelves block by block finds what one with whole shelves finds."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from progimage.library.index import facets
from progimage.library.index.completing import Completing
from progimage.library.index.index import Index
from progimage.library.index.shelf_files import ShelfFiles, scratch_folder
from progimage.library.search.catalogue import Catalogue
from progimage.library.search.order import ORDERS
from progimage.library.search.query import Query
from progimage.model import ANONYMOUS
from progimage.stores.memory import MemoryStore
from tests.library.index.large import with_large_shelf

QUERIES = {
    "everything": Query(),
    "a tag": Query(tags=(facets.tag("every"),)),
    "a rare tag": Query(tags=(facets.tag("rare"),)),
    "any of two tags": Query(any_tags=(facets.tag("rare"), facets.tag("none"))),
    "a part of a word": Query(needles=("n14",)),
    "a word and a tag": Query(needles=("n3",), tags=(facets.tag("rare"),)),
    "nothing": Query(tags=(facets.tag("none"),)),
}


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    store = MemoryStore()
    with_large_shelf(store)
    return store


def answers(catalogue: Catalogue, query: Query) -> list[object]:
    """Return all that searches of a kind can be asked."""
    found: list[object] = []
    for order in ORDERS:
        page = catalogue.first(ANONYMOUS, query, 7, order=order)
        found.append(page)
        if page.next:
            found.append(catalogue.beside(ANONYMOUS, query, 7, page.next))
    found.append(catalogue.first(ANONYMOUS, query, 5, offset=9))
    found.append(list(catalogue.every(ANONYMOUS, query)))
    found.append(catalogue.tags(ANONYMOUS, 10))
    return found


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
@pytest.mark.parametrize("has_threads", [True, False], ids=["threads", "no threads"])
def test_a_new_node_finds_the_same(store, tmp_path: Path, monkeypatch, query, has_threads):
    monkeypatch.setattr(Completing, "add", lambda self, name: None)
    with ThreadPoolExecutor(4) as threads:
        executor = threads if has_threads else None
        files = ShelfFiles(store, scratch_folder(tmp_path, "s3://bucket"), executor=executor)
        catalogue = Catalogue(Index(store, executor, files))
        assert answers(catalogue, query) == answers(Catalogue(Index(store)), query)
