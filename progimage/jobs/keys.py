"""All store keys of a job, and the purpose of each.

    job-lists/<owner>/<time backwards>-<id>   an owner's jobs, newest first; without content
    job-queue/<time>-<id>                     the jobs with work left, oldest first; the same
    jobs/<id>/entries/<first>.json            entries to work on, some hundred in each object
    jobs/<id>/request.json                    the rest of the request; the job exists if it does
    jobs/<id>/items/<number>.json             the outcome of one item; created once
    jobs/<id>/leases/<shard>.json             the runner that works on a hundred items
    jobs/<id>/finished.json                   complete or cancelled; created once

Only leases are rewritten.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from progimage.keys import part_of, reader
from progimage.library.index import facets, positions

JOBS = "jobs/"
QUEUE = "job-queue/"
LISTS = "job-lists/"

_NUMBERED = {
    kind: re.compile(rf"jobs/[0-9a-f]{{32}}/{kind}/([0-9]+)\.json") for kind in ("items", "leases")
}
_MARKER = re.compile(r"(?:job-queue|job-lists/of:[^/]*)/([0-7]{18})-([0-9a-f]{32})")
_POSITION = re.compile(r"[0-7]{18}-[0-9a-f]{32}")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Marker(NamedTuple):
    """A job in a list: `position` is the last part of the marker's key."""

    position: str
    job_id: str


def job(job_id: str) -> str:
    """Return the prefix of everything stored of one job, except its markers."""
    return f"{JOBS}{job_id}/"


def request(job_id: str) -> str:
    """Return the key of the request."""
    return f"{job(job_id)}request.json"


def entries(job_id: str, first: int) -> str:
    """Return the key of the entries from `first` on."""
    return f"{job(job_id)}entries/{first:05}.json"


def items(job_id: str) -> str:
    """Return the prefix of all outcomes of a job."""
    return f"{job(job_id)}items/"


def item(job_id: str, number: int) -> str:
    """Return the key of the outcome of one item; keys sort as numbers do."""
    return f"{items(job_id)}{number:05}.json"


def leases(job_id: str) -> str:
    """Return the prefix of all leases on parts of a job."""
    return f"{job(job_id)}leases/"


def lease(job_id: str, shard: int) -> str:
    """Return the key of the lease on a shard."""
    return f"{leases(job_id)}{shard:03}.json"


def finished(job_id: str) -> str:
    """Return the key of the object that says how a job ended."""
    return f"{job(job_id)}finished.json"


def queued(created: datetime, job_id: str) -> str:
    """Return the key of the marker that a job has work left."""
    microseconds = (created - _EPOCH) // timedelta(microseconds=1)
    return f"{QUEUE}{positions.counted(microseconds)}-{job_id}"


def jobs_of(owner: str) -> str:
    """Return the prefix of the markers of an owner's jobs."""
    return f"{LISTS}of:{facets.slug(owner)}/"


def listed(owner: str, created: datetime, job_id: str) -> str:
    """Return the key of the marker by which an owner's job is listed."""
    return f"{jobs_of(owner)}{positions.backwards(created)}-{job_id}"


job_of = reader(
    r"jobs/([0-9a-f]{32})/"
    r"(?:request\.json|finished\.json|entries/[0-9]{5}\.json|items/[0-9]{5}\.json"
    r"|leases/[0-9]{3}\.json)"
)
"""Return the job's id if `key` is part of one, other than a marker."""


def number_of(key: str, kind: str) -> int | None:
    """Return the number of an outcome ("items") or of a shard's lease ("leases")."""
    number = part_of(key, _NUMBERED[kind])
    return None if number is None else int(number)


def marker(key: str) -> Marker | None:
    """Return the job of a marker."""
    match = _MARKER.fullmatch(key)
    return Marker(f"{match[1]}-{match[2]}", match[2]) if match else None


def is_position(text: str) -> bool:
    """True for the last part of a marker's key."""
    return _POSITION.fullmatch(text) is not None


def listed_at(marker: Marker) -> datetime:
    """Return when the job of an owner's list was created."""
    return positions.time_of(marker.position)
