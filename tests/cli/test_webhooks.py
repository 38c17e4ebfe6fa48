"""`progimage webhooks`: list events, send them again, drop them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from progimage.cli import commands
from progimage.cli.terminal import CommandError
from progimage.stores import create_store, open_store
from progimage.telemetry import logs
from progimage.webhooks.events import StoredEvent
from progimage.webhooks.queue import Queue, enqueue

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def queue(tmp_path, monkeypatch) -> Queue:
    """A store in which one event waits and another was given up."""
    url = f"file://{tmp_path}/store"
    monkeypatch.setenv("PROGIMAGE_STORE", url)
    monkeypatch.setenv(
        "PROGIMAGE_WEBHOOKS", f'{{shop = {{url = "https://a.example/", secret = "{SECRET}"}}}}'
    )
    monkeypatch.setattr(logs, "configure", lambda _: None)
    create_store(url)
    store = open_store(url)
    queue = Queue(store, "shop")
    for number in range(2):
        enqueue(store, "shop", event_of(number))
    [_, second] = queue.waiting()
    queue.give_up(second, event_of(1).model_copy(update={"attempts": 9, "error": "answered 500"}))
    return queue


def event_of(number: int) -> StoredEvent:
    return StoredEvent(
        id=f"evt_{number:032x}",
        type="image.created",
        created=datetime(2026, 1, 1, 0, 0, number, tzinfo=UTC),
        data={"id": "a" * 64},
    )


def run(*arguments: str):
    return CliRunner().invoke(commands.app, ("webhooks", *arguments))


def test_events_are_counted_and_listed(queue):
    assert run("list").output == "shop\t1 waiting\t1 given up\n"
    waiting, failed = run("list", "shop").output, run("list", "shop", "--failed").output
    assert waiting.startswith(f"{event_of(0).id}\timage.created\t")
    assert failed.startswith(f"{event_of(1).id}\timage.created\t")
    assert failed.endswith("\t9\tanswered 500\n")


def test_what_was_given_up_is_sent_again(queue):
    assert run("retry", "shop").output == "sent again: 1\n"
    assert [queue.read(key).attempts for key in queue.waiting()] == [0, 0]
    assert not list(queue.failed())


def test_events_are_dropped_one_by_one_or_all(queue):
    assert run("drop", "shop", event_of(1).id).output == "dropped: 1\n"
    assert not list(queue.failed())
    assert run("drop", "shop", "--all").output == "dropped: 1\n"
    assert not list(queue.waiting())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("list", "shopp"), "there are: shop"),
        (("drop", "shop"), "--all"),
        (("retry", "shop", "evt_1"), "no event evt_1"),
    ],
)
def test_a_mistake_is_an_error_that_names_it(queue, arguments, words):
    result = run(*arguments)
    assert isinstance(result.exception, CommandError)
    assert words in str(result.exception)


def test_events_of_a_webhook_that_was_removed_from_the_settings_are_listed(queue, monkeypatch):
    monkeypatch.delenv("PROGIMAGE_WEBHOOKS")
    assert run("list").output == "shop\t1 waiting\t1 given up\tnot in the settings\n"
