"""A shelf: an immutable file with the records of up to 65,536 pictures and their postings.

After its header it has these sections:

    sums   of a large shelf: checksums of its blocks; see `header`
    pos    positions, ascending, so the newest picture first
    doc    records: JSON, each deflated with a dictionary they share; `doff`: where each ends
    term   terms, ascending, each with a line feed; `toff`: where each ends
    post   for each term the ordinals of its pictures; `poff`: where each ends
    title, size, taken
           the ordinals in the order of this key, then for each ordinal its place in that order
    look   for each ordinal the perceptual hash, 8 bytes; shelves of earlier versions lack it
    kills  of a patch: ordinals of the base that no longer count
    tombs  of a patch: uploads of pictures that were removed, a line each

Sets of ordinals are Roaring bitmaps in their portable format
(https://github.com/RoaringBitmap/RoaringFormatSpec); all numbers are little-endian.

A shelf with many words also has a term for each three bytes that stand in a word. Its posting
has the numbers of those words, so that a part of a word is found without a look at all of them.
"""

from __future__ import annotations

import mmap
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from pyroaring import BitMap

from progimage.library.index import header, positions, sort_keys, terms
from progimage.library.index.packed import unpack, version
from progimage.library.index.partial_copy import PartialCopy
from progimage.library.index.positions import Position
from progimage.library.index.sort_keys import SortKey
from progimage.library.index.terms import PIECE, Term
from progimage.model import Record

MOST = 65_536
"""Records of a shelf: so many ordinals fit into one container of a Roaring bitmap."""

SORT_KEYS: tuple[SortKey, ...] = ("title", "size", "taken")

_BLOCK = 64
"""The terms of a block are looked through as one text."""

Upload = tuple[Position, str]
"""A picture's position and the generation of an upload."""

Tombs = Mapping[Upload, int]
"""Uploads that are gone, each with the last revision that was announced of it."""


