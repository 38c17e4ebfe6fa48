"""Clients take turns at slow work, however much each of them sends."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from contextvars import copy_context

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progimage.access.admission import current_client
from progimage.access.fair_queue import FairQueue
from progimage.errors import Overloaded

PATIENCE_S = 60


class Workshop:
    """Threads of clients that wait for a queue; each works until the test ends it."""

    def __init__(self, at_once: int) -> None:
        self._queue = FairQueue(at_once)
        self._changed = threading.Condition()
        self._ends: dict[str, threading.Event] = {}
        self.began: list[str] = []
        self.threads: list[threading.Thread] = []

    def come(self, name: str) -> None:
        """Let a thread come that works as "<client><number>"; return when it waits or works."""
        self._ends[name] = threading.Event()

        def work() -> None:
            current_client.set(name[0])
            with self._queue.turn():
                with self._changed:
                    self.began.append(name)
                    self._changed.notify_all()
                assert self._ends[name].wait(PATIENCE_S)

        before = self._known()
        thread = threading.Thread(target=copy_context().run, args=(work,))
        self.threads.append(thread)
        thread.start()
        deadline = threading.Event()
        while self._known() == before:
            deadline.wait(0.001)

    def _known(self) -> int:
        return sum(self._queue.counts) + len(self._finished())

    def _finished(self) -> list[str]:
        return [name for name, end in self._ends.items() if end.is_set()]

    def finish(self, name: str, then: int) -> None:
        """End the work of one; return when so many have begun."""
        self._ends[name].set()
        self.wait_for(then)

    def wait_for(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.began) >= count, PATIENCE_S)

    def close(self) -> None:
        for end in self._ends.values():
            end.set()
        for thread in self.threads:
            thread.join(PATIENCE_S)


@pytest.fixture
def open_workshop():
    opened = []

    def open_(at_once: int) -> Workshop:
        opened.append(Workshop(at_once))
        return opened[-1]

    yield open_
    for workshop in opened:
        workshop.close()


def test_a_client_with_one_request_waits_for_one_turn_of_another(open_workshop):
    workshop = open_workshop(1)
    for name in ["a1", "a2", "a3", "a4", "b1"]:
        workshop.come(name)
    workshop.wait_for(1)
    for count, name in enumerate(["a1", "b1", "a2", "a3"], start=2):
        workshop.finish(name, then=count)
    assert workshop.began == ["a1", "b1", "a2", "a3", "a4"]


def test_clients_take_turns_in_the_order_in_which_they_came(open_workshop):
    workshop = open_workshop(1)
    for name in ["a1", "a2", "a3", "b1", "b2", "c1"]:
        workshop.come(name)
    workshop.wait_for(1)
    for count in range(1, 6):
        workshop.finish(workshop.began[count - 1], then=count + 1)
    assert workshop.began == ["a1", "b1", "c1", "a2", "b2", "a3"]


def test_room_goes_to_the_client_with_the_fewest_at_work(open_workshop):
    workshop = open_workshop(3)
    for name in ["a1", "a2", "b1", "b2", "a3", "a4"]:
        workshop.come(name)
    workshop.wait_for(3)
    assert set(workshop.began) == {"a1", "a2", "b1"}
    workshop.finish("b1", then=4)
    workshop.finish("a1", then=5)
    assert workshop.began[3:] == ["b2", "a3"]


def test_no_request_waits_while_there_is_room(open_workshop):
    workshop = open_workshop(2)
    workshop.come("a1")
    workshop.come("a2")
    workshop.wait_for(2)


def assert_is_free(queue: FairQueue, at_once: int) -> None:
    """All places can be taken again, and nothing is remembered of who had them."""
    assert queue.clients == set()
    with ExitStack() as stack:
        for _ in range(at_once):
            stack.enter_context(queue.turn())
        assert queue.counts == (at_once, 0)


def test_room_is_given_back_when_work_fails():
    queue = FairQueue(1, PATIENCE_S)
    for _ in range(2):
        with pytest.raises(ValueError, match="broken"), queue.turn():
            raise ValueError("broken")
    assert_is_free(queue, 1)


@given(st.lists(st.sampled_from("abc"), max_size=12), st.integers(1, 3))
def test_all_who_come_are_served_and_never_more_at_once_than_allowed(clients, at_once):
    queue, lock, now, most = FairQueue(at_once, PATIENCE_S), threading.Lock(), [0], [0]

    def work(client: str) -> None:
        current_client.set(client)
        with queue.turn():
            with lock:
                now[0] += 1
                most[0] = max(most[0], now[0])
            with lock:
                now[0] -= 1

    threads = [
        threading.Thread(target=copy_context().run, args=(work, client)) for client in clients
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
    assert most[0] <= at_once
    assert_is_free(queue, at_once)


def test_a_turn_that_does_not_come_in_time_is_given_up():
    queue = FairQueue(1, longest_s=0.01)

    def work() -> None:
        with queue.turn():
            pass

    with ThreadPoolExecutor(1) as thread:
        with queue.turn(), pytest.raises(Overloaded):
            thread.submit(work).result()
        # The place is free again, and no other waits before it.
        thread.submit(work).result()
