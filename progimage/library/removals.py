"""Removals of pictures: they are hidden first, and interrupted removals are finished later.

    remove   renditions · note · announcement · record swapped to `deleting` · renditions ·
             original · record · note

The renditions are removed first, so that nothing is public while a record is `deleting`, and
once more afterwards, because renders may have been running. The note
`removals/<id>` lets any process finish an interrupted removal.

A full store cannot take the note or the swapped record. Then the record is removed at
once, and announced when the removed original has made room. A crash in between leaves an
original without a record and searches that show the picture, which `progimage check --repair`
finds.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

from progimage import keys
from progimage.errors import DamagedRecord, NotFound, StoreError, StoreFull
from progimage.library.records import read_record
from progimage.model import Record
from progimage.stores import ObjectStore

log = structlog.get_logger()

# If a removal does not begin within this time, its process is dead.
_BEGINS_WITHIN = timedelta(hours=1)


class Finishes(Protocol):
    """Removes all objects that belong to a `deleting` record, then the record and the note."""

    def __call__(self, record: Record, etag: str) -> None: ...


def note(store: ObjectStore, image_id: str) -> None:
    """Note that a picture is about to be removed; raises `StoreFull` if there is no room."""
    store.put(keys.removal(image_id), io.BytesIO(), media_type="application/x-empty")


def forget(store: ObjectStore, image_id: str) -> None:
    """Remove the note; if that fails, `finish_removals` removes it later."""
    with suppress(StoreError):
        store.delete(keys.removal(image_id))


def begin(
    store: ObjectStore, image_id: str, mark: Callable[[], tuple[Record, str]]
) -> tuple[Record, str] | None:
    """Write the note, then the mark; return what `mark` does, or None if the store is full.

    Raises: what `mark` raises.
    """
    try:
        note(store, image_id)
        return mark()
    except StoreFull:
        return None


def finish_removals(
    store: ObjectStore,
    finish: Finishes,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> int:
    """Finish interrupted removals; return how many there were.

    A removal that cannot be finished yet does not stop the others.

    Raises:
        StoreUnavailable: the notes cannot be listed.
    """
    finished = 0
    for stat in store.list(keys.REMOVALS):
        image_id = keys.id_of_removal(stat.key)
        if image_id is None:
            continue
        try:
            record, etag = read_record(store, image_id)
            if record.state == "deleting":
                finish(record, etag)
                finished += 1
            elif stat.modified < clock() - _BEGINS_WITHIN:
                store.delete(stat.key)
        except NotFound:
            forget(store, image_id)
        except DamagedRecord:
            continue
        except StoreError as error:
            log.warning("removal not finished yet", picture=image_id, reason=str(error))
    return finished
