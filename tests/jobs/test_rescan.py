"""What workers find by looking at the store: lost messages, dead workers, finished jobs."""

from __future__ import annotations

import pytest

from progimage.jobs import keys
from progimage.jobs.leases import Leases
from progimage.jobs.rescan import Rescan, announce_all
from progimage.jobs.state import Jobs
from progimage.stores import ABSENT
from tests.jobs.conftest import render_job, runner_over


class Line:
    """A broker that holds messages in a list, while it is there."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, int]] = []
        self.is_there = True

    def announce(self, job_id: str, shard: int) -> bool:
        if self.is_there:
            self.messages.append((job_id, shard))
        return self.is_there


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def sweep(store, clock, line) -> Rescan:
    return Rescan(store, Jobs(store), Leases(store, 10.0, clock), line.announce, clock)


def big_job(store, pictures):
    """Create a job of 150 items, which are two shards."""
    return render_job(store, pictures[:1] + [f"{n:064x}" for n in range(149)])


def test_a_job_is_announced_by_its_shards(store, pictures, line):
    request = big_job(store, pictures)
    announce_all(request, line.announce)
    assert line.messages == [(request.id, 0), (request.id, 1)]


def test_a_broker_that_is_away_is_called_once_and_not_for_each_shard(store, pictures):
    requested = []
    announce_all(big_job(store, pictures), lambda *message: requested.append(message) or False)
    assert len(requested) == 1


def test_an_idle_worker_announces_a_shard_that_was_not_taken(store, pictures, line, sweep):
    request = big_job(store, pictures)
    sweep.look(is_idle=False)
    assert line.messages == []
    sweep.look(is_idle=True)
    assert line.messages == [(request.id, 0), (request.id, 1)]


def test_a_shard_is_not_announced_again_before_a_lease_has_passed(
    store, pictures, line, sweep, clock
):
    render_job(store, pictures)
    for now in (1000.0, 1005.0, 1009.0, 1010.0):
        clock.now = now
        sweep.look(is_idle=True)
    assert len(line.messages) == 2


def test_a_shard_whose_worker_is_dead_is_announced_even_by_who_is_busy(
    store, pictures, line, sweep, clock
):
    request = render_job(store, pictures)
    Leases(store, 10.0, clock).take(keys.lease(request.id, 0), ABSENT)
    sweep.look(is_idle=False)
    clock.now += 9
    sweep.look(is_idle=True)
    assert line.messages == []
    clock.now += 1
    sweep.look(is_idle=False)
    assert line.messages == [(request.id, 0)]


def test_a_shard_whose_worker_lives_is_left_to_it(store, pictures, line, sweep, clock):
    request = render_job(store, pictures)
    holder = Leases(store, 10.0, clock)
    lease = holder.take(keys.lease(request.id, 0), ABSENT)
    for _ in range(10):
        clock.now += 5
        holder.renew(lease)
        sweep.look(is_idle=True)
    assert line.messages == []


def test_jobs_that_are_done_are_ended(store, pictures, line, sweep, clock):
    request = render_job(store, pictures)
    jobs = Jobs(store)
    runner = runner_over(store, clock)
    entries = jobs.entries(request, range(request.items))
    for number in range(request.items):
        runner.work.attempt(request, number, entries[number], 0)
    sweep.look(is_idle=True)
    assert jobs.progress(request).status == "complete"
    assert line.messages == []
    assert list(jobs.queue()) == []


def test_a_message_is_worked_on_once_and_ends_the_job(store, pictures, clock):
    request = render_job(store, pictures)
    jobs = Jobs(store)
    runner_over(store, clock).work_on(request.id, 0)
    assert jobs.progress(request).status == "complete"
    before = [stat.key for stat in store.list("")]
    runner_over(store, clock).work_on(request.id, 0)
    assert [stat.key for stat in store.list("")] == before


def test_a_message_for_a_shard_that_another_works_on_is_dropped(store, pictures, clock):
    request = render_job(store, pictures)
    lease = Leases(store, 10.0, clock).take(keys.lease(request.id, 0), ABSENT)
    assert lease is not None
    runner_over(store, clock).work_on(request.id, 0)
    assert Jobs(store).progress(request).counts.pending == 3


@pytest.mark.parametrize(("job_id", "shard"), [("0" * 32, 0), ("", 7), ("", -1)])
def test_a_message_for_nothing_does_nothing(store, pictures, clock, job_id, shard):
    request = render_job(store, pictures)
    runner_over(store, clock).work_on(job_id or request.id, shard)
    assert Jobs(store).progress(request).counts.pending == 3
