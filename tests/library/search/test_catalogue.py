"""Who sees what, and how much work one request may be."""

from __future__ import annotations

import io

import pytest

from progimage import keys
from progimage.errors import StoreUnavailable
from progimage.library import Library
from progimage.library.index import facets
from progimage.library.index.index import Index, postings_of
from progimage.library.search.catalogue import MAX_TOTAL, Catalogue
from progimage.library.search.query import Query
from progimage.library.search.work import Work
from progimage.model import ANYBODY, Metadata, Record, Viewer
from progimage.stores import ObjectStore
from progimage.stores.memory import MemoryStore
from tests.candidates import add
from tests.system.s3.real import empty_store

BOB, EVE = Viewer(name="bob"), Viewer(name="eve")
CAT, DOG = facets.tag("cat"), facets.tag("dog")


@pytest.fixture
def store() -> ObjectStore:
    return empty_store()


@pytest.fixture
def catalogue(store) -> Catalogue:
    return Catalogue(store)


def add_owned(store: ObjectStore, content: bytes, owner: str, **said: object) -> Record:
    """Add a picture of a named owner as accounts will."""
    library = Library(store)
    record = add(library, content)
    library.remove(ANYBODY, record.id)
    owned = record.model_copy(update={"owner": owner, **said})
    Index(store).write(postings_of(owned))
    store.put(keys.record(owned.id), io.BytesIO(owned.to_json()), media_type="")
    return owned


def found(catalogue: Catalogue, viewer: Viewer, query: Query | None = None) -> list[Record]:
    page = catalogue.first(viewer, query or Query(), 100)
    streamed = [r for wave in catalogue.every(viewer, query or Query()) for r in wave]
    assert page.records == streamed
    assert page.total.count == len(streamed)
    return streamed


def test_a_viewer_sees_what_is_public_and_what_is_his_own(store, catalogue):
    public = add_owned(store, b"1", "bob", tags=("cat",))
    private = add_owned(store, b"2", "bob", tags=("cat", "dog"), visibility="private")
    assert found(catalogue, BOB) == [private, public]
    for other in (EVE, ANYBODY, Viewer(name="BOB")):
        assert found(catalogue, other) == [public]
        assert found(catalogue, other, Query(tags=(DOG,))) == []
        assert found(catalogue, other, Query(needles=("do",))) == []
        assert found(catalogue, other, Query(visibility="private")) == []
        assert [tag.name for tag in catalogue.tags(other, 10)[0]] == ["cat"]
        assert catalogue.tags(other, 10, beginning="d") == ([], None)
    assert [tag.name for tag in catalogue.tags(BOB, 10)[0]] == ["cat", "dog"]
    assert catalogue.tags(EVE, 10)[0][0].count.count == 1


def test_an_owner_is_found_by_name(store, catalogue):
    ours = add_owned(store, b"1", "bob")
    theirs = add_owned(store, b"2", "eve")
    nobodys = add(Library(store), b"3")
    assert found(catalogue, EVE, Query(owner="bob")) == [ours]
    assert found(catalogue, BOB, Query(owner="bob")) == [ours]
    assert found(catalogue, BOB, Query(owner="eve", visibility="public")) == [theirs]
    assert [r.id for r in catalogue.first(BOB, Query(owner=""), 10).records] == [nobodys.id]


def test_a_picture_turned_private_is_gone_for_others_even_while_its_markers_are_not(
    store, catalogue
):
    record = add_owned(store, b"1", "bob", tags=("cat",))
    hidden = record.model_copy(update={"visibility": "private"})
    store.put(keys.record(record.id), io.BytesIO(hidden.to_json()), media_type="")
    assert catalogue.first(EVE, Query(tags=(CAT,)), 10).records == []
    assert catalogue.tags(EVE, 10) == ([], None)


def test_a_marker_of_a_tag_the_picture_lost_shows_nothing(store, catalogue):
    record = add(Library(store), b"1", Metadata(tags=("cat",)))
    claimed = record.model_copy(update={"tags": ("dog", "cat"), "title": "dog"})
    Index(store).write(postings_of(claimed))
    assert catalogue.first(ANYBODY, Query(tags=(DOG,)), 10).records == []
    assert catalogue.first(ANYBODY, Query(needles=("dog",)), 10).records == []
    assert catalogue.tags(ANYBODY, 10, beginning="dog") == ([], None)


def test_a_picture_uploaded_anew_is_listed_once_though_an_old_marker_is_left(store, catalogue):
    old = add(Library(store), b"1")
    Library(store).remove(ANYBODY, old.id)
    new = add(Library(store), b"1")
    Index(store).write(postings_of(old))
    assert catalogue.first(ANYBODY, Query(), 10).records == [new]


def test_a_part_of_very_many_words_still_finds_every_picture(store, catalogue):
    library = Library(store)
    words = [f"x{number:03}" for number in range(150)]
    for number, word in enumerate(words):
        add(library, b"%d" % number, Metadata(title=word))
    page = catalogue.first(ANYBODY, Query(needles=("x",)), 1_000)
    assert sorted(record.title for record in page.records) == words
    assert [r.title for r in found(catalogue, ANYBODY, Query(needles=("x14", "9")))] == ["x149"]


def test_a_search_that_finds_little_gives_up_in_time_and_can_be_gone_on_with(store, catalogue):
    library = Library(store)
    wanted = add(library, b"wanted", Metadata(tags=("cat", "dog")))
    for number in range(100):
        add(library, b"%d" % number, Metadata(tags=("cat" if number % 2 else "dog",)))
    query, pages = Query(tags=(CAT, DOG)), 1
    page = catalogue.first(ANYBODY, query, 10, work=Work(30))
    while page.next:
        assert page.is_partial
        assert not page.total.is_exact
        assert page.records == []
        page = catalogue.beside(ANYBODY, query, 10, page.next, Work(30))
        pages += 1
    assert page.records == [wanted]
    assert 3 <= pages <= 8


def test_a_search_that_takes_too_long_gives_up(store, catalogue):
    for number in range(100):
        add(Library(store), b"%d" % number)
    seconds = iter(range(1_000))
    page = catalogue.first(ANYBODY, Query(), 100, work=Work(1e9, 0.5, lambda: next(seconds)))
    assert page.is_partial
    assert 0 < len(page.records) < 100


def test_a_total_is_exact_up_to_its_bound_and_then_a_lower_bound(store, catalogue):
    library = Library(store)
    for number in range(MAX_TOTAL + 1):
        if number == MAX_TOTAL:
            page = catalogue.first(ANYBODY, Query(), 1)
            assert (page.total.count, page.total.is_exact) == (MAX_TOTAL, True)
        add(library, b"%d" % number)
    page = catalogue.first(ANYBODY, Query(), 1)
    assert (page.total.count, page.total.is_exact) == (MAX_TOTAL, False)
    assert page.next is not None
    assert catalogue.beside(ANYBODY, Query(), 1, page.next).total == page.total


def test_an_error_in_a_stream_ends_it_with_an_error(store):
    for number in range(20):
        add(Library(store), b"%d" % number)

    class Breaking(MemoryStore):
        reads = 0

        def open(self, key: str, start: int = 0, length: int | None = None):
            self.reads += 1
            if self.reads > 10:
                raise StoreUnavailable("the store is gone")
            return store.open(key, start, length)

        def list(self, prefix: str, after: str = ""):
            return store.list(prefix, after)

    waves = Catalogue(Breaking()).every(ANYBODY, Query())
    assert len(next(waves)) == 5
    with pytest.raises(StoreUnavailable):
        for _ in waves:
            pass
