"""Who sees what, and how much work one request may be."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor

import pytest

from progimage.errors import StoreUnavailable
from progimage.library import Library
from progimage.library.index import facets
from progimage.library.index.fold import fold
from progimage.library.index.index import Index
from progimage.library.index.words import needles
from progimage.library.search.catalogue import MAX_SECONDS, Catalogue
from progimage.library.search.page import MAX_TOTAL
from progimage.library.search.query import Query
from progimage.model import ANONYMOUS, Metadata, Record, Viewer
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
    return Catalogue(Index(store))


def add_owned(store: ObjectStore, content: bytes, owner: str, **fields: object) -> Record:
    """Add a picture of a named owner."""
    return add(Library(store), content, Metadata.model_validate(fields), owner)


@pytest.fixture(params=["announced", "in shelves"], autouse=True)
def folded(request, monkeypatch) -> None:
    """Run every test with changes that are only announced, and again with all in shelves."""
    if request.param == "in shelves":
        view = Index.view

        def folded_view(index: Index):
            with monkeypatch.context() as patch:
                patch.setattr(Index, "view", view)
                fold(index, 1, patch_most=8, most=64)
            return view(index)

        monkeypatch.setattr(Index, "view", folded_view)


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
    for other in (EVE, ANONYMOUS, Viewer(name="BOB")):
        assert found(catalogue, other) == [public]
        assert found(catalogue, other, Query(tags=(DOG,))) == []
        assert found(catalogue, other, Query(needles=("do",))) == []
        assert found(catalogue, other, Query(visibility="private")) == []
        assert [tag.name for tag in catalogue.tags(other, 10)[0]] == ["cat"]
        assert catalogue.tags(other, 10, beginning="d") == ([], None)
    assert [tag.name for tag in catalogue.tags(BOB, 10)[0]] == ["cat", "dog"]
    assert catalogue.tags(EVE, 10)[0][0].count.count == 1


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("istanbul", "İstanbul"),
        ("ISTANBUL", "İstanbul"),
        ("İstanbul", "İstanbul"),
        ("cesar", "César"),
        ("César", "César"),
        ("cafe", "César"),
        ("isparta", "Isparta"),
    ],
)
def test_words_are_found_without_their_accents_too(store, catalogue, query, title):
    for text, tags in (("İstanbul", ()), ("César", ("Café",)), ("Isparta", ())):
        add_owned(store, text.encode(), "bob", title=text, tags=tags)
    [picture] = found(catalogue, ANONYMOUS, Query(needles=tuple(needles(query))))
    assert picture.title == title
    assert [tag.name for tag in catalogue.tags(ANONYMOUS, 10)[0]] == ["Café"]


@pytest.mark.parametrize("query", ["César", "césar", "cesar", "çesar"])
def test_an_accent_in_a_query_finds_the_plain_word_too(store, catalogue, query):
    for title in ("Cesar", "César", "Caesar"):
        add_owned(store, title.encode(), "bob", title=title)
    pictures = found(catalogue, ANONYMOUS, Query(needles=tuple(needles(query))))
    assert {picture.title for picture in pictures} == {"Cesar", "César"}


def test_an_accent_in_a_query_for_tags_stays(store, catalogue):
    for name in ("Cesar", "César"):
        add_owned(store, name.encode(), "bob", title="x", tags=(name,))
    [picture] = found(catalogue, ANONYMOUS, Query(tags=(facets.tag("césar"),)))
    assert list(picture.tags) == ["César"]


def test_an_owner_is_found_by_name(store, catalogue):
    ours = add_owned(store, b"1", "bob")
    theirs = add_owned(store, b"2", "eve")
    unowned = add(Library(store), b"3")
    assert found(catalogue, EVE, Query(owner="bob")) == [ours]
    assert found(catalogue, BOB, Query(owner="bob")) == [ours]
    assert found(catalogue, BOB, Query(owner="eve", visibility="public")) == [theirs]
    assert [r.id for r in catalogue.first(BOB, Query(owner=""), 10).records] == [unowned.id]


def test_a_picture_turned_private_is_gone_for_others_at_once(store, catalogue):
    record = add_owned(store, b"1", "bob", tags=("cat",))
    assert found(catalogue, EVE, Query(tags=(CAT,))) == [record]
    changes = {"visibility": "private"}
    hidden = Library(store).edit(BOB, record.id, changes, lambda current: True)
    assert found(catalogue, EVE, Query(tags=(CAT,))) == []
    assert catalogue.tags(EVE, 10) == ([], None)
    assert found(catalogue, BOB, Query(tags=(CAT,))) == [hidden]


def test_an_announcement_of_an_edit_that_was_not_made_shows_nothing(store, catalogue):
    record = add(Library(store), b"1", Metadata(tags=("cat",)))
    claimed = record.model_copy(update={"tags": ("dog", "cat"), "title": "dog", "revision": 2})
    Index(store).announce(claimed)
    assert found(catalogue, ANONYMOUS) == [record]
    assert found(catalogue, ANONYMOUS, Query(tags=(DOG,))) == []
    assert found(catalogue, ANONYMOUS, Query(needles=("dog",))) == []
    assert catalogue.tags(ANONYMOUS, 10, beginning="dog") == ([], None)


def test_a_picture_uploaded_again_is_listed_once_though_the_old_one_is_announced(store, catalogue):
    old = add(Library(store), b"1")
    Library(store).remove(ANONYMOUS, old.id)
    new = add(Library(store), b"1")
    Index(store).announce(old.model_copy(update={"revision": 7}))
    assert found(catalogue, ANONYMOUS) == [new]


def test_a_part_of_very_many_words_still_finds_every_picture(store, catalogue):
    library = Library(store)
    words = [f"x{number:03}" for number in range(150)]
    for number, word in enumerate(words):
        add(library, b"%d" % number, Metadata(title=word))
    page = catalogue.first(ANONYMOUS, Query(needles=("x",)), 1_000)
    assert sorted(record.title for record in page.records) == words
    assert [r.title for r in found(catalogue, ANONYMOUS, Query(needles=("x14", "9")))] == ["x149"]


def test_a_search_that_takes_too_long_gives_up_and_can_be_gone_on_with(store):
    """It looks at one part of the index at least, so that it comes to an end."""
    index, library = Index(store), Library(store)
    wanted = add(library, b"wanted", Metadata(tags=("cat", "dog")))
    for number in range(100):
        add(library, b"%d" % number, Metadata(tags=("cat" if number % 2 else "dog",)))
        if number % 10 == 0:
            fold(index, 1, patch_most=8, most=64)
    always_late = Catalogue(index, clock=iter(range(0, 10**6, 1 + int(MAX_SECONDS))).__next__)
    query, pages = Query(tags=(CAT, DOG)), 1
    page = always_late.first(ANONYMOUS, query, 10)
    while page.next:
        assert page.is_partial
        assert not page.total.is_exact
        assert page.records == []
        page = always_late.beside(ANONYMOUS, query, 10, page.next)
        pages += 1
    assert page.records == [wanted]
    assert 3 <= pages <= 15


@pytest.mark.timeout(600)  # a thousand uploads, perhaps over a real S3 server
def test_a_total_is_exact_up_to_its_bound_and_then_a_lower_bound(store, catalogue):
    library = Library(store)
    with ThreadPoolExecutor(8) as threads:
        for start in range(0, MAX_TOTAL, 100):
            numbers = range(start, min(start + 100, MAX_TOTAL))
            list(threads.map(lambda number: add(library, b"%d" % number), numbers))
            fold(Index(store), 1)
    page = catalogue.first(ANONYMOUS, Query(), 1)
    assert (page.total.count, page.total.is_exact) == (MAX_TOTAL, True)
    add(library, b"one more")
    page = catalogue.first(ANONYMOUS, Query(), 1)
    assert (page.total.count, page.total.is_exact) == (MAX_TOTAL, False)
    assert page.next is not None
    assert catalogue.beside(ANONYMOUS, Query(), 1, page.next).total == page.total


def test_an_error_in_a_stream_ends_it_with_an_error():
    class Breaking(MemoryStore):
        is_broken = False

        def list(self, prefix: str, after: str = ""):
            if self.is_broken:
                raise StoreUnavailable("the store is gone")
            return super().list(prefix, after)

    breaking = Breaking()
    for number in range(20):
        add(Library(breaking), b"%d" % number)
    waves = Catalogue(Index(breaking)).every(ANONYMOUS, Query())
    assert len(next(waves)) == 5
    breaking.is_broken = True
    with pytest.raises(StoreUnavailable):
        for _ in waves:
            pass


@pytest.mark.parametrize("key", ["index/live/0714-zz", "index/live/zz", "index/shelves/zz"])
def test_a_stray_file_in_the_index_hides_no_picture(store, catalogue, key):
    picture = add_owned(store, b"1", "bob")
    store.put(key, io.BytesIO(b""), media_type="text/plain")
    assert found(catalogue, ANONYMOUS) == [picture]
