"""A view of the index at one moment: shelves, and the records that no shelf has yet."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pyroaring import BitMap

from progimage.library.index import positions
from progimage.library.index.keys import Announcement
from progimage.library.index.manifest import Manifest, Row, ShelfInfo
from progimage.library.index.positions import Position
from progimage.library.index.shelf import Shelf
from progimage.library.index.shelf_files import ShelfFiles
from progimage.library.index.shelf_writer import Contents
from progimage.library.index.terms import WORDS, Term, terms_of
from progimage.model import Record

_EMPTY = Shelf(Contents().encode())
_REMEMBERED_SCOPES = 64
_REMEMBERED_POSITIONS = 10_000

Scopes = tuple[Term, ...]


class Unshelved:
    """A record that is newer than all shelves, and its terms."""

    __slots__ = ("record", "terms", "words")

    def __init__(self, record: Record) -> None:
        self.record = record
        self.terms = terms_of(record)
        self.words = b"\n".join(term[1:] for term in self.terms if term[:1] == WORDS)


class Range:
    """A row of the manifest with its shelves, which are opened when they are first needed."""

    def __init__(self, row: Row, files: ShelfFiles) -> None:
        self.row = row
        self._files = files
        self._visible: dict[Scopes, list[BitMap]] = {}
        self._ordinals: dict[Position, tuple[int | None, int | None]] = {}

    @property
    def base(self) -> Shelf:
        """The base, empty if there is none."""
        return self._open(self.row.base)

    @property
    def patch(self) -> Shelf:
        """The patch, empty if there is none."""
        return self._open(self.row.patch)

    def find(self, at: Position) -> Record | None:
        """Return the record that the shelves have at a position."""
        patch = self.patch
        if (ordinal := patch.find(at)) is not None:
            return patch.record(ordinal)
        base = self.base
        if (ordinal := base.find(at)) is not None and ordinal not in patch.kills:
            return base.record(ordinal)
        return None

    def has(self, change: Announcement) -> bool:
        """True if the shelves have this revision of the picture or a later one."""
        found = self.find(change.position)
        if found is not None and found.generation == change.generation:
            return found.revision >= change.revision
        return self.patch.tombs.get((change.position, change.generation), 0) >= change.revision

    def visible(self, scopes: Scopes) -> list[tuple[Shelf, BitMap]]:
        """Return both shelves, each with the ordinals that count and are in the scopes."""
        base, patch = self.base, self.patch
        found = self._visible.get(scopes)
        if found is None:
            found = [_in_scopes(base, scopes) - patch.kills, _in_scopes(patch, scopes)]
            if len(self._visible) >= _REMEMBERED_SCOPES:
                self._visible.clear()
            self._visible[scopes] = found
        return [(base, found[0]), (patch, found[1])]

    def current(self) -> list[tuple[Shelf, BitMap]]:
        """Return both shelves, each with the ordinals that count."""
        base, patch = self.base, self.patch
        return [
            (base, BitMap(range(base.n)) - patch.kills),
            (patch, BitMap(range(patch.n))),
        ]

    def ordinals_of(self, at: Position) -> tuple[int | None, int | None]:
        """Return the ordinals of a position in the base and in the patch."""
        found = self._ordinals.get(at)
        if found is None:
            if len(self._ordinals) >= _REMEMBERED_POSITIONS:
                self._ordinals.clear()
            found = self._ordinals[at] = self.base.find(at), self.patch.find(at)
        return found

    def _open(self, info: ShelfInfo | None) -> Shelf:
        return self._files.open(info) if info else _EMPTY


@dataclass(frozen=True, slots=True)
class Part:
    """A range of a view.

    Attributes:
        end: the first position behind it, None if it is the last.
        unshelved: what its shelves do not have yet, by position; None is a removal.
    """

    range: Range
    end: Position | None
    unshelved: Mapping[Position, Unshelved | None] = field(default_factory=dict)

    @property
    def first(self) -> Position:
        """The first position that it may have."""
        return self.range.row.first

    def visible(self, scopes: Scopes) -> list[tuple[Shelf, BitMap]]:
        """Return its shelves, each with the ordinals that are current and in the scopes."""
        found = self.range.visible(scopes)
        if not self.unshelved:
            return found
        replaced = [self.range.ordinals_of(at) for at in self.unshelved]
        return [
            (shelf, ordinals - BitMap(o for o in gone if o is not None))
            for (shelf, ordinals), gone in zip(found, zip(*replaced, strict=True), strict=True)
        ]


@dataclass(frozen=True, slots=True)
class State:
    """The state of an announced picture, as it was read under one manifest.

    Attributes:
        record: None if it is gone, or not there yet.
        changes: what was announced of it.
        unsettled: those that may still take place.
        is_damaged: the record cannot be read.
    """

    record: Record | None
    changes: frozenset[Announcement]
    unsettled: frozenset[Announcement]
    unshelved: Unshelved | None
    is_damaged: bool = False

    @property
    def is_settled(self) -> bool:
        """True if every change has happened, or never will."""
        return not self.unsettled


@dataclass(frozen=True, slots=True)
class View:
    """The index at one moment; a view never changes.

    Attributes:
        announced: when each announcement was written, by its key.
        states: of the pictures that the shelves do not have as announced.
        shelved_since: of the announcements that the shelves have, since when this process
            knows, by its own clock.
    """

    manifest: Manifest
    etag: str
    parts: tuple[Part, ...]
    announced: Mapping[str, datetime]
    states: Mapping[Position, State]
    shelved_since: Mapping[str, float]

    def number_of(self, at: Position) -> int:
        """Return the number of the part that a position belongs to."""
        return bisect_right(self.parts, at, key=lambda part: part.first) - 1

    def with_id(self, image_id: str) -> list[Record]:
        """Return the records of a picture, as searches see them; every shelf is looked through."""
        shelved = (
            shelf.position(ordinal)
            for part in self.parts
            for shelf in (part.range.base, part.range.patch)
            for ordinal in shelf.with_id(image_id)
        )
        unshelved = (at for part in self.parts for at in part.unshelved)
        every = {at for at in (*shelved, *unshelved) if positions.id_of(at) == image_id}
        return [record for at in every if (record := self.find(at)) is not None]

    def find(self, at: Position) -> Record | None:
        """Return the record at a position, as searches see it."""
        part = self.parts[self.number_of(at)]
        if at in part.unshelved:
            newer = part.unshelved[at]
            return newer.record if newer else None
        return part.range.find(at)


def _in_scopes(shelf: Shelf, scopes: Scopes) -> BitMap:
    return BitMap().union(*(shelf.with_term(scope) for scope in scopes))
