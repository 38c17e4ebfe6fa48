"""The stored state of a job shows how far it is, at every moment, from listings alone."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest

from progimage.errors import NotFound
from progimage.jobs import keys
from progimage.jobs.creation import import_of
from progimage.jobs.model import Counts, Outcome, Request
from progimage.jobs.state import Jobs
from progimage.model import Metadata
from tests.library.search.metered import MeteredStore

GOOD = Outcome(image_id="a" * 64)


BAD = Outcome(error="NotFound", detail="there is no such thing")


def import_job(store, urls: list[object], owner: str = "") -> Request:
    created = datetime.now(UTC)
    request, entries = import_of(urls, Metadata(), owner=owner, created=created)
    Jobs(store).create(request, entries)
    return request


def urls(count: int) -> list[object]:
    return [f"https://example.com/{number}.jpg" for number in range(count)]


def test_a_job_is_pending_then_in_progress_then_complete(store):
    jobs, request = Jobs(store), import_job(store, urls(2))
    assert jobs.progress(request)[1:] == ("pending", Counts(2, 0, 0), None)
    assert jobs.outcomes.create(request, 1, BAD)
    assert jobs.progress(request)[1:] == ("in-progress", Counts(1, 0, 1), None)
    assert not jobs.end_if_done(request)
    assert jobs.outcomes.create(request, 0, GOOD)
    assert jobs.end_if_done(request)
    progress = jobs.progress(request)
    assert progress[1:3] == ("complete", Counts(0, 1, 1))
    assert progress.finished is not None
    assert list(jobs.queue()) == []


def test_the_first_outcome_of_an_item_stays(store):
    jobs, request = Jobs(store), import_job(store, urls(1))
    assert jobs.outcomes.create(request, 0, GOOD)
    assert not jobs.outcomes.create(request, 0, BAD)
    assert jobs.outcomes.find(request, 0) == GOOD
    assert jobs.progress(request).counts == Counts(0, 1, 0)


@pytest.mark.parametrize("length", range(8))
def test_the_size_of_an_outcome_tells_its_state_however_long_its_text_is(store, length):
    jobs, request = Jobs(store), import_job(store, urls(2))
    jobs.outcomes.create(request, 0, Outcome(error="E", detail="é" * length))
    jobs.outcomes.create(request, 1, Outcome(image_id="x" * length))
    assert jobs.progress(request).counts == Counts(0, 1, 1)


def test_items_done_before_a_job_is_cancelled_stay_and_count(store):
    jobs, request = Jobs(store), import_job(store, urls(3))
    jobs.outcomes.create(request, 0, GOOD)
    jobs.cancel(request)
    assert jobs.progress(request)[1:3] == ("cancelled", Counts(2, 1, 0))
    assert jobs.has_ended(request)
    assert list(jobs.queue()) == []
    # An item that was under way.
    jobs.outcomes.create(request, 1, GOOD)
    assert jobs.progress(request)[1:3] == ("cancelled", Counts(1, 2, 0))


def test_a_job_that_is_complete_cannot_be_cancelled_any_more(store):
    jobs, request = Jobs(store), import_job(store, urls(1))
    jobs.outcomes.create(request, 0, GOOD)
    jobs.end_if_done(request)
    jobs.cancel(request)
    assert jobs.progress(request).status == "complete"


def test_a_job_is_not_found_by_another_owner_nor_by_a_malformed_id(store):
    jobs, request = Jobs(store), import_job(store, urls(1), owner="ann")
    assert jobs.find("ann", request.id) == request
    for owner, job_id in (("bob", request.id), ("", request.id), ("ann", "0" * 32), ("ann", "..")):
        with pytest.raises(NotFound):
            jobs.find(owner, job_id)


def test_an_owners_jobs_are_listed_newest_first_a_page_at_a_time(store):
    sent = [import_job(store, urls(1), owner="ann") for _ in range(5)]
    import_job(store, urls(1), owner="bob")
    jobs, found, after = Jobs(store), [], ""
    while after is not None:
        page, after = jobs.owned("ann", 2, after)
        assert len(page) <= 2
        found += page
    assert found == sent[::-1]
    assert [request.owner for request in jobs.owned("bob", 9)[0]] == ["bob"]


def test_windows_show_every_item_once_with_its_outcome(store):
    jobs, request = Jobs(store), import_job(store, urls(1203))
    for number in (0, 500, 501, 1202):
        jobs.outcomes.create(request, number, BAD if number == 501 else GOOD)
    found, start = [], 0
    while start is not None:
        items, start = jobs.window(request, start, 400)
        found += items
    assert [item.number for item in found] == list(range(1203))
    assert all(item.entry.positions == (item.number,) for item in found)
    assert {item.number: item.outcome for item in found if item.outcome} == {
        0: GOOD,
        500: GOOD,
        501: BAD,
        1202: GOOD,
    }


def test_a_window_can_show_items_of_one_state_only(store):
    jobs, request = Jobs(store), import_job(store, urls(10))
    for number in range(8):
        jobs.outcomes.create(request, number, BAD if number % 3 == 0 else GOOD)

    def numbers(state, start=0, limit=99):
        items, following = jobs.window(request, start, limit, state)
        return [item.number for item in items], following

    assert numbers("failed") == ([0, 3, 6], None)
    assert numbers("pending") == ([8, 9], None)
    assert numbers("complete", limit=2) == ([1, 2], 4)
    assert numbers("complete", start=4) == ([4, 5, 7], None)
    assert numbers(None, limit=0) == ([], 0)


def test_repeated_entries_count_as_often_as_they_were_sent(store):
    jobs = Jobs(store)
    request = import_job(store, ["https://a.example/", "https://b.example/", "https://a.example/"])
    assert (request.items, request.total) == (2, 3)
    jobs.outcomes.create(request, 0, GOOD)
    assert jobs.progress(request).counts == Counts(1, 2, 0)


def test_a_look_at_a_job_of_thousands_costs_a_few_operations(store):
    jobs, request = Jobs(store), import_job(store, urls(5000))
    for number in range(4000):
        jobs.outcomes.create(request, number, GOOD)
    metered = MeteredStore(store)
    Jobs(metered).progress(request)
    Jobs(metered).window(request, 2000, 100)
    # One end to look for, a chunk of entries and 100 outcomes; a LIST for 1,000 outcomes.
    assert metered.requests == {"GET": 102, "LIST": 5}


def test_a_damaged_job_does_not_hide_the_others(store):
    first, damaged, last = (import_job(store, urls(1)) for _ in range(3))
    store.put(keys.request(damaged.id), io.BytesIO(b"{"), media_type="application/json")
    shown, _ = Jobs(store).owned("", 10)
    assert {request.id for request in shown} == {first.id, last.id}


def test_a_damaged_outcome_is_shown_as_failed(store):
    jobs, request = Jobs(store), import_job(store, urls(1))
    store.put(keys.item(request.id, 0), io.BytesIO(b"{"), media_type="application/json")
    [item], _ = jobs.window(request, 0, 10)
    assert item.outcome is not None
    assert item.outcome.error == "DamagedRecord"
