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
_NOTHING = BitMap()
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
        found = self._place(at)
        if found is None:
            return None
        shelf, ordinal = found
        return shelf.record(ordinal)

    def has(self, change: Announcement) -> bool:
        """True if the shelves have this revision of the picture or a later one."""
        found = self._place(change.position)
        if found is not None:
            shelf, ordinal = found
            generation, revision = shelf.version(ordinal)
            if generation == change.generation:
                return revision >= change.revision
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

    def _place(self, at: Position) -> tuple[Shelf, int] | None:
        """Return where the current record of a position is."""
        patch = self.patch
        if (ordinal := patch.find(at)) is not None:
            return patch, ordinal
        base = self.base
        if (ordinal := base.find(at)) is not None and ordinal not in patch.kills:
            return base, ordinal
        return None

    def _open(self, info: ShelfInfo | None) -> Shelf:
        return self._files.open(info) if info else _EMPTY


@dataclass(frozen=True, slots=True)
class Part:
    """A range of a view.

    Attributes:
        end: the first position behind it, None if it is the last.
        unshelved: what its shelves do not have yet, by position; None is a removal.
        replaced: the ordinals of these positions in the base and in the patch.
    """

    range: Range
    end: Position | None
    unshelved: Mapping[Position, Unshelved | None] = field(default_factory=dict)
    replaced: tuple[BitMap, BitMap] = (_NOTHING, _NOTHING)

    @property
    def first(self) -> Position:
        """The first position that it may have."""
        return self.range.row.first

    def visible(self, scopes: Scopes) -> list[tuple[Shelf, BitMap]]:
        """Return its shelves, each with the ordinals that are current and in the scopes."""
        found = self.range.visible(scopes)
        if not any(self.replaced):
            return found
        return [
            (shelf, ordinals - gone)
            for (shelf, ordinals), gone in zip(found, self.replaced, strict=True)
        ]

    def with_states(self, states: Mapping[Position, State | None]) -> Part:
        """Return the part with these pictures as states have them; None: as the shelves do."""
        unshelved = dict(self.unshelved)
        replaced = self.replaced[0].copy(), self.replaced[1].copy()
        for at, state in states.items():
            if state is not None:
                unshelved[at] = state.unshelved
            elif at in unshelved:
                del unshelved[at]
            else:
                continue
            for gone, ordinal in zip(replaced, self.range.ordinals_of(at), strict=True):
                if ordinal is not None:
                    (gone.discard if state is None else gone.add)(ordinal)
        return Part(self.range, self.end, unshelved, replaced)


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
        announced_of: the keys of the announcements of each picture, by its position.
        states: of the pictures that the shelves do not have as announced.
        shelved_since: of the announcements that the shelves have, since when this process
            knows, by its own clock.
    """

    manifest: Manifest
    etag: str
    parts: tuple[Part, ...]
    announced: Mapping[str, datetime] = field(default_factory=dict)
    announced_of: Mapping[Position, frozenset[str]] = field(default_factory=dict)
    states: Mapping[Position, State] = field(default_factory=dict)
    shelved_since: Mapping[str, float] = field(default_factory=dict)

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
