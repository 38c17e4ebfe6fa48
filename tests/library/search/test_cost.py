"""What each kind of request costs in requests to an S3 bucket.

docs/search.md shows these numbers.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from progimage.library import Library
from progimage.library.index import facets
from progimage.library.index.completing import Completing
from progimage.library.index.fold import fold
from progimage.library.index.index import Index
from progimage.library.index.keys import LIVE, announcement
from progimage.library.index.shelf_files import ShelfFiles, scratch_folder
from progimage.library.index.sweep import sweep
from progimage.library.index.tidy import tidy
from progimage.library.search.catalogue import Catalogue
from progimage.library.search.query import Query
from progimage.model import ANONYMOUS, Metadata, Viewer
from progimage.stores.memory import MemoryStore
from tests.candidates import add, id_of
from tests.library.index.large import with_large_shelf
from tests.library.search.metered import MeteredStore

START = datetime(2024, 1, 1, tzinfo=UTC)
PICTURES = 1_500


class Clock:
    """Goes on by a minute whenever it is read."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


@pytest.fixture(scope="module")
def filled() -> MemoryStore:
    """1,500 pictures in shelves: all have a tag, half another, every hundredth a third."""
    store = MemoryStore()
    library, index = Library(store, Clock()), Index(store)
    for number in range(PICTURES):
        tags = ["every"]
        if number % 2:
            tags.append("half")
        if number % 100 == 0:
            tags.append("rare")
        add(library, str(number).encode(), Metadata(tags=tuple(tags), title=f"n{number % 7}x"))
        if number % 100 == 99:
            fold(index)
    for key in [stat.key for stat in store.list(LIVE) if announcement(stat.key)]:
        store.delete(key)
    return store


def tags(*names: str) -> tuple[facets.Facet, ...]:
    return tuple(facets.tag(name) for name in names)


SEARCHES = [
    pytest.param(Query(), id="everything"),
    pytest.param(Query(tags=tags("every")), id="a tag"),
    pytest.param(Query(tags=tags("nothing")), id="a tag there is not"),
    pytest.param(Query(tags=tags("every", "rare")), id="a common and a rare tag"),
    pytest.param(Query(any_tags=tags("every", "half", "rare", "a", "b")), id="any of 5"),
    pytest.param(Query(needles=("n3",)), id="a part of a word"),
    pytest.param(Query(needles=("n",)), id="a part of seven words"),
]


@pytest.mark.parametrize("viewer", [ANONYMOUS, Viewer(name="ann")], ids=["anybody", "signed in"])
@pytest.mark.parametrize("query", SEARCHES)
def test_a_page_is_one_listing_when_nothing_has_changed(filled, query, viewer):
    store = MeteredStore(filled)
    catalogue = Catalogue(Index(store))
    page = catalogue.first(viewer, query, 50)
    for cursor in (page.next, page.previous):
        store.requests.clear()
        catalogue.first(viewer, query, 50)
        assert store.requests == {"LIST": 1}
        if cursor:
            store.requests.clear()
            catalogue.beside(viewer, query, 50, cursor)
            assert store.requests == {"LIST": 1}
    store.requests.clear()
    catalogue.tags(viewer, 1_000)
    assert store.requests == {"LIST": 1}


def test_the_first_search_of_a_process_reads_the_manifest_and_the_shelves_it_needs(filled):
    store = MeteredStore(filled)
    Catalogue(Index(store)).first(ANONYMOUS, Query(), 50)
    shelves = len(Index(filled).view().manifest.shelves)
    assert shelves == 3
    # Whether there is an index; the manifest; and the shelves, since all is counted to 1,000.
    assert store.requests == {"HEAD": 1, "LIST": 1, "GET": 1 + shelves}