class Shelf:
    """A shelf, open for reading: nothing is read before it is needed.

    Args:
        data: the file's bytes, in memory or mapped, or a copy that is fetched as it is read. Of
            that the numbers and the terms, which each search needs, are fetched here at once.

    Attributes:
        n: how many records it has.
        kills: see above; empty in a base.
        tombs: see above; empty in a base.
    """

    def __init__(self, data: bytes | mmap.mmap | PartialCopy) -> None:
        self.n, places = header.read(data[: header.BLOCK])
        if isinstance(data, PartialCopy):
            data.need(places["doff"][0], places["term"][1])
            view = memoryview(data.mapped)
        else:
            view = memoryview(data)
        self._data = data
        self._positions, self._records, self._terms, self._postings = (
            places[name][0] for name in ("pos", "doc", "term", "post")
        )
        self._record_ends, self._term_ends, self._posting_ends = (
            view[slice(*places[name])].cast("I") for name in ("doff", "toff", "poff")
        )
        self._orders = {name: view[slice(*places[name])].cast("H") for name in SORT_KEYS}
        self._looks = view[slice(*places["look"])].cast("Q") if "look" in places else None
        self._places = places
        self.kills = BitMap.deserialize(data[slice(*places["kills"])])
        self.tombs: Tombs = dict(_tombs(data[slice(*places["tombs"])]))

    @property
    def data(self) -> bytes:
        """The whole file."""
        return self._data[:]

    def complete(self, is_wanted: Callable[[], bool]) -> None:
        """Fetch what is missing of the copy; from then on it is read without a look at that.

        Args:
            is_wanted: asked before each request; False ends it.
        """
        copy = self._data
        if isinstance(copy, PartialCopy) and copy.complete(is_wanted):
            self._data = copy.mapped

    def prepare(self, ordinals: Iterable[int]) -> None:
        """Fetch the positions and records of these, if they are not there, at the same time."""
        data = self._data
        if isinstance(data, PartialCopy):
            parts = []
            for ordinal in ordinals:
                at = self._positions + ordinal * positions.LENGTH
                parts.append((at, at + positions.LENGTH))
                start, end = self._record_ends[ordinal], self._record_ends[ordinal + 1]
                parts.append((self._records + start, self._records + end))
            data.need_all(parts)

    def position(self, ordinal: int) -> Position:
        """Return the position of a record."""
        start = self._positions + ordinal * positions.LENGTH
        return self._data[start : start + positions.LENGTH]

    def packed(self, ordinal: int) -> bytes:
        """Return a record as it is stored."""
        start, end = self._record_ends[ordinal], self._record_ends[ordinal + 1]
        return self._data[self._records + start : self._records + end]

    def json(self, ordinal: int) -> bytes:
        """Return a record as JSON."""
        return unpack(self.packed(ordinal))

    def record(self, ordinal: int) -> Record:
        """Return a record."""
        return Record.model_validate_json(self.json(ordinal))

    def version(self, ordinal: int) -> tuple[str, int]:
        """Return the generation and the revision of a record."""
        return version(self.packed(ordinal))

    def first_from(self, at: Position) -> int:
        """Return the ordinal of the first record at or after a position."""
        return bisect_left(range(self.n), at, key=self.position)

    def find(self, at: Position) -> int | None:
        """Return the ordinal of the record at a position, None if there is none."""
        ordinal = self.first_from(at)
        return ordinal if ordinal < self.n and self.position(ordinal) == at else None

    def with_id(self, image_id: str) -> list[int]:
        """Return the ordinals of the records of a picture."""
        return [o for o in range(self.n) if positions.id_of(self.position(o)) == image_id]

    @property
    def term_count(self) -> int:
        """How many terms there are."""
        return len(self._term_ends) - 1

    def term(self, number: int) -> Term:
        """Return a term by its number."""
        start, end = self._term_ends[number], self._term_ends[number + 1]
        return self._data[self._terms + start : self._terms + end - 1]

    def posting(self, number: int) -> BitMap:
        """Return the ordinals of the pictures that have a term."""
        start, end = self._posting_ends[number], self._posting_ends[number + 1]
        return BitMap.deserialize(self._data[self._postings + start : self._postings + end])

    def with_term(self, term: Term) -> BitMap:
        """Return the ordinals of the pictures that have a term; empty if no picture has it."""
        number = self._number_of(term)
        return BitMap() if number is None else self.posting(number)

    def with_any(self, numbers: list[int]) -> BitMap:
        """Return the ordinals of the pictures that have any of the terms of these numbers."""
        return BitMap().union(*map(self.posting, numbers))

    def first_term_from(self, term: Term) -> int:
        """Return the number of the first term at or after one."""
        block = max(bisect_left(self._fences, term) - 1, 0)
        low, high = block * _BLOCK, min((block + 1) * _BLOCK, self.term_count)
        while low < high:
            middle = (low + high) // 2
            if self.term(middle) < term:
                low = middle + 1
            else:
                high = middle
        return low

    def _number_of(self, term: Term) -> int | None:
        """Return the number of a term, None if no picture has it."""
        block = bisect_right(self._fences, term) - 1
        if block < 0:
            return None
        first = block * _BLOCK
        end = min(first + _BLOCK, self.term_count)
        start = self._terms + self._term_ends[first]
        text = b"\n" + self._data[start : self._terms + self._term_ends[end]]
        at = text.find(b"\n" + term + b"\n")
        return None if at < 0 else first + text.count(b"\n", 0, at)

    def words_with(self, part: bytes) -> list[int]:
        """Return the numbers of the words that contain a text."""
        if len(part) >= PIECE and self._has_pieces:
            return self._words_with_pieces(part)
        start, end = self._words
        words = self._data[self._terms + start : self._terms + end]
        found: list[int] = []
        at = words.find(part)
        while at >= 0:
            number = bisect_left(self._term_ends, start + at + 1) - 1
            if start + at > self._term_ends[number]:
                found.append(number)
                at = words.find(part, self._term_ends[number + 1] - start)
            else:
                # This is the letter of the kind, which is no part of the word.
                at = words.find(part, at + 1)
        return found

    def _words_with_pieces(self, part: bytes) -> list[int]:
        """Do it by the pieces of the text."""
        candidates: BitMap | None = None
        for piece in terms.pieces_of(part):
            posting = self.with_term(piece)
            candidates = posting if candidates is None else candidates & posting
            if not candidates:
                return []
        numbers = [self._first_word + number for number in candidates or ()]
        if len(part) == PIECE:
            return numbers
        return [number for number in numbers if self.term(number).find(part, 1) > 0]

    def in_order(self, key: SortKey) -> memoryview:
        """Return the ordinals in the order of a key; equal ones by position."""
        self._need(key)
        return self._orders[key][: self.n]

    def places(self, key: SortKey) -> memoryview:
        """Return the place of each ordinal in that order."""
        self._need(key)
        return self._orders[key][self.n :]

    def sort_key(self, ordinal: int, key: SortKey) -> bytes:
        """Return what a record is sorted by."""
        return sort_keys.of_json(self.json(ordinal)).by(key)

    @cached_property
    def looks(self) -> Sequence[int]:
        """What each record looks like: its perceptual hash as a number, 0 for none."""
        if self._looks is not None:
            self._need("look")
            return self._looks
        return [sort_keys.of_json(self.json(o)).look for o in range(self.n)]

    def terms_from(self, first: Term) -> Iterator[Term]:
        """Yield the terms from one on, ascending."""
        for number in range(self.first_term_from(first), self.term_count):
            yield self.term(number)

    def _need(self, section: str) -> None:
        """Have a section that is read by a view of the memory."""
        data = self._data  # `complete` may change it meanwhile.
        if isinstance(data, PartialCopy):
            data.need(*self._places[section])

    @cached_property
    def _fences(self) -> list[Term]:
        """The first term of each block."""
        return [self.term(number) for number in range(0, self.term_count, _BLOCK)]

    @cached_property
    def _first_word(self) -> int:
        return self.first_term_from(terms.WORDS)

    @cached_property
    def _words(self) -> tuple[int, int]:
        end = self.first_term_from(bytes([terms.WORDS[0] + 1]))
        return self._term_ends[self._first_word], self._term_ends[end]

    @cached_property
    def _has_pieces(self) -> bool:
        number = self.first_term_from(terms.PIECES)
        return number < self.term_count and self.term(number)[:1] == terms.PIECES


def _tombs(data: bytes) -> Iterator[tuple[Upload, int]]:
    for line in data.decode().splitlines():
        at, generation, revision = line.split(" ")
        yield (bytes.fromhex(at), generation), int(revision)
