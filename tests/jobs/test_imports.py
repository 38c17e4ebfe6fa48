"""Imports: what is fetched, how often, how politely, for whom, and what of it is stored."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from progimage.config import Download
from progimage.ingest.download.downloader import Downloader
from progimage.jobs.creation import import_of
from progimage.jobs.model import Counts, Request
from progimage.jobs.state import Jobs
from progimage.library import Library
from progimage.model import Metadata, Viewer
from tests.jobs.conftest import run, runner_over
from tests.jobs.source import Source, source


@pytest.fixture(scope="module")
def shared() -> Iterator[Source]:
    with source() as server:
        yield server


@pytest.fixture
def remote(shared) -> Source:
    shared.fetched.clear()
    shared.answers = {}
    return shared


def import_job(store, urls: list[object], owner: str = "", **fields: object) -> Request:
    created = datetime.now(UTC)
    request, entries = import_of(urls, Metadata(**fields), owner=owner, created=created)
    Jobs(store).create(request, entries)
    return request


def test_every_picture_is_stored_with_the_shared_metadata(store, clock, remote):
    request = import_job(store, remote.urls(3), title="Sea", tags=["a"])
    run(runner_over(store, clock))
    items, _ = Jobs(store).window(request, 0, 9)
    for item in items:
        record = Library(store).find(Viewer(), item.outcome.image_id)
        assert (record.title, record.tags) == ("Sea", ("a",))
        assert record.file_name == f"{item.number}.png"
        assert item.outcome.is_new


def test_pictures_belong_to_who_created_the_job(store, clock, remote):
    request = import_job(store, remote.urls(1), owner="ann", visibility="private")
    run(runner_over(store, clock))
    outcome = Jobs(store).outcomes.find(request, 0)
    assert Library(store).find(Viewer(name="ann"), outcome.image_id).owner == "ann"


def test_a_picture_that_is_there_already_is_complete_and_not_new(store, clock, remote):
    first, second = import_job(store, remote.urls(1)), import_job(store, remote.urls(1))
    run(runner_over(store, clock))
    outcomes = [Jobs(store).outcomes.find(request, 0) for request in (first, second)]
    assert [outcome.is_new for outcome in outcomes] == [True, False]
    assert outcomes[0].image_id == outcomes[1].image_id


def test_temporary_failures_are_retried_and_permanent_ones_are_not(
    store, clock, remote, monkeypatch
):
    monkeypatch.setattr("progimage.jobs.work.FIRST_PAUSE_S", 0.0)
    remote.answers = {"0.png": [503, 500], "1.png": [503] * 9, "2.png": [404] * 9}
    request = import_job(store, [*remote.urls(4), "http://localhost:25/"])
    run(runner_over(store, clock))
    items, _ = Jobs(store).window(request, 0, 9)
    states = [item.outcome.state for item in items]
    assert states == ["complete", "failed", "failed", "complete", "failed"]
    assert remote.fetched == {"0.png": 3, "1.png": 3, "2.png": 1, "3.png": 1}
    assert Jobs(store).progress(request).counts == Counts(0, 2, 3)


def test_private_addresses_are_not_fetched_unless_allowed(store, clock, remote):
    request = import_job(store, remote.urls(1))
    run(runner_over(store, clock, downloader=Downloader(Download(), 10**6)))
    assert Jobs(store).outcomes.find(request, 0).error == "DownloadNotAllowed"
    assert not remote.fetched


def test_an_error_while_the_process_ends_is_no_failure_of_the_item(store, clock, remote):
    request = import_job(store, [*remote.urls(1), "nonsense"])
    runner = runner_over(store, clock)
    claim = runner.claim()
    entries = Jobs(store).entries(request, range(2))
    remote.answers = {"0.png": [404]}
    runner.work.stop()
    assert runner.work.attempt(request, 0, entries[0], 0) is not None
    assert Jobs(store).progress(request).counts.pending == 2
    runner.leases.release(claim.lease)
    run(runner_over(store, clock))
    assert Jobs(store).progress(request).counts == Counts(0, 1, 1)
