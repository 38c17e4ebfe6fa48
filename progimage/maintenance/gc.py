"""Limit the cached renditions by age and total size, and remove unused working copies.

A rendition can always be made again, so it can be removed while the service runs: a reader that
has it open can read it to the end, and the next request renders it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import itemgetter

from progimage import keys
from progimage.ingest.resumable.state import remove_expired
from progimage.renditions.oldest import BytesByAge
from progimage.stores import HasOwnFiles, ObjectStore, Stat

# Sorts after every id.
_LAST: tuple[str, set[str]] = ("~", set())

# No request waits this long for a render.
_ANSWER_LIFETIME = timedelta(hours=1)

# No upload of a picture takes so long from its working copies to its original.
_UPLOADED = timedelta(hours=1)

# No upload is still being written after this.
_STALE_S = 24 * 3600.0


@dataclass(slots=True)
class Removed:
    """The result of a collection.

    Attributes:
        seen, seen_bytes, removed, removed_bytes: renditions.
        working_copies: removed ones, which no picture has a use for, with old pyramids.
        stale_uploads: files of interrupted uploads.
        expired_uploads: resumable uploads whose time was over.
    """

    seen: int = 0
    seen_bytes: int = 0
    removed: int = 0
    removed_bytes: int = 0
    working_copies: int = 0
    stale_uploads: int = 0
    expired_uploads: int = 0

    def _remove(self, store: ObjectStore, stat: Stat) -> None:
        store.delete(stat.key)
        self.removed += 1
        self.removed_bytes += stat.size


def collect(
    store: ObjectStore,
    *,
    max_age: timedelta,
    max_bytes: int,
    copy_px: int | None = None,
    is_open: Callable[[str], bool] = lambda _: True,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    on_progress: Callable[[str], None] = lambda _: None,
) -> Removed:
    """Remove renditions that are too old or too many, and remains of dead processes.

    First half-written files and expired uploads are removed, then renditions that are older than
    `max_age` or made by another engine, and those in the public cache whose pipeline is not
    `is_open` to every client; then the oldest ones until at most `max_bytes` are left.

    The cache is listed twice, so that the memory does not grow with it. The first time, bytes are
    summed up by minute of age; the second time, everything before the resulting time is removed.

    Working copies are removed if they have no original, unless they are younger than an hour;
    and, with `copy_px`, if they were made by another version or for another size. Pyramids that
    are older than `max_age` are removed as well: the next tile makes them again.
    """
    sweep, ages = Removed(), BytesByAge()
    if isinstance(store, HasOwnFiles):
        sweep.stale_uploads = store.remove_stale_uploads(_STALE_S)
    sweep.expired_uploads = remove_expired(store, clock())
    for stat in store.list(keys.REMOTE_RENDERS):
        if stat.modified < clock() - _ANSWER_LIFETIME:
            store.delete(stat.key)
    oldest = clock() - max_age
    sweep.working_copies = _remove_working_copies(
        store,
        None if copy_px is None else keys.copy_kind(copy_px),
        clock() - _UPLOADED,
        oldest,
        on_progress,
    )
    # Each is written again when its origin is asked, so these are of pictures without requests.
    for stat in store.list(keys.ORIGINS):
        if stat.modified < oldest:
            store.delete(stat.key)

    def is_unwanted(stat: Stat) -> bool:
        return stat.modified < oldest or _is_of_the_past(stat.key, is_open)

    for stat in store.list(keys.RENDERS):
        on_progress(stat.key)
        sweep.seen += 1
        sweep.seen_bytes += stat.size
        if is_unwanted(stat):
            sweep._remove(store, stat)
        else:
            ages.add(stat)

    def listed_again() -> Iterator[Stat]:
        for stat in store.list(keys.RENDERS):
            on_progress(stat.key)
            # Counted already, and removed unless this is a dry run.
            if not is_unwanted(stat):
                yield stat

    for stat in ages.oldest(listed_again(), ages.total - max_bytes):
        sweep._remove(store, stat)
    return sweep


def _remove_working_copies(
    store: ObjectStore,
    kind: str | None,
    oldest_spared: datetime,
    oldest_pyramid: datetime,
    on_progress: Callable[[str], None],
) -> int:
    """Remove copies of another `kind`, without an original, or old pyramids; return how many.

    Pyramids count as copies; their kind does not depend on the settings.

    Copies and originals are listed side by side, in the order of pictures that both have.
    """
    removed = 0
    originals = _originals(store)
    current, generations = next(originals, _LAST)
    for stat in store.list(keys.COPIES):
        on_progress(stat.key)
        named = keys.id_generation_and_kind_of_copy(stat.key)
        if named is None:
            continue
        while current < named[0]:
            current, generations = next(originals, _LAST)
        has_original = current == named[0] and named[1] in generations
        if named[2] == keys.PYRAMID_KIND:
            is_of_use = stat.modified >= oldest_pyramid
        else:
            is_of_use = named[2] != "" and kind in (None, named[2])
        if not is_of_use or (not has_original and stat.modified < oldest_spared):
            store.delete(stat.key)
            removed += 1
    return removed


def _originals(store: ObjectStore) -> Iterator[tuple[str, set[str]]]:
    """Yield each picture's id with the generations of its originals, in order."""
    named = (keys.id_and_generation_of_original(stat.key) for stat in store.list(keys.IMAGES))
    for image_id, found in groupby((pair for pair in named if pair), key=itemgetter(0)):
        yield image_id, {generation for _, generation in found}


def _is_of_the_past(key: str, is_open: Callable[[str], bool]) -> bool:
    """True for a rendition of another engine, or one that the policy no longer allows."""
    named, name = keys.id_and_engine_of_rendition(key), keys.name_of_public_rendition(key)
    return (named is not None and named[1] != keys.ENGINE_VERSION) or (
        name is not None and not is_open(name)
    )
