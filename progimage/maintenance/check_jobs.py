"""Check the jobs of a store: every part needs the request it belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from progimage.errors import DamagedRecord
from progimage.jobs import keys
from progimage.jobs.model import Request
from progimage.library import quarantine
from progimage.maintenance.findings import Checking, Finding
from progimage.stores import ObjectStore, exists, json_objects


def check_jobs(checking: Checking) -> Iterator[Finding]:
    """Yield each part that belongs to no job, unless it is young; for a repair it is removed."""
    store, repair = checking.store, checking.repair
    known: dict[str, bool] = {}
    for stat in chain(*map(checking.listed, (keys.JOBS, keys.QUEUE, keys.LISTS))):
        marker = keys.marker(stat.key)
        job_id = marker.job_id if marker else keys.job_of(stat.key)
        if job_id is None:
            yield Finding("unknown key", stat.key)
            continue
        if job_id not in known:
            # All keys of a job come together, and so do those of a list.
            known = {job_id: exists(store, keys.request(job_id))}
        if stat.key == keys.request(job_id) and not _is_readable(store, job_id):
            if repair:
                quarantine.set_aside(store, stat.key, "damaged job")
            yield Finding("damaged job", stat.key, repair)
        elif not known[job_id] and stat.modified <= checking.oldest_spared:
            yield checking.removed("part without job", stat.key)


def _is_readable(store: ObjectStore, job_id: str) -> bool:
    try:
        json_objects.find(store, keys.request(job_id), Request)
    except DamagedRecord:
        return False
    return True
