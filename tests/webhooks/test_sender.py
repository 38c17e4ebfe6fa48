"""Which process sends an event, when, and how often."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from progimage.jobs.leases import Leases
from progimage.stores.memory import MemoryStore
from progimage.webhooks import keys
from progimage.webhooks.endpoint import Delivery
from progimage.webhooks.events import StoredEvent
from progimage.webhooks.queue import Queue, enqueue
from progimage.webhooks.sender import DELAYS_S, Sender

OK = Delivery()
FAILED = Delivery("answered 500")

WAIT_S = 60

# How long a test waits for what must not come.
SHORT_S = 0.2


class World:
    """A store with a queue, clocks that the test moves, and a receiver with prepared answers."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.ms = 10**12
        self.queue = Queue(self.store, "shop", lambda: self.ms)
        self.answers: list[Delivery] = []
        self.received: list[str] = []

    def send(self, event_id: str, payload: bytes) -> Delivery:
        self.received.append(event_id)
        return self.answers.pop(0) if self.answers else OK

    def sender(self, most: int = 1000, poll_s: float = 1, pause_s: float = 1) -> Sender:
        def seconds() -> float:
            return self.ms / 1000

        return Sender(
            self.store, self.queue, self, Leases(self.store, 15, seconds),
            most=most, concurrent=1, poll_s=poll_s, seconds=seconds, pause_s=pause_s,
        )  # fmt: skip

    def add(self, number: int = 0) -> str:
        event = event_of(number)
        enqueue(self.store, "shop", event, self.ms + number)
        return event.id

    def counts(self) -> tuple[int, int]:
        """Return how many events wait, and how many were given up."""
        return len(list(self.queue.waiting())), len(list(self.queue.failed()))


def event_of(number: int) -> StoredEvent:
    return StoredEvent(
        id=f"evt_{number:032x}", type="image.created", created=datetime.now(UTC), data={}
    )


@pytest.fixture
def world() -> World:
    return World()


@contextmanager
def running(sender: Sender) -> Iterator[None]:
    """Run a sender in a thread during the block."""
    thread = threading.Thread(target=sender.run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        sender.begin_to_stop()
        thread.join(WAIT_S)


def test_an_event_that_was_delivered_is_gone(world):
    event_id = world.add()
    world.sender().work()
    assert world.received == [event_id]
    assert world.counts() == (0, 0)


def test_a_failed_event_is_tried_again_later_and_later_and_given_up_at_last(world):
    world.add()
    sender = world.sender()
    world.answers = [FAILED] * (len(DELAYS_S) + 1)
    for number, delay in enumerate(DELAYS_S, 1):
        sender.work()
        assert len(world.received) == number
        world.ms += int(delay * 800)
        sender.work()
        assert len(world.received) == number, "too early"
        world.ms += int(delay * 400)
    assert world.counts() == (1, 0)
    sender.work()
    assert world.counts() == (0, 1)
    world.ms += 10**9
    sender.work()
    assert len(world.received) == len(DELAYS_S) + 1
    assert set(world.received) == {event_of(0).id}


def test_a_receiver_that_is_gone_gets_no_second_try(world):
    world.add()
    world.answers = [Delivery("answered 410", is_final=True)]
    world.sender().work()
    assert world.counts() == (0, 1)


def test_a_receiver_can_ask_for_a_longer_pause(world):
    world.add()
    world.answers = [Delivery("answered 429", retry_after_s=3600)]
    sender = world.sender()
    sender.work()
    world.ms += 3_500_000
    sender.work()
    assert len(world.received) == 1
    world.ms += 200_000
    sender.work()
    assert len(world.received) == 2


def test_what_was_given_up_can_be_sent_again(world):
    event_id = world.add()
    world.answers = [Delivery("answered 410", is_final=True)]
    sender = world.sender()
    sender.work()
    [key] = world.queue.failed()
    assert world.queue.send_again(key)
    sender.work()
    assert world.received == [event_id, event_id]
    assert world.counts() == (0, 0)


def test_one_of_two_processes_sends_and_the_other_takes_over_when_it_is_dead(world):
    first, second = world.sender(), world.sender()
    world.add(0)
    assert first.work()
    world.add(1)
    assert not second.work()
    assert len(world.received) == 1
    world.ms += 14_000
    first.renew()
    world.ms += 14_000
    assert not second.work()
    world.ms += 16_000  # the first renews no more
    assert second.work()
    assert world.received == [event_of(0).id, event_of(1).id]


def test_too_many_events_are_given_up_and_of_those_the_oldest_removed(world):
    for number in range(9):
        world.add(number)
    assert world.queue.trim(4) == (4, 5)
    assert world.counts() == (4, 4)


def test_what_was_given_up_long_ago_is_removed(world):
    world.add()
    [key] = world.queue.waiting()
    world.queue.give_up(key, event_of(0))
    world.ms += 31 * 24 * 3_600_000
    world.queue.trim(10)
    assert world.counts() == (0, 0)


def test_a_damaged_event_does_not_hold_up_the_others(world):
    world.add(0)
    [key] = world.queue.waiting()
    world.store.put(key, io.BytesIO(b"{"), media_type="application/json")
    world.add(1)
    world.ms += 1
    sender = world.sender()
    sender.work()
    assert world.received == [event_of(1).id]
    assert world.counts() == (0, 0)


def test_a_process_that_does_not_send_leaves_the_store_alone_at_a_change(world, monkeypatch):
    world.sender().work()  # takes the lease
    looked, stat = threading.Semaphore(0), world.store.stat

    def noting(key):
        if key == keys.lease("shop"):
            looked.release()
        return stat(key)

    monkeypatch.setattr(world.store, "stat", noting)
    second = world.sender(poll_s=3600)
    with running(second):
        assert looked.acquire(timeout=WAIT_S)
        second.wake()
        assert not looked.acquire(timeout=SHORT_S)


def test_many_changes_do_not_make_as_many_listings(world, monkeypatch):
    sender = world.sender(poll_s=3600, pause_s=3600)
    listed, waiting = threading.Semaphore(0), world.queue.waiting

    def noting():
        listed.release()
        sender.wake()
        return waiting()

    monkeypatch.setattr(world.queue, "trim", lambda _: (0, 0))
    monkeypatch.setattr(world.queue, "waiting", noting)
    with running(sender):
        assert listed.acquire(timeout=WAIT_S)
        assert not listed.acquire(timeout=SHORT_S)
