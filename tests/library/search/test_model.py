"""Paging through matches meets every picture that matched throughout exactly once.

Pictures are added, edited and removed between any two pages, with clocks that go wrong.
Two processes search in turn, fold, merge and sweep at any moment, with shelves of a few
records, and searches may have so little time that pages come back unfinished.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from progimage.library import Library
from progimage.library.index import facets, positions
from progimage.library.index.fold import fold
from progimage.library.index.index import Index
from progimage.library.index.sweep import sweep
from progimage.library.index.tidy import rewrite, tidy
from progimage.library.search.catalogue import MAX_SECONDS, Catalogue
from progimage.library.search.cursor import Cursor, decode
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


@dataclass
class Reader:
    """Somebody paging: what matched all the time, where he is, and what he saw."""

    query: Query
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

    @initialize(said=st.lists(st.tuples(METADATA, MOMENTS), min_size=8, max_size=20))
    def fill(self, said: list[tuple[dict, int]]) -> None:
        for number, (metadata, moment) in enumerate(said):
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

    @rule(content=st.binary(min_size=1, max_size=1), said=METADATA, moment=MOMENTS)
    def add(self, content: bytes, said: dict, moment: int) -> None:
        self.now = EPOCH + timedelta(microseconds=moment)
        metadata = Metadata.model_validate(said)
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

    @rule(query=QUERIES, limit=LIMITS, parts=st.integers(1, 30))
    def begin(self, query: Query, limit: int, parts: int) -> None:
        page = self.hasty(parts).first(ANN, query, limit)
        seen = [record.id for record in page.records]
        self.readers.append(Reader(query, self.matching(query), page.next, seen))

    @rule(number=st.integers(0))
    def turn_round(self, number: int) -> None:
        """From wherever a reader is, all that comes before is to be met going back."""
        if going := [reader for reader in self.readers if reader.cursor]:
            reader = going[number % len(going)]
            cursor = replace(reader.cursor, is_backwards=True)
            before = {
                image_id
                for image_id in self.matching(reader.query)
                if self.position(image_id) < cursor.position
            }
            self.readers.append(Reader(reader.query, before, cursor))

    @rule(number=st.integers(0), limit=LIMITS, parts=st.integers(1, 30))
    def turn_a_page(self, number: int, limit: int, parts: int) -> None:
        if going := [reader for reader in self.readers if reader.cursor]:
            self.turn(going[number % len(going)], limit, parts)

    def turn(self, reader: Reader, limit: int, parts: int) -> None:
        cursor = decode(reader.cursor.encode())
        page = self.hasty(parts).beside(ANN, reader.query, limit, cursor)
        found = [record.id for record in page.records]
        assert len(found) <= limit
        assert found == sorted(found, key=self.position)
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

    @rule(query=QUERIES, offset=st.integers(0, 5))
    def skip(self, query: Query, offset: int) -> None:
        page = self.catalogue.first(ANN, query, 3, offset=offset)
        expected = sorted(self.matching(query), key=self.position)
        assert [record.id for record in page.records] == expected[offset : offset + 3]

    @rule(query=QUERIES)
    def stream(self, query: Query) -> None:
        found = [record for wave in self.catalogue.every(ANN, query) for record in wave]
        expected = sorted(self.matching(query), key=self.position)
        assert found == [self.records[image_id] for image_id in expected]

    @rule(query=QUERIES)
    def count(self, query: Query) -> None:
        page = self.catalogue.first(ANN, query, 1)
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

    def position(self, image_id: str) -> bytes:
        return positions.position(self.records[image_id].created, image_id)

    def unsettle(self, image_id: str, record: Record | None) -> None:
        for reader in self.readers:
            if record is None or not reader.query.matches(record):
                reader.throughout.discard(image_id)


TestCatalogueModel = CatalogueMachine.TestCase
TestCatalogueModel.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
