"""Paging through matches meets every picture that matched throughout exactly once.

Pictures are added, edited and removed between any two pages, with clocks that go wrong.
Two processes search in turn, fold, merge and sweep at any moment, with shelves of a few
records, and searches may have so little time that pages come back unfinished.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from progimage.library import Library
from progimage.library.index import facets, positions, sort_keys
from progimage.library.index.fold import fold
from progimage.library.index.index import Index
from progimage.library.index.sweep import sweep
from progimage.library.index.tidy import rewrite, tidy
from progimage.library.search.catalogue import MAX_SECONDS, Catalogue
from progimage.library.search.cursor import Cursor, decode
from progimage.library.search.order import NEWEST_FIRST, ORDERS, Order
from progimage.library.search.query import Query
from progimage.model import Metadata, Record, Viewer
from progimage.stores.memory import MemoryStore
from tests.candidates import candidate

ANN = Viewer(name="ann")
EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
TAGS = st.lists(st.sampled_from(["sea", "Sea", "sky", "ab", "b"]), max_size=3)
METADATA = st.fixed_dictionaries(
    {
        "tags": TAGS,
        "title": st.sampled_from(["", "seaside", "Übersee", "b"]),
        "visibility": st.sampled_from(["public", "private"]),
    }
)
# Some microseconds for pictures that come at once, some years for those that do not.
MOMENTS = st.one_of(st.integers(0, 3), st.integers(0, 10**8), st.integers(0, 10**14))
LIMITS = st.integers(1, 3)
SEA, SKY, B = facets.tag("sea"), facets.tag("sky"), facets.tag("b")
QUERIES = st.sampled_from(
    [
        Query(),
        Query(tags=(SEA,)),
        Query(tags=(SEA, SKY)),
        Query(any_tags=(SKY, B)),
        Query(needles=("s",)),
        Query(needles=("see", "ü")),
        Query(tags=(SEA,), needles=("b",)),
        Query(visibility="private"),
        Query(media_type="image/png", any_tags=(SEA, SKY)),
        Query(owner="ann"),
        Query(created_after=EPOCH + timedelta(microseconds=1)),
        Query(created_before=EPOCH + timedelta(days=3), tags=(SEA,)),
    ]
)
SORTED = st.sampled_from(ORDERS)


@dataclass
class Reader:
    """A client that pages: what matched all the time, its place, and what it saw."""

    query: Query
    order: Order
    throughout: set[str]
    cursor: Cursor | None
    seen: list[str] = field(default_factory=list)


class CatalogueMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = EPOCH
        self.store = MemoryStore()
        self.seconds = 0.0
        self.parts_in_time = 1_000
        self.processes = [Index(self.store, seconds=lambda: self.seconds) for _ in range(2)]
        self.libraries = [Library(self.store, lambda: self.now, i) for i in self.processes]
        self.catalogues = [Catalogue(i, clock=self.tick) for i in self.processes]
        self.turns = 0
        self.records: dict[str, Record] = {}
        self.readers: list[Reader] = []

    @initialize(fields=st.lists(st.tuples(METADATA, MOMENTS), min_size=8, max_size=20))
    def fill(self, fields: list[tuple[dict, int]]) -> None:
        for number, (metadata, moment) in enumerate(fields):
            self.add(bytes([number]), metadata, moment)

    def tick(self) -> float:
        """Stand in for a clock: after so many looks at it a search is late."""
        self.parts_in_time -= 1
        return MAX_SECONDS + 1 if self.parts_in_time < 0 else 0.0

    def next_process(self) -> int:
        self.turns += 1
        return self.turns % 2

    @property
    def library(self) -> Library:
        return self.libraries[self.next_process()]

    @property
    def catalogue(self) -> Catalogue:
        self.parts_in_time = 1_000
        return self.catalogues[self.next_process()]

    def hasty(self, parts: int) -> Catalogue:
        """Return a catalogue that has time for so many parts of the index."""
        catalogue = self.catalogue
        self.parts_in_time = parts
        return catalogue

    @rule(process=st.integers(0, 1), at_least=st.integers(1, 4))
    def fold(self, process: int, at_least: int) -> None:
        fold(self.processes[process], at_least, patch_most=4, most=8)

    @rule(process=st.integers(0, 1), whole=st.booleans())
    def tidy(self, process: int, whole: bool) -> None:
        (rewrite if whole else tidy)(self.processes[process], most=8)

    @rule(process=st.integers(0, 1), seconds=st.floats(0, 10))
    def sweep(self, process: int, seconds: float) -> None:
        self.seconds += seconds
        sweep(self.processes[process])

    @rule(content=st.binary(min_size=1, max_size=2), fields=METADATA, moment=MOMENTS)
    def add(self, content: bytes, fields: dict, moment: int) -> None:
        self.now = EPOCH + timedelta(microseconds=moment)
        metadata = Metadata.model_validate(fields)
        record, _ = self.library.add(candidate(content, file_name="", owner="ann"), metadata)
        self.records[record.id] = record

    @rule(number=st.integers(0), changes=METADATA)
    def edit(self, number: int, changes: dict) -> None:
        if self.records:
            image_id = sorted(self.records)[number % len(self.records)]
            edited = self.library.edit(ANN, image_id, changes, lambda current: True)
            self.records[image_id] = edited
            self.unsettle(image_id, edited)

    @rule(number=st.integers(0))
    def remove(self, number: int) -> None:
        if self.records:
            image_id = sorted(self.records)[number % len(self.records)]
            self.library.remove(ANN, image_id)
            del self.records[image_id]
            self.unsettle(image_id, None)

    @rule(query=QUERIES, order=SORTED, limit=LIMITS, parts=st.integers(1, 30))
    def begin(self, query: Query, order: Order, limit: int, parts: int) -> None:
        catalogue = self.hasty(parts) if order == NEWEST_FIRST else self.catalogue
        page = catalogue.first(ANN, query, limit, order=order)
        seen = [record.id for record in page.records]
        self.readers.append(Reader(query, order, self.matching(query), page.next, seen))

    @rule(number=st.integers(0))
    def turn_round(self, number: int) -> None:
        """From wherever a reader is, all that comes before is to be met going back."""
        if going := [reader for reader in self.readers if reader.cursor]:
            reader = going[number % len(going)]
            cursor = replace(reader.cursor, is_backwards=True)
            before = {
                image_id
                for image_id in self.matching(reader.query)
                if self.comes_before(image_id, cursor)
            }
            self.readers.append(Reader(reader.query, reader.order, before, cursor))

    @rule(number=st.integers(0), limit=LIMITS, parts=st.integers(1, 30))
    def turn_a_page(self, number: int, limit: int, parts: int) -> None:
        if going := [reader for reader in self.readers if reader.cursor]:
            self.turn(going[number % len(going)], limit, parts)

    def turn(self, reader: Reader, limit: int, parts: int) -> None:
        cursor = decode(reader.cursor.encode())
        assert cursor == reader.cursor
        catalogue = self.hasty(parts) if cursor.order == NEWEST_FIRST else self.catalogue
        page = catalogue.beside(ANN, reader.query, limit, cursor)
        found = [record.id for record in page.records]
        assert len(found) <= limit
        assert found == self.sorted(found, reader.order)
        if cursor.is_backwards:
            reader.seen[:0], reader.cursor = found, page.previous
        else:
            reader.seen += found
            reader.cursor = page.next

    def teardown(self) -> None:
        for reader in self.readers:
            while reader.cursor:
                self.turn(reader, 2, 1)
            assert reader.throughout <= set(reader.seen)
        self.no_reader_meets_a_picture_twice()

    @rule(query=QUERIES, order=SORTED, offset=st.integers(0, 5))
    def skip(self, query: Query, order: Order, offset: int) -> None:
        page = self.catalogue.first(ANN, query, 3, offset=offset, order=order)
        expected = self.sorted(self.matching(query), order)
        assert [record.id for record in page.records] == expected[offset : offset + 3]

    @rule(query=QUERIES, order=SORTED)
    def stream(self, query: Query, order: Order) -> None:
        found = [record for wave in self.catalogue.every(ANN, query, order) for record in wave]
        expected = self.sorted(self.matching(query), order)
        assert found == [self.records[image_id] for image_id in expected]

    @rule(query=QUERIES, order=SORTED)
    def count(self, query: Query, order: Order) -> None:
        page = self.catalogue.first(ANN, query, 1, order=order)
        count = len(self.matching(query))
        if page.total.is_exact:
            assert page.total.count == count
        else:
            assert page.total.count <= count

    @rule(beginning=st.sampled_from(["", "s", "sea", "a"]))
    def list_tags(self, beginning: str) -> None:
        expected: dict[str, int] = {}
        for record in self.records.values():
            for tag in record.tags:
                if tag.lower().startswith(beginning):
                    expected[tag.lower()] = expected.get(tag.lower(), 0) + 1
        found, more = self.catalogue.tags(ANN, 10, beginning=beginning)
        assert more is None
        assert {tag.name.lower(): tag.count.count for tag in found} == expected

    @invariant()
    def no_reader_meets_a_picture_twice(self) -> None:
        for reader in self.readers:
            often = [image_id for image_id in reader.seen if image_id in reader.throughout]
            assert len(often) == len(set(often))

    def matching(self, query: Query) -> set[str]:
        return {record.id for record in self.records.values() if query.matches(record)}

    def place(self, image_id: str, by: str) -> tuple[object, bytes]:
        record = self.records[image_id]
        position = positions.position(record.created, image_id)
        keys = {
            "title": record.title.casefold(),
            "size": record.size_bytes,
            "taken": record.created.replace(microsecond=0),
        }
        return keys.get(by), position

    def sorted(self, found: Iterable[str], order: Order) -> list[str]:
        """Return ids as a list has them; the newest come first when all else is equal."""
        is_reversed = order.is_descending != (order.by == "created")
        return sorted(found, key=lambda id_: self.place(id_, order.by), reverse=is_reversed)

    def comes_before(self, image_id: str, cursor: Cursor) -> bool:
        record = self.records[image_id]
        by, position = cursor.order.by, positions.position(record.created, image_id)
        key = b"" if by == "created" else sort_keys.of_record(record).by(by)
        here = key, position
        return here > cursor.place if cursor.order.is_reversed else here < cursor.place

    def unsettle(self, image_id: str, record: Record | None) -> None:
        for reader in self.readers:
            # What is sorted again may be met twice, or not at all.
            is_moved = reader.order.by == "title"
            if record is None or is_moved or not reader.query.matches(record):
                reader.throughout.discard(image_id)


TestCatalogueModel = CatalogueMachine.TestCase
TestCatalogueModel.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
