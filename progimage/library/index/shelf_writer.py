"""Writing shelves from records, and from other shelves."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pyroaring import BitMap

from progimage.library.index import header, sort_keys
from progimage.library.index.packed import pack, unpack
from progimage.library.index.positions import Position
from progimage.library.index.shelf import SORT_KEYS, Shelf, Tombs
from progimage.library.index.sort_keys import SortKeys
from progimage.library.index.terms import PIECES, WORDS, Term, pieces_of, terms_of
from progimage.model import Record

MANY_WORDS = 2_000
"""With fewer words in a shelf a look at all of them is as fast as one at their pieces."""

NO_ORDINALS = BitMap()
NO_TOMBS: Tombs = {}


@dataclass(slots=True)
class Contents:
    """The content of a new shelf: positions, packed records and their keys, ordinals by term."""

    positions: list[Position] = field(default_factory=list)
    packed: list[bytes] = field(default_factory=list)
    keys: list[SortKeys] = field(default_factory=list)
    postings: dict[Term, BitMap] = field(default_factory=dict)

    def encode(self, kills: BitMap = NO_ORDINALS, tombs: Tombs = NO_TOMBS) -> bytes:
        """Return the bytes of the shelf; see `progimage.library.index.shelf`."""
        every = self.postings | _pieces(sorted(self.postings))
        names = sorted(every)
        postings = [every[name].serialize() for name in names]
        lines = [f"{at.hex()} {generation} {tombs[at, generation]}\n" for at, generation in tombs]
        sections = {
            "pos": b"".join(self.positions),
            "doff": _ends(self.packed),
            "toff": _ends([name + b"\n" for name in names]),
            "poff": _ends(postings),
            "kills": kills.serialize(),
            "tombs": "".join(sorted(lines)).encode(),
            "term": b"".join(name + b"\n" for name in names),
            "post": b"".join(postings),
            "doc": b"".join(self.packed),
        }
        for key in SORT_KEYS:
            sections[key] = _order([keys.by(key) for keys in self.keys])
        sections["look"] = array("Q", [keys.look for keys in self.keys]).tobytes()
        return header.encode(len(self.positions), sections)


def of_records(records: Iterable[tuple[Position, Record]]) -> Contents:
    """Return the content of a shelf of these records, which come in the order of positions."""
    contents = Contents()
    ordinals: dict[Term, array[int]] = {}
    for ordinal, (at, record) in enumerate(records):
        contents.positions.append(at)
        contents.packed.append(pack(record))
        contents.keys.append(sort_keys.of_record(record))
        for term in terms_of(record):
            ordinals.setdefault(term, array("I")).append(ordinal)
    contents.postings = {term: BitMap(found) for term, found in ordinals.items()}
    return contents


def merged(parts: Sequence[tuple[Shelf, BitMap]], most: int) -> list[Contents]:
    """Merge shelves into as few as possible, with at most `most` records each.

    Args:
        parts: shelves, and of each the ordinals that do not count.
    """
    order: list[tuple[Position, int, int]] = []
    for number, (shelf, dead) in enumerate(parts):
        alive = BitMap(range(shelf.n)) - dead
        order += [(shelf.position(ordinal), number, ordinal) for ordinal in alive]
    order.sort()
    count = -(-len(order) // most)
    size = -(-len(order) // count) if count else 1
    return [_piece(parts, order[first : first + size]) for first in range(0, len(order), size)]


def merged_bytes(parts: Sequence[tuple[bytes, bytes]], most: int) -> list[bytes]:
    """Merge shelves given as bytes, so that another process can do it; see `merged`.

    Args:
        parts: bytes of shelves, and of each the serialized ordinals that do not count.
    """
    opened = [(Shelf(data), BitMap.deserialize(dead)) for data, dead in parts]
    return [contents.encode() for contents in merged(opened, most)]


def _piece(
    parts: Sequence[tuple[Shelf, BitMap]], order: Sequence[tuple[Position, int, int]]
) -> Contents:
    packed = [parts[number][0].packed(ordinal) for _, number, ordinal in order]
    keys = [sort_keys.of_json(unpack(data)) for data in packed]
    contents = Contents([at for at, _, _ in order], packed, keys)
    moves = [array("I", bytes(4 * shelf.n)) for shelf, _ in parts]
    chosen = [array("I") for _ in parts]
    for new, (_, number, ordinal) in enumerate(order):
        moves[number][ordinal] = new
        chosen[number].append(ordinal)
    for (shelf, _), move, ordinals in zip(parts, moves, chosen, strict=True):
        alive = BitMap(ordinals)
        for number in range(shelf.term_count):
            term = shelf.term(number)
            if term[:1] == PIECES:
                continue  # Its posting has no ordinals; `encode` makes it again.
            found = shelf.posting(number) & alive
            if found:
                moved = BitMap(array("I", map(move.__getitem__, found)))
                there = contents.postings.get(term)
                contents.postings[term] = moved if there is None else there | moved
    return contents


def _pieces(names: Sequence[Term]) -> dict[Term, BitMap]:
    """Return the numbers of the words with each piece; nothing where words are few."""
    words = [name[1:] for name in names if name[:1] == WORDS]
    if len(words) < MANY_WORDS:
        return {}
    numbers: dict[Term, array[int]] = {}
    for number, word in enumerate(words):
        for piece in pieces_of(word):
            numbers.setdefault(piece, array("I")).append(number)
    return {piece: BitMap(found) for piece, found in numbers.items()}


def _order(keys: Sequence[bytes]) -> bytes:
    """Return the ordinals in the order of their keys, then the place of each in that order."""
    order = array("H", sorted(range(len(keys)), key=keys.__getitem__))
    places = array("H", bytes(order.itemsize * len(order)))
    for place, ordinal in enumerate(order):
        places[ordinal] = place
    return order.tobytes() + places.tobytes()


def _ends(items: Iterable[bytes]) -> bytes:
    ends, end = array("I", [0]), 0
    for item in items:
        end += len(item)
        ends.append(end)
    return ends.tobytes()
