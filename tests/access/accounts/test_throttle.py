"""A number of attempts at once, then one at a time."""

from __future__ import annotations

import pytest

from progimage.access.accounts.throttle import Throttle
from progimage.errors import TooManyAttempts
from tests.clock import Clock


def test_after_the_limit_one_attempt_each_share_of_the_window():
    clock = Clock(0.0)
    throttle = Throttle(5, 50, clock)
    for _ in range(5):
        throttle.attempt("a")
    for _ in range(3):
        with pytest.raises(TooManyAttempts) as error:
            throttle.attempt("a")
        assert error.value.retry_after_s == 10
    throttle.attempt("b")
    clock.now = 10
    throttle.attempt("a")
    with pytest.raises(TooManyAttempts):
        throttle.attempt("a")
    clock.now = 1000
    for _ in range(5):
        throttle.attempt("a")


def test_a_successful_attempt_does_not_count():
    throttle = Throttle(2, 50, Clock())
    for _ in range(20):
        throttle.attempt("a")
        throttle.forgive("a")
