"""The budget of waiting that all calls of a request share, by a clock of our own."""

from __future__ import annotations

import threading

import pytest

from progimage.errors import KeyMissing, StoreUnavailable
from progimage.stores.deadline import Budget, ContextThreads, budget, deadline, held
from tests.clock import Clock


@pytest.fixture
def ten(clock: Clock) -> Budget:
    return Budget(10.0, clock)


def wait(ten: Budget, clock: Clock, seconds: float) -> None:
    with ten.waiting():
        clock.now += seconds


def fail(
    ten: Budget, clock: Clock, seconds: float, how: type[Exception] = StoreUnavailable
) -> None:
    def call() -> None:
        with ten.waiting():
            clock.now += seconds
            raise how("it failed")

    with pytest.raises(how, match="it failed"):
        call()


def test_the_clock_stands_still_while_no_request_waits(ten, clock):
    clock.now += 1_000
    assert ten.left_s == 10


def test_calls_that_fail_share_the_time_and_the_next_is_not_made(ten, clock):
    fail(ten, clock, 6)
    assert ten.left_s == 4
    fail(ten, clock, 4)
    with pytest.raises(StoreUnavailable, match="10 seconds"), ten.waiting():
        pytest.fail("no time was left")


def test_quick_failures_count_too(ten, clock):
    for _ in range(10):
        fail(ten, clock, 0.5)
    assert ten.left_s == 5


def test_any_number_of_prompt_answers_is_free(ten, clock):
    for _ in range(100):
        wait(ten, clock, 0.9)
    assert ten.left_s == 10


def test_slow_answers_are_not(ten, clock):
    wait(ten, clock, 4)
    wait(ten, clock, 0.5)
    assert ten.left_s == 6


def test_that_there_is_no_such_object_is_an_answer(ten, clock):
    fail(ten, clock, 0.5, KeyMissing)
    assert ten.left_s == 10


def test_sending_is_free_as_long_as_it_goes_on(ten, clock):
    with ten.waiting():
        for _ in range(100):
            clock.now += 1.5
            ten.progress()
        clock.now += 0.5
    assert ten.left_s == 10


def test_waiting_for_an_answer_to_what_was_sent_is_not(ten, clock):
    with ten.waiting():
        clock.now += 60
        ten.progress()
        clock.now += 4
    assert ten.left_s == 6


def test_a_try_that_got_no_answer_counts_also_if_the_next_is_under_way(ten, clock):
    with ten.waiting():
        clock.now += 4
        ten.check()
        clock.now += 1
        ten.progress()
    assert ten.left_s == 6


def test_calls_that_overlap_wait_for_the_same_moments(ten, clock):
    with ten.waiting():
        clock.now += 2
        with ten.waiting():
            clock.now += 3
        assert ten.left_s == 5
    assert ten.left_s == 5


def test_prompt_answers_beside_a_slow_one_give_no_more_than_there_was(ten, clock):
    with ten.waiting():
        for _ in range(5):
            wait(ten, clock, 1)
    assert ten.left_s == 10 - 5 + 5


def test_a_deadline_within_another_is_that_other(clock):
    assert budget() is None
    with deadline(10) as outer:
        with deadline(99) as inner:
            assert inner is outer
        assert budget() is outer
    assert budget() is None


def test_threads_that_help_share_it():
    with ContextThreads(2) as threads:
        with deadline(10) as ours:
            assert list(threads.map(lambda _: budget(), range(4))) == [ours] * 4
        assert threads.submit(budget).result() is None


def test_a_wait_for_a_lock_is_a_wait_for_the_store():
    lock = threading.Lock()
    with lock, deadline(0.05) as spent:
        with pytest.raises(StoreUnavailable), held(lock):
            pass
        assert spent.left_s <= 0
    with deadline(0.05), held(lock):
        assert lock.locked()
    assert not lock.locked()
