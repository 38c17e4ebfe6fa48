"""Whatever dies, and wherever: no item is lost, none has two outcomes, no job two ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image

from progimage.jobs import keys
from progimage.jobs.model import Counts
from progimage.jobs.retention import remove_ended
from progimage.jobs.state import Jobs
from progimage.library import Library
from progimage.maintenance.check import Check
from progimage.stores import ObjectStore
from progimage.stores.memory import MemoryStore
from tests.candidates import add
from tests.clock import Clock
from tests.imaging.drawing import saved
from tests.jobs.conftest import render_job, run, runner_over
from tests.schedules import every_schedule, play
from tests.stores.dying import Died, DyingStore

CLOCK = Clock()


def with_picture() -> MemoryStore:
    store = MemoryStore()
    add(Library(store), saved(Image.new("RGB", (8, 6), "red"), "PNG"))
    return store


TEMPLATE = with_picture()
[PICTURE] = {stat.key.split("/")[2] for stat in TEMPLATE.list("images/")}


def create(store: ObjectStore) -> None:
    render_job(store, [PICTURE, "nonsense", PICTURE])


def work(store: ObjectStore) -> None:
    run(runner_over(store, CLOCK))


def heedless(store: ObjectStore) -> None:
    """Do every item as one whose lease ran out without its noticing."""
    runner, jobs = runner_over(store, CLOCK), Jobs(store)
    for request in jobs.owned("", 9)[0]:
        entries = jobs.entries(request, range(request.items))
        for number in jobs.outcomes.missing(request, range(request.items)):
            runner.work.attempt(request, number, entries[number], 0)
        jobs.end_if_done(request)


def cancel(store: ObjectStore) -> None:
    jobs = Jobs(store)
    for request in jobs.owned("", 9)[0]:
        jobs.cancel(request)


def remove(store: ObjectStore) -> None:
    remove_ended(store, datetime.now(UTC) + timedelta(days=2), timedelta(days=1))


STEPS = {
    "create": ((), create),
    "work": ((create,), work),
    "cancel": ((create,), cancel),
    "remove": ((create, work), remove),
    "remove what was cancelled": ((create, cancel), remove),
}


def prepared(name: str) -> MemoryStore:
    store = with_picture()
    for step in STEPS[name][0]:
        step(store)
    return store


def crashes() -> list[object]:
    cases = []
    for name, (_, act) in STEPS.items():
        rehearsal = DyingStore(prepared(name))
        act(rehearsal)
        cases += [
            pytest.param(name, n, after, id=f"{name}, {'after' if after else 'at'} {n}")
            for n in range(1, rehearsal.operations + 1)
            for after in (False, True)
        ]
    return cases


def outcomes(store: ObjectStore) -> dict[str, bytes]:
    found = {}
    for stat in store.list(keys.JOBS):
        if keys.number_of(stat.key, "items") is not None:
            with store.open(stat.key) as reader:
                found[stat.key] = reader.read()
    return found


@pytest.mark.parametrize(("name", "n", "after"), crashes())
def test_after_a_crash_the_job_goes_on_and_nothing_is_lost_or_done_over(name, n, after):
    store = prepared(name)
    act: Callable[[ObjectStore], None] = STEPS[name][1]
    with pytest.raises(Died):
        act(DyingStore(store, n, after=after))
    before, jobs = outcomes(store), Jobs(store)
    visible = jobs.owned("", 9)[0]
    counted = [jobs.progress(request).counts for request in visible]

    other = runner_over(store, CLOCK)
    run(other)
    CLOCK.now += 11  # the lease of the dead runs out
    run(other)

    assert outcomes(store).items() >= before.items()
    for request, counts in zip(visible, counted, strict=True):
        progress = jobs.progress(request)
        assert progress.status in ("complete", "cancelled")
        assert progress.counts.complete >= counts.complete
        assert progress.counts.failed >= counts.failed
        if progress.status == "complete":
            assert progress.counts == Counts(0, 2, 1)
        if name != "cancel":
            assert (progress.status == "complete") == ("cancelled" not in name)
    assert list(jobs.queue()) == [] or not visible

    remove(store)
    assert not [s.key for s in store.list("job")], "the next collection leaves nothing"


@pytest.mark.parametrize(("name", "n", "after"), crashes())
def test_after_a_crash_check_repairs_what_is_no_job_and_keeps_what_is_one(name, n, after):
    store = prepared(name)
    with pytest.raises(Died):
        STEPS[name][1](DyingStore(store, n, after=after))
    visible = Jobs(store).owned("", 9)[0]
    list(Check(store, repair=True, grace=timedelta(0)).run())
    assert list(Check(store, grace=timedelta(0)).run()) == []
    assert Jobs(store).owned("", 9)[0] == visible
    if not visible:
        assert not list(store.list("job"))


@pytest.mark.parametrize(
    "actors",
    [
        (work, work),
        (work, heedless),
        (heedless, heedless),
        (work, cancel),
        (heedless, cancel),
        (cancel, cancel),
    ],
    ids=lambda actors: " with ".join(actor.__name__ for actor in actors),
)
def test_in_no_order_of_two_does_an_item_have_two_outcomes_or_a_job_two_ends(actors):
    def is_step(key: str) -> bool:
        return key.startswith("job")

    def play_all(choices: list[int]) -> list[int]:
        store = prepared("work")
        written: list[str] = []
        put = store.put

        def note(key, source, *, media_type, expect=None):
            stat = put(key, source, media_type=media_type, expect=expect)
            if key.startswith("job") and "/leases/" not in key:
                written.append(key)
            return stat

        store.put = note
        width = play(store, actors, choices, is_step, leaves_off=True)
        assert len(written) == len(set(written)), "written twice"
        [request] = Jobs(store).owned("", 9)[0]
        run(runner_over(store, CLOCK))
        progress = Jobs(store).progress(request)
        if cancel not in actors:
            assert progress.status == "complete"
        if progress.status == "complete":
            assert progress.counts == Counts(0, 2, 1)
        assert list(Jobs(store).queue()) == []
        return width

    assert every_schedule(play_all, switches=2) > 1
