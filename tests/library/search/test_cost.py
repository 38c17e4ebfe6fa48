"""What each kind of request costs in requests to an S3 bucket.

docs/search.md shows these numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from progimage.library import Library
from progimage.library.index import facets
from progimage.library.index.index import Index
from progimage.library.search.catalogue import Catalogue
from progimage.library.search.query import Query
from progimage.model import ANYBODY, Metadata, Viewer
from progimage.stores.memory import MemoryStore
from tests.candidates import add, id_of
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
    """1,500 pictures: all have a tag, half another, every hundredth a third."""
    store = MemoryStore()
    library = Library(store, Clock())
    for number in range(PICTURES):
        tags = ["every"]
        if number % 2:
            tags.append("half")
        if number % 100 == 0:
            tags.append("rare")
        add(library, str(number).encode(), Metadata(tags=tuple(tags), title=f"n{number % 7}x"))
    return store


@pytest.fixture(scope="module")
def helpers() -> Iterator[Executor]:
    """Lists are opened and records read side by side, as the service does on S3."""
    with ThreadPoolExecutor(4) as threads:
        yield threads


def tags(*names: str) -> tuple[facets.Facet, ...]:
    return tuple(facets.tag(name) for name in names)


@pytest.mark.parametrize(
    ("query", "lists", "gets"),
    [
        pytest.param(Query(), 2, 50, id="everything"),
        pytest.param(Query(visibility="public"), 2, 50, id="everything public"),
        pytest.param(Query(tags=tags("every")), 2, 50, id="a tag"),
        pytest.param(Query(tags=tags("rare")), 1, 15, id="a rare tag"),
        pytest.param(Query(tags=tags("nothing")), 1, 0, id="a tag there is not"),
        pytest.param(Query(tags=tags("every", "half")), 5, 50, id="two common tags"),
        pytest.param(Query(tags=tags("every", "rare")), 4, 15, id="a common and a rare tag"),
        pytest.param(Query(any_tags=tags("every", "half", "rare", "a", "b")), 7, 50, id="any of 5"),
        pytest.param(Query(needles=("n3x",)), 3, 50, id="a word"),
        pytest.param(Query(needles=("n3",)), 3, 50, id="a part of one word"),
        pytest.param(Query(needles=("n",)), 17, 50, id="a part of seven words"),
        pytest.param(Query(needles=("nowhere",)), 1, 0, id="a word there is not"),
    ],
)
def test_a_first_page_of_50_with_its_total_costs(filled, helpers, query, lists, gets):
    store = MeteredStore(filled)
    Catalogue(store, executor=helpers).first(ANYBODY, query, 50)
    assert store.requests == {"LIST": lists, **({"GET": gets} if gets else {})}


@pytest.mark.parametrize(("query", "lists"), [(Query(), 3), (Query(tags=tags("every")), 3)])
def test_who_is_signed_in_costs_a_listing_more_for_each_condition(filled, helpers, query, lists):
    """There may be private pictures of theirs; of nobody in particular there are none."""
    store = MeteredStore(filled)
    Catalogue(store, executor=helpers).first(Viewer(name="ann"), query, 50)
    assert store.requests == {"LIST": lists, "GET": 50}


@pytest.mark.parametrize("pages", [1, 5, 20])
def test_a_page_by_cursor_costs_the_same_however_deep(filled, pages):
    catalogue, query = Catalogue(filled), Query(tags=tags("every"))
    page = catalogue.first(ANYBODY, query, 50)
    for _ in range(pages):
        page = catalogue.beside(ANYBODY, query, 50, page.next)
    store = MeteredStore(filled)
    Catalogue(store).beside(ANYBODY, query, 50, page.next)
    assert store.requests == {"LIST": 1, "GET": 50}
    store = MeteredStore(filled)
    Catalogue(store).beside(ANYBODY, query, 50, page.previous)
    assert store.requests == {"LIST": 3, "GET": 50}


def test_a_page_of_tags_costs_a_listing_and_for_each_tag_another_and_a_read(filled):
    store = MeteredStore(filled)
    found, _ = Catalogue(store).tags(ANYBODY, 50)
    assert len(found) == 3
    # Two that more than a hundred pictures have are counted on.
    assert store.requests == {"LIST": 1 + 3 + 2, "GET": 3}


def test_uploads_edits_and_removals_cost():
    store = MeteredStore(MemoryStore())
    library = Library(store)

    def cost_of(act) -> dict[str, int]:
        store.requests.clear()
        act()
        return dict(store.requests)

    said = Metadata(
        tags=("sea", "sky", "sun"), description="ten words that say what there is to see here now"
    )
    add(library, b"first", said)
    bare = cost_of(lambda: add(library, b"bare"))
    # The original, the record, and postings: all, the media type, the two words of a.png.
    assert bare == {"GET": 1, "PUT": 2 + 4, "HEAD": 2}
    full = cost_of(lambda: add(library, b"second", said))
    # 3 tags and 14 words more, whose names are known already.
    assert full == {"GET": 1, "PUT": 2 + 4 + 17, "HEAD": 2 + 17}
    new = cost_of(lambda: add(library, b"third", Metadata(tags=("lake",), title="harbour")))
    # A tag, which is a word too, and another, all new: the tag's name, words by each of their ends.
    names = 1 + len("lake") + len("harbour")
    assert new == {"GET": 1, "PUT": 2 + 4 + 3 + names, "HEAD": 2 + 3}
    edit = cost_of(
        lambda: library.edit(ANYBODY, id_of(b"second"), {"tags": ["sea"]}, lambda current: True)
    )
    # 2 tags and 2 words less; whether their lists are empty now is looked up.
    assert edit == {"GET": 3, "PUT": 1, "DELETE": 4, "LIST": 4}
    removal = cost_of(lambda: library.remove(ANYBODY, id_of(b"second")))
    # The note comes and goes; renditions are looked for before and after the mark,
    # working copies once.
    assert removal == {"GET": 1, "PUT": 1 + 1, "DELETE": 2 + 17 + 1, "LIST": 2 + 2 + 1 + 15}


def test_an_index_on_folders_is_read_level_by_level(filled):
    store = MeteredStore(filled)
    Catalogue(store, Index(store, crowd=500)).first(ANYBODY, Query(tags=tags("rare")), 50)
    assert store.requests == {"LIST": 5, "GET": 15}
