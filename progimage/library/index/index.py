"""The index that lives in the key space: how pictures get into its lists and out of them.

Markers are hints, the record is the truth: who reads a list looks at the record of
every picture in it. What must hold is that a committed picture is in every list it
belongs to, and these rules keep it so without a lock:

*   A posting is written before the record that needs it is committed. Its key holds
    the time of upload, so the postings of two uploads of one picture never meet.
*   Whoever removes postings after a commit reads the record again and writes back
    what another editor's version needs; whoever has committed looks whether what he
    wrote before is still there. Whichever of two racing editors comes last mends it.
*   Names are written after the postings they lead to. Whoever removes the names of
    a list he found empty looks again afterwards, and writes them back if a posting
    has come: one that comes later still is followed by its own writing of the names.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import TypeVar

from progimage.errors import KeyMissing
from progimage.library.index import layout
from progimage.library.index.facets import Facet, facets_of
from progimage.library.index.folders import Folders
from progimage.library.index.layout import Posting
from progimage.model import Record
from progimage.stores import HasLocalPath, ObjectStore

Postings = frozenset[Posting]

MARKER_TYPE = "application/x-empty"
CROWD = 500
"""So many names fill a folder; listing them takes a folder store well below a millisecond."""

Marked = TypeVar("Marked", Posting, tuple[str, Facet])


def postings_of(record: Record) -> Postings:
    """Return everywhere a picture has to be listed."""
    scope = layout.scope_of(record)
    position = layout.position(record.created, record.id)
    return frozenset(Posting(scope, facet, position) for facet in facets_of(record))


class Index:
    """Writes and removes markers. Given an executor, several at a time.

    Args:
        crowd: so many names fill a folder, see `layout`; 0 keeps everything on level 0.
            By default `CROWD` where the store's folders are real.

    Attributes:
        levels: those on which postings can be.
    """

    def __init__(
        self, store: ObjectStore, executor: Executor | None = None, crowd: int | None = None
    ) -> None:
        self._store = store
        self._executor = executor
        if crowd is None:
            crowd = CROWD if isinstance(store, HasLocalPath) else 0
        self._folders = Folders(store, crowd) if crowd else None
        self.levels: Sequence[int] = layout.LEVELS if crowd else (0,)

    def write(self, postings: Collection[Posting]) -> None:
        """List a picture, and make the lists' names known."""
        with self.writing(postings):
            pass

    @contextmanager
    def writing(self, postings: Collection[Posting]) -> Iterator[None]:
        """Do what `write` does, given an executor while the block runs; else after it."""
        begun = self._begin(self._write_and_make_known, postings)
        yield
        for _ in begun:
            pass

    def confirm(self, postings: Collection[Posting]) -> None:
        """Write again what somebody has removed meanwhile."""
        if missing := [posting for posting in postings if not self.has(posting)]:
            self.write(missing)

    def remove(self, postings: Collection[Posting]) -> None:
        """Unlist a picture, and forget the names of lists that are empty now."""
        self._each(self._remove, postings)
        self._each(self.forget_if_empty, _lists(postings))

    def has(self, posting: Posting) -> bool:
        """True if the picture is in the list."""
        return any(self._exists(layout.key_of(posting, n)) for n in self.levels)

    def is_known(self, scope: str, facet: Facet) -> bool:
        """True if the list can be found by its name, or needs none."""
        return all(self._exists(key) for key in layout.names(scope, facet))

    def make_known(self, scope: str, facet: Facet) -> None:
        """Write the names of a list."""
        for key in layout.names(scope, facet):
            self._store.put(key, io.BytesIO(), media_type=MARKER_TYPE)

    def forget_if_empty(self, scope_and_facet: tuple[str, Facet]) -> bool:
        """Remove the names of a list without postings; return whether that was done."""
        scope, facet = scope_and_facet
        names = layout.names(scope, facet)
        if not names or self.is_used(scope, facet):
            return False
        for key in reversed(names):
            self._store.delete(key)
        if self.is_used(scope, facet):
            self.make_known(scope, facet)
            return False
        return True

    def _write_and_make_known(self, posting: Posting) -> None:
        number = self._folders.level_for(posting) if self._folders else 0
        self._store.put(layout.key_of(posting, number), io.BytesIO(), media_type=MARKER_TYPE)
        names = layout.names(posting.scope, posting.facet)
        if names and not self._exists(names[-1]):
            self.make_known(posting.scope, posting.facet)

    def _remove(self, posting: Posting) -> None:
        for number in self.levels:
            self._store.delete(layout.key_of(posting, number))

    def is_used(self, scope: str, facet: Facet) -> bool:
        """True if there is a picture in the list."""
        folder = layout.postings(scope, facet)
        return next(self._store.list(folder), None) is not None

    def _exists(self, key: str) -> bool:
        try:
            self._store.stat(key)
        except KeyMissing:
            return False
        return True

    def _each(self, act: Callable[[Marked], object], items: Iterable[Marked]) -> None:
        for _ in self._begin(act, items):
            pass

    def _begin(self, act: Callable[[Marked], object], items: Iterable[Marked]) -> Iterator[object]:
        """Return what ends when all is done. Given an executor, it is under way already."""
        # In a fixed order, so that one run is like another.
        return (self._executor.map if self._executor else map)(act, sorted(items))


def _lists(postings: Iterable[Posting]) -> set[tuple[str, Facet]]:
    return {(posting.scope, posting.facet) for posting in postings}
