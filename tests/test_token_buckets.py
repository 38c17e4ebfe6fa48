"""Rate limits: a burst, then a steady pace, for each client apart and in bounded memory."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progimage.errors import RateLimited
from progimage.token_buckets import TokenBuckets


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


def taken(buckets: TokenBuckets, client: str, times: int) -> int:
    """Return how many of so many tries are let pass."""
    count = 0
    for _ in range(times):
        try:
            buckets.take(client, "renders")
            count += 1
        except RateLimited:
            pass
    return count


def test_a_burst_passes_and_the_next_waits_until_its_token_has_grown(clock):
    buckets = TokenBuckets(6, 3, clock=clock)
    assert taken(buckets, "ann", 5) == 3
    with pytest.raises(RateLimited, match=r"more renders .* in 10 s") as error:
        buckets.take("ann", "renders")
    assert error.value.retry_after_s == 10
    clock.now_s += 9.9
    assert taken(buckets, "ann", 1) == 0
    clock.now_s += 0.2
    assert taken(buckets, "ann", 2) == 1


def test_one_client_costs_another_nothing(clock):
    buckets = TokenBuckets(6, 3, clock=clock)
    assert taken(buckets, "ann", 9) == 3
    assert taken(buckets, "bob", 9) == 3


def test_who_waits_long_gets_a_burst_and_no_more(clock):
    buckets = TokenBuckets(60, 4, clock=clock)
    assert taken(buckets, "ann", 9) == 4
    clock.now_s += 1e6
    assert taken(buckets, "ann", 9) == 4


def test_refusals_cost_nothing(clock):
    buckets = TokenBuckets(60, 1, clock=clock)
    assert taken(buckets, "ann", 100) == 1
    clock.now_s += 1
    assert taken(buckets, "ann", 1) == 1


def test_memory_is_bounded_and_the_longest_away_is_forgotten_first(clock):
    buckets = TokenBuckets(1, 1, capacity=3, clock=clock)
    for client in ("ann", "bob", "cyd", "ann", "dan"):
        taken(buckets, client, 1)
    assert len(buckets._buckets) == 3
    assert taken(buckets, "ann", 1) == 0
    assert taken(buckets, "bob", 1) == 1


@given(
    st.floats(1, 600),
    st.integers(1, 20),
    st.lists(st.floats(0, 30), max_size=60),
)
def test_never_more_than_the_burst_and_what_has_grown_since(per_minute, burst, pauses):
    clock = Clock()
    buckets = TokenBuckets(per_minute, burst, clock=clock)
    passed = 0
    for pause_s in pauses:
        clock.now_s += pause_s
        passed += taken(buckets, "ann", 3)
        grown = (clock.now_s - 1000) * per_minute / 60
        assert passed <= burst + grown + 1e-6


@given(st.floats(1, 600), st.integers(1, 5))
def test_who_comes_back_when_told_to_is_let_pass(per_minute, burst):
    clock = Clock()
    buckets = TokenBuckets(per_minute, burst, clock=clock)
    taken(buckets, "ann", burst)
    with pytest.raises(RateLimited) as error:
        buckets.take("ann", "renders")
    clock.now_s += error.value.retry_after_s
    buckets.take("ann", "renders")
