"""Of several threads that need the same result, one makes it."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from types import SimpleNamespace

import pytest

from progimage.errors import CorruptPicture, Overloaded, ProgImageError
from progimage.renditions import single_flight
from progimage.renditions.single_flight import SingleFlight

WAIT_S = 60


@pytest.fixture
def follow(monkeypatch):
    """Return a function that has a second thread wait for a first, which ends with an error."""
    is_waiting = threading.Event()

    class Landed(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            is_waiting.set()
            return super().wait(timeout)

    names = SimpleNamespace(Event=Landed, Lock=threading.Lock)
    monkeypatch.setattr(single_flight, "threading", names)
    flights = SingleFlight()

    def join() -> bool:
        with flights.join("key") as leads:
            return leads

    def call(error: ProgImageError | None) -> Future[bool]:
        with ThreadPoolExecutor(1) as threads:
            with suppress(ProgImageError), flights.join("key") as leads:
                assert leads
                follower = threads.submit(join)
                assert is_waiting.wait(WAIT_S)
                if error:
                    raise error
            follower.exception(WAIT_S)
        return follower

    return call


def test_the_first_makes_it_and_the_next_begins_again():
    flights = SingleFlight()
    for _ in range(2):
        with flights.join("key") as leads, flights.join("other") as leads_other:
            assert (leads, leads_other) == (True, True)


def test_others_wait_and_then_look_for_the_result(follow):
    assert follow(None).result() is False


def test_an_error_of_the_picture_is_that_of_all_who_wait(follow):
    with pytest.raises(CorruptPicture):
        follow(CorruptPicture("damaged")).result()


def test_an_overload_of_one_client_is_not_that_of_others(follow):
    assert follow(Overloaded("too much")).result() is False
