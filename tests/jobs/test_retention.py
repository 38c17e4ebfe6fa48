"""Old jobs go, whole; the others and all pictures stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from progimage.jobs.retention import remove_ended
from progimage.jobs.state import Jobs
from tests.jobs.conftest import render_job, run, runner_over

DAY = timedelta(days=1)


def test_only_jobs_that_ended_long_ago_are_removed(store, clock, pictures):
    ended = render_job(store, [*pictures])
    run(runner_over(store, clock))
    cancelled, waiting = render_job(store, [*pictures]), render_job(store, [*pictures])
    Jobs(store).cancel(cancelled)
    now = datetime.now(UTC)
    before = [stat.key for stat in store.list("")]

    assert remove_ended(store, now, DAY) == 0
    assert [stat.key for stat in store.list("")] == before
    assert remove_ended(store, now + 2 * DAY, DAY) == 2

    assert Jobs(store).owned("", 9)[0] == [waiting]
    left = {stat.key for stat in store.list("")}
    assert not [key for key in left if ended.id in key or cancelled.id in key]
    assert {key for key in before if not key.startswith("job")} <= left
    run(runner_over(store, clock))
    assert Jobs(store).progress(waiting).status == "complete"


def test_a_job_that_is_being_created_is_never_removed(store):
    request = render_job(store, ["x"])
    store.delete(f"jobs/{request.id}/request.json")
    left = [stat.key for stat in store.list("job")]
    assert remove_ended(store, datetime.now(UTC), timedelta(0)) == 0
    assert [stat.key for stat in store.list("job")] == left
    assert remove_ended(store, datetime.now(UTC) + timedelta(hours=2), timedelta(0)) == 1
    assert not list(store.list("job"))
