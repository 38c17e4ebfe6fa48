"""A shelf gives back what was put into it, alone and merged with others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from progimage.library.index import positions, shelf_writer, sort_keys
from progimage.library.index.shelf import SORT_KEYS, Shelf
from progimage.library.index.shelf_writer import merged, of_records
from progimage.library.index.terms import PIECES, PUBLIC, Term, terms_of
from progimage.model import Record
from tests.candidates import stored_record

START = datetime(2024, 1, 1, tzinfo=UTC)
WORDS = ["sea", "seaside", "übersee", "w", "ww", "t", "海辺"]


@pytest.fixture(params=[0, 2_000], ids=["with pieces", "without"], scope="module", autouse=True)
def many_words(request) -> Iterator[None]:
    """Run every test with shelves that find words by their pieces, and again without."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shelf_writer, "MANY_WORDS", request.param)
        yield


def record(number: int, words: list[str], tags: list[str]) -> Record:
    return stored_record(
        number,
        size_bytes=number,
        created=START + timedelta(seconds=number * 7 % 11),
        modified=START,
        title=" ".join(words),
        tags=tuple(tags),
    )


RECORDS = st.lists(
    st.builds(
        record,
        st.integers(0, 10**6),
        st.lists(st.sampled_from(WORDS), max_size=3),
        st.lists(st.sampled_from(["sea", "sky", "w"]), max_size=2, unique=True),
    ),
    max_size=30,
    unique_by=lambda made: made.id,
)


def in_order(records: list[Record]) -> list[tuple[bytes, Record]]:
    return sorted((positions.position(r.created, r.id), r) for r in records)


def shelf_of(records: list[Record]) -> Shelf:
    return Shelf(of_records(in_order(records)).encode())


def terms_in(shelf: Shelf) -> list[Term]:
    """Return the terms of pictures."""
    return [term for term in shelf.terms_from(b"") if term[:1] != PIECES]


def records_with(shelf: Shelf, ordinals: BitMap) -> set[str]:
    return {shelf.record(ordinal).id for ordinal in ordinals}


def ids_of(shelf: Shelf) -> set[str]:
    return {shelf.record(ordinal).id for ordinal in range(shelf.n)}


def has_part(made: Record, part: bytes) -> bool:
    return any(term[:1] == b"w" and part in term[1:] for term in terms_of(made))


@given(RECORDS)
def test_records_and_terms_come_back(records):
    shelf = shelf_of(records)
    assert shelf.n == len(records)
    for ordinal, (at, made) in enumerate(in_order(records)):
        assert shelf.position(ordinal) == at
        assert shelf.find(at) == ordinal
        assert shelf.record(ordinal) == made
    every = sorted({term for made in records for term in terms_of(made)})
    assert terms_in(shelf) == every
    for term in every:
        expected = {made.id for made in records if term in terms_of(made)}
        assert records_with(shelf, shelf.with_term(term)) == expected
    assert not shelf.with_term(b"tnobody")
    assert len(shelf.with_term(PUBLIC)) == len(records)


@given(
    RECORDS,
    st.sampled_from(
        ["s", "sea", "seas", "side", "easide", "w", "t", "e", "辺", "海辺", "wse", "x", "xyz", "m"]
    ),
)
def test_a_part_finds_the_words_that_contain_it_and_no_other_kind(records, part):
    shelf = shelf_of(records)
    found = {shelf.term(number) for number in shelf.words_with(part.encode())}
    every = {term for made in records for term in terms_of(made)}
    assert found == {t for t in every if t[:1] == b"w" and part.encode() in t[1:]}


@given(RECORDS, RECORDS, st.integers(1, 12), st.sets(st.integers(0, 29)))
def test_merged_shelves_hold_what_they_held_less_what_does_not_count(one, two, most, dead):
    known = {made.id for made in one}
    two = [made for made in two if made.id not in known]
    first, second = shelf_of(one), shelf_of(two)
    gone = BitMap(ordinal for ordinal in dead if ordinal < first.n)
    left = [made for n, (_, made) in enumerate(in_order(one)) if n not in gone] + two
    pieces = [Shelf(c.encode()) for c in merged([(first, gone), (second, BitMap())], most)]
    assert all(piece.n <= most for piece in pieces)
    assert [p.record(o) for p in pieces for o in range(p.n)] == [r for _, r in in_order(left)]
    for piece in pieces:
        for term in terms_in(piece):
            expected = {o for o in range(piece.n) if term in terms_of(piece.record(o))}
            assert set(piece.with_term(term)) == expected != set()
        for part in (b"sea", b"aside", "übe".encode()):
            found = records_with(piece, piece.with_any(piece.words_with(part)))
            assert found == {made.id for made in left if has_part(made, part)} & ids_of(piece)


@given(RECORDS, RECORDS)
def test_a_shelf_has_its_records_in_the_order_of_each_key(one, two):
    known = {made.id for made in one}
    shelves = [shelf_of(one), shelf_of([made for made in two if made.id not in known])]
    shelves += [Shelf(c.encode()) for c in merged([(shelf, BitMap()) for shelf in shelves], 100)]
    for shelf in shelves:
        for key in SORT_KEYS:
            keys = [sort_keys.of_record(shelf.record(o)).by(key) for o in range(shelf.n)]
            order = list(shelf.in_order(key))
            assert order == sorted(range(shelf.n), key=lambda o: (keys[o], o))
            assert [shelf.sort_key(o, key) for o in range(shelf.n)] == keys
            assert [order[place] for place in shelf.places(key)] == list(range(shelf.n))


def test_a_patch_says_what_does_not_count_any_more():
    tomb = (positions.position(START, "0" * 64), "0123456789abcdef")
    shelf = Shelf(of_records([]).encode(BitMap([3, 5]), {tomb: 7}))
    assert set(shelf.kills) == {3, 5}
    assert shelf.tombs == {tomb: 7}


def test_other_bytes_are_no_shelf():
    with pytest.raises(ValueError, match="not a shelf"):
        Shelf(b"PIshelf0" + bytes(100))


def test_looks_come_back_also_of_shelves_that_have_no_section_for_them():
    made = [
        record(number, [], []).model_copy(update={"perceptual_hash": look})
        for number, look in enumerate(["00000000000000ff", "", "ffffffffffffffff"])
    ]
    data = of_records(in_order(made)).encode()
    looks = [int(each.perceptual_hash or "0", 16) for _, each in in_order(made)]
    assert list(Shelf(data).looks) == looks
    without = data.replace(b'"look"', b'"none"')
    assert list(Shelf(without).looks) == looks
    [both] = merged([(Shelf(without), BitMap([0])), (Shelf(data), BitMap([1, 2]))], 100)
    assert sorted(Shelf(both.encode()).looks) == sorted(looks)
