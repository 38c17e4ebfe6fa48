"""Folding: announced changes are written into shelves.

Any process may fold, several at once, and die at any point. Everything is read under one
manifest and published by swapping that very manifest: of two folds with the same start one
wins, and the shelves of the other are never named. Announcements stay until they are swept: a
fold that died costs others some reads, and the store some shelves that `gc` removes.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyroaring import BitMap

from progimage.library.index import keys
from progimage.library.index.index import Index
from progimage.library.index.manifest import Row
from progimage.library.index.positions import Position
from progimage.library.index.publish import Merge, Outcome, Publication
from progimage.library.index.shelf import MOST, Shelf, Tombs, Upload
from progimage.library.index.shelf_writer import Contents, merged, merged_bytes, of_records
from progimage.library.index.view import Range, State, View

FOLD_AT = 64
"""The least number of changes that are worth a fold."""
PATCH_MOST = 512
"""Entries of a patch; a larger one goes into its base."""

_NOTHING = BitMap()


def fold(
    index: Index,
    at_least: int = FOLD_AT,
    *,
    merge: Merge = merged_bytes,
    patch_most: int = PATCH_MOST,
    most: int = MOST,
) -> Outcome:
    """Write announced changes into shelves, if there are enough of them."""
    view = index.view()
    settled = {at: state for at, state in view.states.items() if state.is_settled}
    if len(settled) < max(at_least, 1):
        return "nothing to do"
    publication = Publication(index, view, merge, most)
    announced = announced_uploads(view)
    by_row: dict[int, dict[Position, State]] = {}
    for at, state in settled.items():
        by_row.setdefault(view.manifest.row_of(at), {})[at] = state
    rows: list[Row] = []
    for number, part in enumerate(view.parts):
        if number in by_row:
            rows += _folded(publication, part.range, by_row[number], announced, patch_most)
        else:
            rows.append(part.range.row)
    return publication.publish(rows)


def announced_uploads(view: View) -> frozenset[Upload]:
    """Return the uploads that an announcement is listed of.

    As long as it is, a tomb has to say that the upload is gone: else it would be new.
    """
    changes = (keys.announcement(key) for key in view.announced)
    return frozenset((change.position, change.generation) for change in changes if change)


def with_tombs(publication: Publication, rows: list[Row], tombs: Tombs) -> list[Row]:
    """Return rows without patches again, with patches that have the tombs."""
    by_row: dict[int, dict[Upload, int]] = {}
    for (at, generation), revision in tombs.items():
        number = next(n for n in reversed(range(len(rows))) if n == 0 or rows[n].first <= at)
        by_row.setdefault(number, {})[at, generation] = revision
    for number, found in by_row.items():
        patch = publication.put(Contents().encode(tombs=found), len(found))
        rows[number] = rows[number]._replace(patch=patch)
    return rows


def _folded(
    publication: Publication,
    found: Range,
    states: Mapping[Position, State],
    announced: frozenset[Upload],
    patch_most: int,
) -> list[Row]:
    row, base, patch = found.row, found.base, found.patch
    replaced = [found.ordinals_of(at) for at in states]
    kills = patch.kills | BitMap(o for o, _ in replaced if o is not None)
    dead = BitMap(o for _, o in replaced if o is not None)
    tombs = {upload: patch.tombs[upload] for upload in patch.tombs if upload in announced}
    for state in states.values():
        _bury(state, tombs)
    records = sorted((at, state.record) for at, state in states.items() if state.record)
    changes = Shelf(of_records(records).encode())
    contents = next(iter(merged([(patch, dead), (changes, _NOTHING)], MOST)), Contents())
    entries = len(contents.positions) + len(kills) + len(tombs)
    if entries < patch_most:
        encoded = contents.encode(kills, tombs)
        return [row._replace(patch=publication.put(encoded, entries) if entries else None)]
    newer = Shelf(contents.encode())
    if not kills and base.n and newer.n and newer.position(newer.n - 1) < base.position(0):
        # All is newer than the base, which stays as it is behind a new row.
        rows = publication.rows_of(row.first, [(newer, _NOTHING)])
        rows.append(Row(base.position(0), row.base))
    else:
        rows = publication.rows_of(row.first, [(base, kills), (newer, _NOTHING)])
    return with_tombs(publication, rows, tombs)


def _bury(state: State, tombs: dict[Upload, int]) -> None:
    """Note which uploads of a picture are gone, as far as announcements name them."""
    for at, generation, revision in state.changes:
        upload = (at, generation)
        if state.record is not None and state.record.generation == generation:
            tombs.pop(upload, None)
        else:
            tombs[upload] = max(revision, tombs.get(upload, 0))
