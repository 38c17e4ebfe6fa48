"""Claims, retries, fairness, cancelling and stopping, without a clock that runs."""

from __future__ import annotations

import errno
import io
import threading

import pytest

from progimage import keys as picture_keys
from progimage.errors import Overloaded, RenderFailed, StoreUnavailable
from progimage.imaging.pipeline_parser import parse
from progimage.jobs import keys
from progimage.jobs.model import SHARD, Counts
from progimage.jobs.runner import Runner
from progimage.jobs.state import Jobs
from progimage.jobs.work import Again
from tests.jobs.conftest import LIMITS, render_job, run, runner_over
from tests.system.serving.server import wait_until

MANY = [f"{number:064x}" for number in range(3 * SHARD)]


def test_every_picture_is_rendered_with_every_transform_and_found_in_the_cache(
    store, clock, pictures
):
    request = render_job(store, [*pictures], "resize:w=4.webp", "sepia")
    run(runner_over(store, clock))
    jobs = Jobs(store)
    assert jobs.progress(request)[1:3] == ("complete", Counts(0, 6, 0))
    for image_id in pictures:
        for path, extension in (("resize:w=4", "webp"), ("sepia", "png")):
            canonical = parse(path, limits=LIMITS).canonical
            assert store.stat(
                picture_keys.rendition(image_id, canonical, extension, public=True)
            ).size


def test_an_impossible_item_fails_alone(store, clock, pictures):
    request = render_job(store, [pictures[0], "", "f" * 64, pictures[1]])
    run(runner_over(store, clock))
    items, _ = Jobs(store).window(request, 0, 9)
    assert [item.outcome.state for item in items] == ["complete", "failed", "failed", "complete"]
    assert "64 digits" in items[1].outcome.detail
    assert "no picture" in items[2].outcome.detail


def test_runners_share_a_job_by_shards_and_no_item_is_claimed_twice(store, clock):
    render_job(store, [*MANY])
    runners = [runner_over(store, clock) for _ in range(4)]
    claims = [runner.claim() for runner in runners]
    assert claims[3] is None
    numbers = [number for claim in claims[:3] for number in claim.numbers]
    assert numbers == list(range(3 * SHARD))


def test_a_claim_of_a_dead_runner_is_taken_over_with_what_it_left_to_do(store, clock, pictures):
    request = render_job(store, [*pictures])
    dead, other = runner_over(store, clock), runner_over(store, clock)
    claim = dead.claim()
    entries = Jobs(store).entries(request, range(3))
    dead.work.attempt(request, 0, entries[0], 0)
    assert other.claim() is None
    clock.now += 10
    assert other.claim().numbers == [1, 2]
    assert not claim.lease.is_held(clock.now)


def test_a_runner_that_lost_its_lease_stops(store, clock, pictures):
    request = render_job(store, [*pictures])
    runner = runner_over(store, clock)
    claim = runner.claim()
    clock.now += 11
    runner.work_through(claim)
    assert Jobs(store).progress(request).counts.pending == 3


def test_small_jobs_do_not_wait_for_big_ones(store, clock):
    big, small = render_job(store, [*MANY]), render_job(store, MANY[:1])
    runner = runner_over(store, clock)
    order = []
    for _ in range(4):
        claim = runner.claim()
        order.append(claim.request.id if claim else None)
        if claim:
            runner._claims[claim] = threading.current_thread()
    # Two of four threads at most for one job.
    assert order == [big.id, small.id, big.id, None]


def test_no_further_item_begins_once_a_job_is_cancelled(store, clock, pictures):
    request = render_job(store, [*pictures])
    runner = runner_over(store, clock)
    claim = runner.claim()
    Jobs(store).cancel(request)
    runner.work_through(claim)
    assert Jobs(store).progress(request)[1:3] == ("cancelled", Counts(3, 0, 0))
    assert runner.claim() is None


class Busy:
    """Stands for the renders; each call fails as planned, until the plan is used up."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)

    def __call__(self, *args):
        if self.failures:
            raise self.failures.pop(0)
        return self.then(*args)


def attempts(runner: Runner, *failures: Exception) -> list[Again | None]:
    """Attempt the first item of the first job until no further attempt is due."""
    claim = runner.claim()
    entry = runner.work.jobs.entries(claim.request, range(1))[0]
    renders = runner.work.renders
    busy = Busy(*failures)
    busy.then, renders.find_or_render = renders.find_or_render, busy
    seen, before = [], 0
    while True:
        again = runner.work.attempt(claim.request, 0, entry, before)
        seen.append(again)
        if again is None:
            return seen
        before += again.is_counted


@pytest.mark.parametrize("error", [Overloaded("full"), StoreUnavailable("away")])
def test_a_failure_of_the_service_is_retried_for_as_long_as_it_lasts(store, clock, pictures, error):
    request = render_job(store, pictures[:1])
    seen = attempts(runner_over(store, clock), *[error] * 20)
    assert len(seen) == 21
    assert Jobs(store).progress(request).counts == Counts(0, 1, 0)


def test_a_render_that_breaks_is_tried_twice(store, clock, pictures):
    request = render_job(store, pictures[:1])
    assert len(attempts(runner_over(store, clock), *[RenderFailed("it crashed")] * 2)) == 2
    assert Jobs(store).outcomes.find(request, 0).detail == "it crashed"


def test_a_disk_that_is_full_for_a_moment_fails_nothing(store, clock, pictures):
    request = render_job(store, pictures[:1])
    full = OSError(errno.ENOSPC, "No space left on device")
    assert len(attempts(runner_over(store, clock), full, full)) == 3
    assert Jobs(store).progress(request).counts == Counts(0, 1, 0)
    other = render_job(store, pictures[1:2])
    assert len(attempts(runner_over(store, clock), *[full] * 9)) == 3
    assert "device" not in Jobs(store).outcomes.find(other, 0).detail


def test_a_bug_fails_its_item_and_shows_nothing_of_itself(store, clock, pictures):
    request = render_job(store, pictures[:1])
    attempts(runner_over(store, clock), KeyError("secret"))
    outcome = Jobs(store).outcomes.find(request, 0)
    assert outcome.error == "InternalError"
    assert "secret" not in outcome.detail


def test_a_damaged_job_does_not_stop_the_others(store, clock, pictures):
    broken, whole = render_job(store, pictures[:1]), render_job(store, pictures[:1])
    store.put(keys.request(broken.id), io.BytesIO(b"{"), media_type="application/json")
    run(runner_over(store, clock))
    assert Jobs(store).progress(whole).status == "complete"


def test_threads_do_what_they_find_and_leave_no_lease_behind_when_they_stop(store, pictures, clock):
    runner = runner_over(store, clock)
    runner.start()
    try:
        request = render_job(store, [*pictures, "x"], "blur", "sepia")
        runner.wake()
        wait_until(lambda: Jobs(store).progress(request).status == "complete")
    finally:
        runner.stop(5)
    assert list(store.list(keys.leases(request.id))) == []
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("jobs_")]
