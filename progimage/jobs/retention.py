"""Old jobs go: request first, so that nobody sees half of one; the owner's marker last.

By that marker whatever a crash left, of a job that was being created or removed, is
found again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import chain

from progimage import kept
from progimage.errors import DamagedRecord, KeyMissing
from progimage.findings import Finding
from progimage.jobs import keys
from progimage.jobs.model import Finished
from progimage.stores import ObjectStore, Stat

# Nobody takes longer to create a job.
_GRACE = timedelta(hours=1)


def remove_ended(store: ObjectStore, now: datetime, keep: timedelta) -> int:
    """Remove the jobs that ended before `keep`, and what crashes left; return how many."""
    removed = 0
    for stat in store.list(keys.LISTS):
        marker = keys.marker(stat.key)
        if marker is None or (created := keys.listed_at(marker)) > now - keep:
            continue
        if _exists(store, keys.request(marker.job_id)):
            if not _ended_before(store, marker.job_id, now - keep):
                continue
        elif created > now - _GRACE:
            continue
        _remove(store, marker, stat.key)
        removed += 1
    return removed


def remove_all_of(store: ObjectStore, owner: str) -> Iterator[str]:
    """Remove every job of `owner`, whatever its state; yield their ids."""
    for stat in store.list(keys.jobs_of(owner)):
        if (marker := keys.marker(stat.key)) is not None:
            _remove(store, marker, stat.key)
            yield marker.job_id


def _remove(store: ObjectStore, marker: keys.Marker, key: str) -> None:
    store.delete(keys.request(marker.job_id))
    kept.delete_all(store, keys.job(marker.job_id))
    store.delete(keys.queued(keys.listed_at(marker), marker.job_id))
    store.delete(key)


def audit(
    store: ObjectStore, *, repair: bool, oldest_spared: datetime, on_progress: Callable[[str], None]
) -> Iterator[Finding]:
    """Yield what belongs to no job; remove it if `repair`, unless it is younger than allowed."""
    known: dict[str, bool] = {}
    for stat in chain(store.list(keys.JOBS), store.list(keys.QUEUE), store.list(keys.LISTS)):
        on_progress(stat.key)
        job_id = _job_of(stat)
        if job_id is None:
            yield Finding("unknown key", stat.key)
            continue
        if job_id not in known:
            # All keys of a job stand together, and so do those of a list.
            known = {job_id: _exists(store, keys.request(job_id))}
        if not known[job_id] and stat.modified <= oldest_spared:
            if repair:
                store.delete(stat.key)
            yield Finding("part without job", stat.key, repair)


def _job_of(stat: Stat) -> str | None:
    marker = keys.marker(stat.key)
    return marker.job_id if marker else keys.job_of(stat.key)


def _ended_before(store: ObjectStore, job_id: str, time: datetime) -> bool:
    try:
        end = kept.find(store, keys.finished(job_id), Finished)
    except DamagedRecord:
        return False
    return end is not None and end.finished <= time


def _exists(store: ObjectStore, key: str) -> bool:
    try:
        store.stat(key)
    except KeyMissing:
        return False
    return True
