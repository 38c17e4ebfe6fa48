"""Lists in every order, over shelves of hundreds of records and changes that are in none yet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from progimage.errors import StoreUnavailable
from progimage.library.index import facets, manifest, positions, sort_keys
from progimage.library.index.index import Index
from progimage.library.index.manifest import Manifest, Row
from progimage.library.index.publish import put_shelf
from progimage.library.index.shelf_writer import of_records
from progimage.library.records import Records
from progimage.library.search.catalogue import MAX_SECONDS, Catalogue
from progimage.library.search.order import ORDERS, Order, Place
from progimage.library.search.query import Query
from progimage.model import ANONYMOUS, Capture, Record
from progimage.stores import ABSENT
from progimage.stores.memory import MemoryStore
from tests.candidates import stored_record
from tests.library.search.metered import MeteredStore

START = datetime(2024, 1, 1, tzinfo=UTC)
PICTURES = 600
IN_A_SHELF = 200
RARE, HALF = facets.tag("rare"), facets.tag("half")


def picture(number: int) -> Record:
    """Return a record whose title, size and dates are in orders of their own."""
    has_date = number % 3 == 0
    tags = [*(["half"] if number % 2 else []), *(["rare"] if number % 97 == 0 else [])]
    created = START + timedelta(minutes=number)
    return stored_record(
        number,
        size_bytes=number * 37 % 101,
        media_type="image/jpeg",
        file_name=f"IMG_{number * 7 % 10}.jpg",
        created=created,
        modified=created,
        title="" if number % 5 == 0 else f"Ünd {number * 13 % 29}",
        tags=tuple(tags),
        capture=Capture(taken=f"2023-0{1 + number % 9}-01T00:00:00+05:00" if has_date else None),
    )


RECORDS = [picture(number) for number in range(PICTURES)]


def place(record: Record, by: str) -> Place:
    key = b"" if by == "created" else sort_keys.of_record(record).by(by)
    return Place(key, positions.position(record.created, record.id))


def in_order(records: list[Record], order: Order) -> list[Record]:
    return sorted(records, key=lambda r: place(r, order.by), reverse=order.is_reversed)


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    """Return a store with three shelves, and fifty pictures that are only announced."""
    store = MemoryStore()
    found = [(place(record, "created").position, record) for record in RECORDS[:-50]]
    found.sort()
    rows = []
    for start in range(0, len(found), IN_A_SHELF):
        some = found[start : start + IN_A_SHELF]
        first = some[0][0] if rows else b""
        rows.append(Row(first, put_shelf(store, of_records(some).encode(), len(some))))
    manifest.swap(store, Manifest(1, tuple(rows)), ABSENT)
    index, records = Index(store), Records(store)
    for record in RECORDS[-50:]:
        index.announce(record)
        records.write(record, expect=ABSENT)
    return store


@pytest.mark.parametrize("order", ORDERS, ids=str)
@pytest.mark.parametrize(
    "query",
    [Query(), Query(tags=(HALF,)), Query(tags=(RARE,)), Query(tags=(facets.tag("none"),))],
    ids=["all", "half", "rare", "none"],
)
def test_pages_forwards_and_backwards_have_every_match_in_order(store, query, order):
    catalogue = Catalogue(Index(store))
    expected = in_order([record for record in RECORDS if query.matches(record)], order)
    page = catalogue.first(ANONYMOUS, query, 41, order=order)
    assert page.previous is None
    assert (page.total.count, page.total.is_exact) == (len(expected), True)
    forwards, last = [*page.records], page
    while last.next:
        last = catalogue.beside(ANONYMOUS, query, 41, last.next)
        forwards += last.records
    assert forwards == expected
    backwards = [*last.records]
    while last.previous:
        last = catalogue.beside(ANONYMOUS, query, 41, last.previous)
        backwards[:0] = last.records
    assert backwards == expected
    assert [r for some in catalogue.every(ANONYMOUS, query, order) for r in some] == expected


@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_a_sorted_page_is_one_listing(store, order):
    metered = MeteredStore(store)
    catalogue = Catalogue(Index(metered))
    page = catalogue.first(ANONYMOUS, Query(), 50, order=order)
    metered.requests.clear()
    catalogue.first(ANONYMOUS, Query(), 50, order=order)
    assert metered.requests == {"LIST": 1}
    metered.requests.clear()
    catalogue.beside(ANONYMOUS, Query(), 50, page.next)
    assert metered.requests == {"LIST": 1}


def test_the_oldest_are_found_without_a_look_at_newer_shelves(store):
    metered = MeteredStore(store)
    catalogue = Catalogue(Index(metered))
    oldest = Order("created")
    page = catalogue.first(ANONYMOUS, Query(), 50, order=oldest)
    fresh = Catalogue(Index(metered))
    metered.requests.clear()
    fresh.beside(ANONYMOUS, Query(), 50, page.next)
    # The manifest; of three shelves the oldest, and the newest, to which what is announced
    # belongs; and what is announced.
    assert metered.requests == {"HEAD": 1, "LIST": 1, "GET": 1 + 2 + 50}


def test_a_list_that_cannot_be_sorted_in_time_says_so(store):
    seconds = iter(range(0, 10_000, int(MAX_SECONDS) + 1))
    catalogue = Catalogue(Index(store), clock=lambda: float(next(seconds)))
    with pytest.raises(StoreUnavailable, match="sorted"):
        catalogue.first(ANONYMOUS, Query(), 50, order=Order("title"))


@pytest.mark.parametrize(
    ("facts", "by", "key"),
    [
        ({"title": "Äpfel", "file_name": "b.jpg"}, "title", "äpfel".encode()),
        ({"title": "", "file_name": "B.jpg"}, "title", b"b.jpg"),
        ({"size_bytes": 258}, "size", b"\0\0\0\0\0\0\1\2"),
        ({"capture": Capture(taken="2020-02-03T04:05:06+07:00")}, "taken", b"2020-02-03T04:05:06"),
        ({"capture": Capture(taken="2020-02-03T04:05:06")}, "taken", b"2020-02-03T04:05:06"),
        ({"capture": Capture(), "created": START}, "taken", b"2024-01-01T00:00:00"),
    ],
)
def test_a_key_is_the_same_from_a_record_and_from_its_json(facts, by, key):
    record = picture(1).model_copy(update=facts)
    assert sort_keys.of_record(record).by(by) == key
    assert sort_keys.of_json(record.model_dump_json().encode()).by(by) == key
    assert sort_keys.may_be(by, key)
