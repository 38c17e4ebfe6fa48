"""Build the index if there is none, or repair its differences from the records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from progimage import keys
from progimage.errors import DamagedRecord, NotFound
from progimage.library import read_record
from progimage.library.index import keys as index_keys
from progimage.library.index.audit import Audit
from progimage.library.index.fold import fold
from progimage.library.index.index import Index
from progimage.library.index.rebuild import rebuild, remove_others
from progimage.stores import ObjectStore

# Announcements that wait cost every search; so many are folded at once.
_FOLD_AT = 500


@dataclass(slots=True)
class Reindexed:
    """The result of a reindex.

    Attributes:
        built: pictures of an index that was built; 0 if there was one.
        added: pictures that were missing in the index, or differed.
        removed: pictures of the index that no longer exist.
        old_keys: removed keys of the index of an older version of the service.
    """

    built: int = 0
    added: int = 0
    removed: int = 0
    old_keys: int = 0


def reindex(
    index: Index,
    *,
    from_scratch: bool = False,
    on_progress: Callable[[str], None] = lambda _: None,
) -> Reindexed:
    """Build the index if there is none, or else repair it; can be stopped at any point.

    The service can run during a repair. Without an index, searches fail until it is built.

    Args:
        from_scratch: remove the existing index first, even if it cannot be read.
    """
    store, done = index.store, Reindexed()
    if from_scratch:
        store.delete(index_keys.MANIFEST)
    if _has_index(store):
        _repair(index, done, on_progress)
    else:
        done.built = rebuild(index, on_progress)
    done.old_keys = remove_others(store, on_progress)
    return done


def _has_index(store: ObjectStore) -> bool:
    return next(store.list(index_keys.MANIFEST), None) is not None


def _repair(index: Index, done: Reindexed, on_progress: Callable[[str], None]) -> None:
    audit = Audit(index, repair=True)
    for stat in index.store.list(keys.IMAGES):
        image_id = keys.id_of_record(stat.key)
        if image_id is None:
            continue
        on_progress(stat.key)
        try:
            record, _ = read_record(index.store, image_id)
        except (NotFound, DamagedRecord):
            continue
        if record.state == "live" and not audit.is_right(record):
            done.added += 1
            if done.added % _FOLD_AT == 0:
                fold(index, _FOLD_AT // 2)
    for _ in audit.strays():
        done.removed += 1
        if done.removed % _FOLD_AT == 0:
            fold(index, _FOLD_AT // 2)
    fold(index, 1)
