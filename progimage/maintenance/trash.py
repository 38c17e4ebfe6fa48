"""Remove expired pictures from the trash, and notes without a picture."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from progimage.errors import DamagedRecord, NotFound, PreconditionFailed
from progimage.library import Library, owner_keys, read_record
from progimage.library.trash import STALE, is_note_of
from progimage.model import Record, Viewer
from progimage.stores import ObjectStore


def empty_expired(
    store: ObjectStore,
    library: Library | None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> int:
    """Remove the pictures in the trash that can no longer be restored; return how many.

    Args:
        library: what removes them; None to only count them.
    """
    removed = 0
    for stat in store.list(owner_keys.TRASH):
        image_id = owner_keys.id_of_trash_note(stat.key)
        if image_id is None:
            continue
        try:
            record, _ = read_record(store, image_id)
        except NotFound:
            record = None
        except DamagedRecord:
            continue
        if record is None or record.trash is None or not is_note_of(stat.key, record):
            if stat.modified < clock() - STALE:
                store.delete(stat.key)
        elif record.trash.expires <= clock():
            removed += 1
            if library is not None:
                _remove(library, record)
    return removed


def _remove(library: Library, record: Record) -> None:
    def is_unchanged(current: Record) -> bool:
        return current.trash == record.trash

    try:
        library.remove(Viewer(name=record.owner), record.id, is_unchanged, from_trash=True)
    except (NotFound, PreconditionFailed):
        return  # it was restored, or removed by another process
