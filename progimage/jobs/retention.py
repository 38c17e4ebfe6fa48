"""Removal of old jobs: first the request, so that the job is gone; last the marker.

By the marker in the owner's list the remains of a job are found, if a crash interrupted its
creation or removal.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from progimage.errors import DamagedRecord
from progimage.jobs import keys
from progimage.jobs.model import Finished
from progimage.stores import ObjectStore, exists, json_objects

# Creating a job never takes longer than this.
_GRACE = timedelta(hours=1)


def remove_ended(store: ObjectStore, now: datetime, keep: timedelta) -> int:
    """Remove the jobs that ended before `keep`, and remains of crashes; return how many."""
    removed = 0
    for stat in store.list(keys.LISTS):
        marker = keys.marker(stat.key)
        if marker is None or (created := keys.listed_at(marker)) > now - keep:
            continue
        if exists(store, keys.request(marker.job_id)):
            if not _ended_before(store, marker.job_id, now - keep):
                continue
        elif created > now - _GRACE:
            continue
        _remove(store, marker, stat.key)
        removed += 1
    return removed


def remove_all_of(store: ObjectStore, owner: str) -> Iterator[str]:
    """Remove every job of `owner` in any state; yield their ids."""
    for stat in store.list(keys.jobs_of(owner)):
        if (marker := keys.marker(stat.key)) is not None:
            _remove(store, marker, stat.key)
            yield marker.job_id


def _remove(store: ObjectStore, marker: keys.Marker, key: str) -> None:
    store.delete(keys.request(marker.job_id))
    json_objects.delete_all(store, keys.job(marker.job_id))
    store.delete(keys.queued(keys.listed_at(marker), marker.job_id))
    store.delete(key)


def _ended_before(store: ObjectStore, job_id: str, time: datetime) -> bool:
    try:
        end = json_objects.find(store, keys.finished(job_id), Finished)
    except DamagedRecord:
        return False
    return end is not None and end.finished <= time
