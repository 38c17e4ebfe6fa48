"""Tidying: merges small shelves, and removes the bytes of removed records from shelves."""

from __future__ import annotations

from collections.abc import Sequence

from pyroaring import BitMap

from progimage.library.index.fold import announced_uploads, with_tombs
from progimage.library.index.index import Index
from progimage.library.index.manifest import Row
from progimage.library.index.publish import Merge, Outcome, Publication
from progimage.library.index.shelf import MOST, Shelf
from progimage.library.index.shelf_writer import merged_bytes
from progimage.library.index.view import Range, View

RUN = 8
"""This many neighbours of about the same size are merged."""

_NOTHING = BitMap()


def tidy(index: Index, *, merge: Merge = merged_bytes, most: int = MOST) -> Outcome:
    """Merge one run of neighbouring shelves, if there is one.

    Each record is merged about once for every power of eight in the number of records.
    """
    view = index.view()
    run = find_run(view.manifest.rows, most)
    if run is None:
        return "nothing to do"
    publication = Publication(index, view, merge, most)
    rows = list(view.manifest.rows)
    ranges = [part.range for part in view.parts[run]]
    rows[run] = _rewritten(publication, view, ranges)
    return publication.publish(rows)


def rewrite(index: Index, *, merge: Merge = merged_bytes, most: int = MOST) -> Outcome:
    """Rewrite the shelves with records that were changed or removed since.

    Afterwards no shelf that counts has the bytes of a record that does not.
    """
    view = index.view()
    publication = Publication(index, view, merge, most)
    rows: list[Row] = []
    for part in view.parts:
        has_old = part.range.row.patch is not None and len(part.range.patch.kills) > 0
        rows += _rewritten(publication, view, [part.range]) if has_old else [part.range.row]
    if tuple(rows) == view.manifest.rows:
        return "nothing to do"
    return publication.publish(rows)


def find_run(rows: Sequence[Row], most: int) -> slice | None:
    """Return where `RUN` to twice as many neighbours of about one size are, the first ones."""
    start = 0
    for end in range(1, len(rows) + 1):
        if end < len(rows) and _size(rows[end]) == _size(rows[start]):
            continue
        entries = sum(row.entries for row in rows[start:end])
        is_worth_it = end - start >= RUN and entries <= (end - start) * most // 2
        if is_worth_it:
            return slice(start, min(end, start + 2 * RUN))
        start = end
    return None


def _size(row: Row) -> int:
    """Return a class of sizes: up to 63, 511, 4,095, 32,767 or more entries."""
    return max(0, row.entries.bit_length() - 6 + 2) // 3


def _rewritten(publication: Publication, view: View, ranges: Sequence[Range]) -> list[Row]:
    """Return neighbouring ranges as rows without patches, but for tombs that are needed."""
    parts: list[tuple[Shelf, BitMap]] = []
    for found in ranges:
        parts += [(found.base, found.patch.kills), (found.patch, _NOTHING)]
    announced = announced_uploads(view)
    tombs = {
        upload: revision
        for found in ranges
        for upload, revision in found.patch.tombs.items()
        if upload in announced
    }
    return with_tombs(publication, publication.rows_of(ranges[0].row.first, parts), tombs)
