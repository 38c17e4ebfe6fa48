"""Requests to an origin that does not answer fail at once, by a clock that the tests move."""

from __future__ import annotations

import pytest
import structlog

from progimage.errors import CorruptPicture, OriginFailed, OriginMissing, OriginTimeout
from progimage.origins.reachability import Reachability
from progimage.origins.sources.source import OriginDenied, OriginUnreachable
from tests.clock import Clock


@pytest.fixture
def origin(clock: Clock) -> Reachability:
    return Reachability("shop", clock)


def ask(origin: Reachability, error: Exception | None = None) -> None:
    with origin.asking():
        if error:
            raise error


def ask_in_vain(origin: Reachability, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(OriginTimeout, match="in vain"):
            ask(origin, OriginTimeout("in vain"))


def assert_no_request(origin: Reachability) -> None:
    with pytest.raises(OriginFailed, match="does not answer") as caught:
        ask(origin)
    assert caught.value.retryable
    assert caught.value.retry_after_s


def test_after_three_requests_in_vain_it_is_tried_every_three_seconds(origin, clock):
    ask_in_vain(origin, 3)
    for _ in range(3):
        assert_no_request(origin)
        clock.now += 3
        ask_in_vain(origin)


def test_one_request_at_a_time_tries(origin, clock):
    ask_in_vain(origin, 3)
    clock.now += 3
    with origin.asking():
        assert_no_request(origin)
    ask(origin)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        OriginMissing("no such picture"),
        OriginDenied("denied"),
        OriginFailed("the origin answered 503"),
        CorruptPicture("no picture"),
    ],
)
def test_any_answer_ends_it(origin, clock, answer):
    ask_in_vain(origin, 3)
    clock.now += 3
    if answer:
        with pytest.raises(type(answer)):
            ask(origin, answer)
    else:
        ask(origin)
    ask_in_vain(origin, 2)
    ask(origin)


def test_an_answer_between_failures_resets_the_count(origin):
    for _ in range(3):
        ask_in_vain(origin, 2)
        ask(origin)


def test_the_log_names_it_once_when_it_goes_and_when_it_comes_back(origin, clock):
    with structlog.testing.capture_logs() as logs:
        ask_in_vain(origin, 3)
        clock.now += 3
        with pytest.raises(OriginUnreachable):
            ask(origin, OriginUnreachable("cannot be reached"))
        clock.now += 3
        ask(origin)
        ask(origin)
    assert [(entry["event"], entry["origin"]) for entry in logs] == [
        ("an origin does not answer", "shop"),
        ("an origin answers again", "shop"),
    ]
