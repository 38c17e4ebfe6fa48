"""Keys of jobs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from progimage.jobs import keys
from progimage.keys import new_token


def test_keys_are_distinguished():
    created = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
    job_id = new_token()
    marker = keys.marker(keys.listed("ann/..", created, job_id))
    assert marker is not None
    assert (marker.job_id, keys.listed_at(marker)) == (job_id, created)
    assert keys.queued(created, job_id) < keys.queued(created + timedelta(seconds=1), job_id)
    for key in (
        keys.request(job_id),
        keys.entries(job_id, 500),
        keys.item(job_id, 9999),
        keys.lease(job_id, 3),
        keys.finished(job_id),
    ):
        assert keys.job_of(key) == job_id
    for key in ("jobs/x", f"jobs/{job_id}/other", "job-queue/1", f"job-lists/{job_id}"):
        assert keys.job_of(key) is None
        assert keys.marker(key) is None
