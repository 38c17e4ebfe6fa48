"""Token buckets: a burst, then a steady pace, for each key apart and in bounded memory."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from progimage.access.token_buckets import TokenBuckets
from tests.clock import Clock


def taken(buckets: TokenBuckets, client: str, times: int) -> int:
    """Return how many of so many tries are let pass."""
    return sum(buckets.take(client) == 0 for _ in range(times))


def test_a_burst_passes_and_the_next_waits_until_its_token_has_grown(clock):
    buckets = TokenBuckets(3, 10, clock=clock)
    assert taken(buckets, "ann", 5) == 3
    assert buckets.take("ann") == 10
    clock.now += 9.9
    assert taken(buckets, "ann", 1) == 0
    clock.now += 0.2
    assert taken(buckets, "ann", 2) == 1


def test_one_client_costs_another_nothing(clock):
    buckets = TokenBuckets(3, 10, clock=clock)
    assert taken(buckets, "ann", 9) == 3
    assert taken(buckets, "bob", 9) == 3


def test_a_long_wait_earns_one_burst_and_no_more(clock):
    buckets = TokenBuckets(4, 1, clock=clock)
    assert taken(buckets, "ann", 9) == 4
    clock.now += 1e6
    assert taken(buckets, "ann", 9) == 4


def test_refusals_cost_nothing(clock):
    buckets = TokenBuckets(1, 1, clock=clock)
    assert taken(buckets, "ann", 100) == 1
    clock.now += 1
    assert taken(buckets, "ann", 1) == 1


def test_a_token_that_is_given_back_can_be_taken_again(clock):
    buckets = TokenBuckets(2, 25, clock=clock)
    for _ in range(20):
        assert buckets.take("ann") == 0
        buckets.give_back("ann")
    assert taken(buckets, "ann", 9) == 2


def test_memory_is_bounded_and_the_longest_away_is_forgotten_first(clock):
    buckets = TokenBuckets(1, 60, capacity=3, clock=clock)
    for client in ("ann", "bob", "cyd", "ann", "dan"):
        taken(buckets, client, 1)
    assert len(buckets) == 3
    assert taken(buckets, "ann", 1) == 0
    assert taken(buckets, "bob", 1) == 1


@given(
    st.floats(0.1, 60),
    st.integers(1, 20),
    st.lists(st.floats(0, 30), max_size=60),
)
def test_never_more_than_the_burst_and_what_has_grown_since(every_s, burst, pauses):
    clock = Clock()
    start = clock.now
    buckets = TokenBuckets(burst, every_s, clock=clock)
    passed = 0
    for pause_s in pauses:
        clock.now += pause_s
        passed += taken(buckets, "ann", 3)
        grown = (clock.now - start) / every_s
        assert passed <= burst + grown + 1e-6


@given(st.floats(0.1, 60), st.integers(1, 5))
def test_a_client_that_waits_the_given_time_gets_a_token(every_s, burst):
    clock = Clock()
    buckets = TokenBuckets(burst, every_s, clock=clock)
    taken(buckets, "ann", burst)
    wait_s = buckets.take("ann")
    assert wait_s > 0
    clock.now += wait_s
    assert buckets.take("ann") == 0