def test_the_first_searches_of_a_node_read_a_few_ranges_of_a_large_shelf(tmp_path, monkeypatch):
    monkeypatch.setattr(Completing, "add", lambda self, name: None)
    store = MeteredStore(MemoryStore())
    with_large_shelf(store)
    files = ShelfFiles(store, scratch_folder(tmp_path, "s3://bucket"))
    catalogue = Catalogue(Index(store, files=files))
    store.requests.clear()
    catalogue.first(ANONYMOUS, Query(), 5)
    # Also whether there is an index, and the manifest.
    assert store.requests == {"HEAD": 1, "LIST": 1, "GET": 3}
    # The six records that it reads, one for the next page, are far apart.
    for expected in ({"LIST": 1, "GET": 6}, {"LIST": 1}):
        store.requests.clear()
        catalogue.first(ANONYMOUS, Query(tags=tags("rare")), 5)
        assert store.requests == expected


def test_a_change_costs_every_process_one_read_and_then_nothing():
    store = MeteredStore(MemoryStore())
    catalogue, library = Catalogue(Index(store)), Library(store)
    catalogue.first(ANONYMOUS, Query(), 50)
    for number in range(3):
        add(library, b"%d" % number)
    for expected in ({"LIST": 1, "GET": 3}, {"LIST": 1}):
        store.requests.clear()
        assert len(catalogue.first(ANONYMOUS, Query(), 50).records) == 3
        assert store.requests == expected


def test_searches_that_wait_share_a_listing(filled):
    """However many come while one is under way, the next serves them all."""
    begun, go_on = Event(), Event()

    class Slow(MeteredStore):
        def list(self, prefix: str, after: str = ""):
            begun.set()
            go_on.wait(60)
            return super().list(prefix, after)

    store = Slow(filled)
    catalogue = Catalogue(Index(store))
    with ThreadPoolExecutor(10) as threads:
        first = threads.submit(catalogue.first, ANONYMOUS, Query(), 1)
        begun.wait(60)
        others = [threads.submit(catalogue.first, ANONYMOUS, Query(), 1) for _ in range(9)]
        go_on.set()
        pages = [search.result() for search in (first, *others)]
    assert {page.records[0].id for page in pages} == {pages[0].records[0].id}
    assert store.requests["LIST"] <= 10


def test_uploads_edits_and_removals_cost():
    store = MeteredStore(MemoryStore())
    library = Library(store)

    def cost_of(act) -> dict[str, int]:
        store.requests.clear()
        act()
        return dict(store.requests)

    described = Metadata(
        tags=("sea", "sky", "sun"), description="ten words that say what there is to see here now"
    )
    many = Metadata(description=" ".join(f"{chr(97 + n % 26) * 30}{n}" for n in range(100)))
    add(library, b"first", described)
    # The announcement, the original and the record, whatever its metadata.
    for content, metadata in ((b"bare", Metadata()), (b"second", described), (b"third", many)):
        cost = cost_of(lambda content=content, metadata=metadata: add(library, content, metadata))
        assert cost == {"GET": 1, "PUT": 3}
    edit = cost_of(
        lambda: library.edit(ANONYMOUS, id_of(b"second"), {"tags": ["sea"]}, lambda current: True)
    )
    assert edit == {"GET": 1, "PUT": 2}
    removal = cost_of(lambda: library.remove(ANONYMOUS, id_of(b"second")))
    # The note, the announcement and the record; renditions are looked for before and after the
    # mark, working copies once.
    assert removal == {"GET": 1, "PUT": 3, "DELETE": 2 + 1, "LIST": 2 + 2 + 1}


def test_a_thousand_uploads_with_their_folds_cost_little_more_than_three_puts_each():
    store = MeteredStore(MemoryStore())
    library, seconds = Library(store), iter(range(0, 10**9, 10))
    index = Index(store, seconds=lambda: next(seconds) / 10)
    for number in range(1_000):
        add(library, b"%d" % number, Metadata(tags=("sea",), title=f"picture {number}"))
        if number % 64 == 63:
            assert fold(index) == "published"
            tidy(index)
            sweep(index)
    assert store.requests["PUT"] <= 3_200
    assert store.requests["GET"] <= 1_000 * 2 + 200
    assert store.requests["LIST"] <= 100
