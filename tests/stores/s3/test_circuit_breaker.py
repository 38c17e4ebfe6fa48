"""No call waits for a store that is known to be silent, by a clock of the test."""

from __future__ import annotations

import pytest

from progimage.errors import KeyMissing, StoreUnavailable
from progimage.stores.s3.circuit_breaker import CircuitBreaker
from tests.clock import Clock


@pytest.fixture
def breaker(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker(clock)


def ask(
    breaker: CircuitBreaker, clock: Clock, seconds: float, error: type[Exception] | None = None
) -> None:
    with breaker.guarding():
        clock.now += seconds
        if error:
            raise error("asked")


def silence(breaker: CircuitBreaker, clock: Clock, calls: int, seconds: float = 10) -> None:
    for _ in range(calls):
        with pytest.raises(StoreUnavailable, match="asked"):
            ask(breaker, clock, seconds, StoreUnavailable)


def assert_refused(breaker: CircuitBreaker, clock: Clock) -> None:
    with pytest.raises(StoreUnavailable, match="stopped answering"):
        ask(breaker, clock, 0)


def test_after_three_calls_in_vain_one_is_tried_every_other_second(breaker, clock):
    silence(breaker, clock, 3)
    for _ in range(3):
        silence(breaker, clock, 1, seconds=0.1)
        assert_refused(breaker, clock)
        clock.now += 1.8
        assert_refused(breaker, clock)
        clock.now += 0.2


@pytest.mark.parametrize("error", [None, KeyMissing])
def test_any_answer_ends_it(breaker, clock, error):
    silence(breaker, clock, 3)
    if error:
        with pytest.raises(error):
            ask(breaker, clock, 5, error)
    else:
        ask(breaker, clock, 5)
    for _ in range(3):
        ask(breaker, clock, 0)


def test_an_answer_between_failures_keeps_it_shut(breaker, clock):
    for _ in range(5):
        silence(breaker, clock, 2)
        ask(breaker, clock, 0)


def test_an_immediate_failure_delays_no_other(breaker, clock):
    silence(breaker, clock, 20, seconds=0.5)


def test_an_immediate_failure_is_no_sign_of_life(breaker, clock):
    silence(breaker, clock, 3)
    silence(breaker, clock, 1, seconds=0.1)
    assert_refused(breaker, clock)
