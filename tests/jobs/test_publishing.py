"""Imports that are sent on to Imgur: every picture, each as often as it must be."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from progimage.api.resources.jobs.documents import items_by_state
from progimage.errors import StoreUnavailable
from progimage.jobs import keys
from progimage.jobs.creation import import_of
from progimage.jobs.model import Counts, Request
from progimage.jobs.publish.imgur import Imgur
from progimage.jobs.runner import Runner
from progimage.jobs.state import Jobs
from progimage.library import Library
from progimage.model import ANONYMOUS, Metadata
from tests.jobs.conftest import run, runner_over
from tests.jobs.publish.imgur_server import CLIENT_ID, FakeImgur, fake_imgur
from tests.jobs.source import Source, source


@pytest.fixture
def remote() -> Iterator[Source]:
    with source() as server:
        yield server


@pytest.fixture
def imgur() -> Iterator[FakeImgur]:
    with fake_imgur() as server:
        yield server


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr("progimage.jobs.work.FIRST_PAUSE_S", 0.0)


def runner_to(store, clock, imgur: FakeImgur) -> Runner:
    destinations = {"imgur": Imgur(CLIENT_ID, imgur.address, 5.0, clock)}
    return runner_over(store, clock, destinations=destinations)


def publishing_job(store, urls: list[str], album: str = "", **fields: object) -> Request:
    request, entries = import_of(
        urls,
        Metadata(**fields),
        owner="",
        created=datetime.now(UTC),
        publish="imgur",
        album=album,
    )
    Jobs(store).create(request, entries)
    return request


def outcomes(store, request: Request):
    return [item.outcome for item in Jobs(store).window(request, 0, 99)[0]]


def test_every_picture_is_imported_and_its_link_redirects_and_is_recorded(
    store, clock, remote, imgur
):
    request = publishing_job(store, remote.urls(3), title="Sea", album="albumhash")
    run(runner_to(store, clock, imgur))
    for outcome in outcomes(store, request):
        assert outcome.state == "complete"
        assert outcome.published.link == f"https://i.imgur.com/{outcome.published.id}.jpg"
        assert outcome.published.delete_hash.startswith("hash")
        record = Library(store).find(ANONYMOUS, outcome.image_id)
        with Library(store).originals.open(record) as reader:
            data = reader.read()
        [upload] = [upload for upload in imgur.uploads if upload.data == data]
        assert upload.fields["title"] == "Sea"
        assert upload.fields["album"] == "albumhash"
        assert upload.fields["name"] == record.file_name
    assert len(imgur.uploads) == 3


def test_a_job_lists_the_links_with_the_pictures(store, clock, remote, imgur):
    imgur.moods = [400]
    request = publishing_job(store, remote.urls(2))
    run(runner_to(store, clock, imgur))
    items, _ = Jobs(store).window(request, 0, 9)
    lists = items_by_state(request, items, lambda path: f"https://img.example.com{path}")
    [failed], [complete] = lists["failed"], lists["complete"]
    assert complete["published"] == {
        "to": "imgur",
        "id": "pic0001",
        "link": "https://i.imgur.com/pic0001.jpg",
        "delete_hash": "hash0001",
    }
    for entry in (failed, complete):
        assert entry["location"] == f"https://img.example.com/images/{entry['id']}/"
    assert failed["error"].startswith("imgur: ")


def test_temporary_failures_are_retried_without_fetching_again(store, clock, remote, imgur):
    imgur.moods = [503, 500]
    request = publishing_job(store, remote.urls(1))
    run(runner_to(store, clock, imgur))
    assert outcomes(store, request)[0].published.id == "pic0001"
    assert imgur.posts == 3
    assert remote.fetched == {"0.png": 1}


@pytest.mark.parametrize(
    ("mood", "word"),
    [(400, "did not accept"), (b"<html>", "not one of its API"), (403, "client id")],
)
def test_a_picture_that_is_not_accepted_fails_alone_and_stays_in_the_library(
    store, clock, remote, imgur, mood, word
):
    imgur.moods = [mood]
    request = publishing_job(store, remote.urls(3))
    run(runner_to(store, clock, imgur))
    assert Jobs(store).progress(request).counts == Counts(0, 2, 1)
    [failed] = [outcome for outcome in outcomes(store, request) if outcome.error]
    assert failed.error == "PublishFailed"
    assert word in failed.detail
    assert "secret" not in failed.detail
    assert Library(store).find(ANONYMOUS, failed.image_id)
    assert imgur.posts == 3


def test_trouble_that_lasts_is_given_up(store, clock, remote, imgur):
    imgur.moods = [500] * 9
    request = publishing_job(store, remote.urls(1))
    run(runner_to(store, clock, imgur))
    assert outcomes(store, request)[0].error == "PublishFailed"
    assert imgur.posts == 3


def test_a_pause_that_is_asked_for_is_waited_out_and_no_failure(store, clock, remote, imgur):
    imgur.moods = [429]
    imgur.headers = {"Retry-After": "30"}
    request = publishing_job(store, remote.urls(2))
    runner = runner_to(store, clock, imgur)
    entries = Jobs(store).entries(request, range(2))
    again = [runner.work.attempt(request, number, entries[number], 9) for number in (0, 1)]
    assert [30 <= each.after_s <= 31 and not each.is_counted for each in again] == [True, True]
    assert imgur.posts == 1
    clock.now += 31
    for number in (0, 1):
        assert runner.work.attempt(request, number, entries[number], 9) is None
    assert Jobs(store).progress(request).counts.complete == 2


def test_a_store_that_loses_the_outcome_does_not_have_it_sent_twice(
    store, clock, remote, imgur, monkeypatch
):
    request = publishing_job(store, remote.urls(1))
    runner = runner_to(store, clock, imgur)
    entries = Jobs(store).entries(request, range(1))
    put, refusals = store.put, [True]

    def flaky(key, *args, **kwargs):
        if key == keys.item(request.id, 0) and refusals.pop():
            refusals.append(False)
            raise StoreUnavailable("away")
        return put(key, *args, **kwargs)

    monkeypatch.setattr(store, "put", flaky)
    assert runner.work.attempt(request, 0, entries[0], 0) is not None
    assert runner.work.attempt(request, 0, entries[0], 0) is None
    assert len(imgur.uploads) == 1
    assert outcomes(store, request)[0].published.id == "pic0001"


def test_a_process_that_dies_before_its_outcome_is_stored_sends_it_at_least_once(
    store, clock, remote, imgur, monkeypatch
):
    request = publishing_job(store, remote.urls(2))
    dying = runner_to(store, clock, imgur)
    entries = Jobs(store).entries(request, range(2))
    monkeypatch.setattr(dying.work.jobs.outcomes, "create", lambda *_: True)
    dying.work.attempt(request, 0, entries[0], 0)
    run(runner_to(store, clock, imgur))
    assert [outcome.state for outcome in outcomes(store, request)] == ["complete"] * 2
    assert len(imgur.uploads) == 3


def test_a_worker_without_an_account_says_so(store, clock, remote):
    request = publishing_job(store, remote.urls(1))
    run(runner_over(store, clock))
    assert "no account" in outcomes(store, request)[0].detail
