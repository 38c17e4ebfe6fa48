"""Reads of which the first answer is late are asked for again, within bounds."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from progimage.errors import KeyMissing, StoreUnavailable
from progimage.stores import open_raw
from progimage.stores.deadline import deadline
from progimage.stores.s3.hedging import AT_ONCE, Hedges
from progimage.stores.s3.store import S3Store
from tests.stores.contract import get, put
from tests.stores.s3server import App, s3_server, store_url

Environ = dict[str, Any]
Respond = Callable[..., Any]


def test_the_delay_comes_to_lie_at_the_95th_percentile():
    draw = random.Random(7)
    for scale in (0.02, 0.1):  # it follows a store that gets slower
        hedges = Hedges()
        for _ in range(3_000):
            hedges.note(late=draw.expovariate(1 / scale) > hedges.delay_s)
        total, late = 3_000, 0
        for _ in range(total):
            is_late = draw.expovariate(1 / scale) > hedges.delay_s
            late += is_late
            hedges.note(late=is_late)
        assert 0.03 < late / total < 0.07


def test_the_delay_has_bounds():
    hedges = Hedges()
    for _ in range(2_000):
        hedges.note(late=False)
    assert hedges.delay_s == pytest.approx(0.01)
    for _ in range(2_000):
        hedges.note(late=True)
    assert hedges.delay_s == pytest.approx(1.0)


class TestHowMany:
    def test_one_for_twenty_answers_in_time(self):
        hedges, sent = Hedges(), 0
        for _ in range(1_000):
            hedges.note(late=False)
            if hedges.take():
                hedges.give_back()
                sent += 1
        assert sent == pytest.approx(51, abs=1)

    def test_none_when_nothing_is_answered_any_more(self):
        hedges, sent = Hedges(), 0
        for _ in range(10_000):
            hedges.note(late=False)
        for _ in range(10_000):
            hedges.note(late=True)
            if hedges.take():
                hedges.give_back()
                sent += 1
        assert sent == 10

    def test_few_at_a_time(self):
        hedges = Hedges()
        for _ in range(1_000):
            hedges.note(late=False)
        assert [hedges.take() for _ in range(AT_ONCE + 1)] == [True] * AT_ONCE + [False]
        hedges.give_back()
        assert hedges.take()


class Holding:
    """Stands before the server and does with each GET of an object what `plan` says."""

    def __init__(self) -> None:
        self.plan: list[Callable[[Environ, Respond], Iterable[bytes] | None]] = []
        self.released = threading.Event()
        self.gets = 0
        self._lock = threading.Lock()

    def before(self, app: App) -> App:
        def hold(environ: Environ, respond: Respond) -> Iterable[bytes]:
            if environ["REQUEST_METHOD"] != "GET" or "list-type" in environ["QUERY_STRING"]:
                return app(environ, respond)
            with self._lock:
                self.gets += 1
                act = self.plan.pop(0) if self.plan else pass_on
            answer = act(environ, respond)
            return app(environ, respond) if answer is None else answer

        return hold

    def late(self, environ: Environ, respond: Respond) -> None:
        self.released.wait(60)


def pass_on(environ: Environ, respond: Respond) -> None:
    return None


def reject(environ: Environ, respond: Respond) -> Iterable[bytes]:
    respond("500 Internal Server Error", [("Content-Length", "0")])
    return [b""]


@pytest.fixture(scope="module")
def held_server(aws_credentials: None) -> Iterator[tuple[Holding, str]]:
    holding = Holding()
    with s3_server(holding.before) as endpoint:
        yield holding, store_url(endpoint, "hedged")


@pytest.fixture
def holding(held_server: tuple[Holding, str]) -> Iterator[Holding]:
    holding, _ = held_server
    holding.released.clear()
    yield holding
    holding.released.set()
    holding.plan.clear()


@pytest.fixture(scope="module")
def opened(held_server: tuple[Holding, str]) -> S3Store:
    store = open_raw(held_server[1])
    assert isinstance(store, S3Store)
    return store


@pytest.fixture
def store(opened: S3Store, holding: Holding) -> S3Store:
    """A store that has learnt to expect answers at once, and saved up for late ones."""
    store, hedges = opened, Hedges()
    for _ in range(250):
        hedges.note(late=False)
    store.hedges = hedges
    put(store, "key", b"bytes")
    get(store, "key")
    holding.gets = 0
    return store


def test_the_second_is_taken_where_the_first_is_late(store, holding):
    holding.plan = [holding.late]
    assert get(store, "key") == b"bytes"
    assert holding.gets == 2
    assert not holding.released.is_set()
    for _ in range(5):
        assert get(store, "key") == b"bytes", "no connection is left with another's answer"


def test_the_first_is_taken_where_it_answers_after_all(store, holding):
    first, second = threading.Event(), threading.Event()

    def hold_first(environ: Environ, respond: Respond) -> None:
        second.wait(20)
        first.set()

    def hold_second(environ: Environ, respond: Respond) -> None:
        second.set()
        holding.released.wait(20)

    holding.plan = [hold_first, hold_second]
    assert get(store, "key") == b"bytes"
    assert first.is_set()
    holding.released.set()
    assert get(store, "key") == b"bytes"


def test_that_the_second_finds_nothing_is_an_answer(store, holding):
    holding.plan = [holding.late]
    with pytest.raises(KeyMissing):
        store.open("absent")
    assert not holding.released.is_set()


def test_that_the_second_finds_the_same_version_is_an_answer(store, holding):
    etag = store.stat("key").etag
    holding.plan = [holding.late]
    assert store.open_if_changed("key", etag) is None
    assert not holding.released.is_set()


def test_the_first_is_waited_for_where_the_second_fails(store, holding):
    def fail(environ: Environ, respond: Respond) -> Iterable[bytes]:
        threading.Timer(0.2, holding.released.set).start()
        return reject(environ, respond)

    holding.plan = [holding.late, fail]
    assert get(store, "key") == b"bytes"
    assert holding.gets == 2, "a second request is not tried again"


def test_two_late_answers_mean_unavailable(store, holding):
    holding.plan = [holding.late] * 6
    started = time.monotonic()
    with deadline(1), pytest.raises(StoreUnavailable, match="in time"):
        store.open("key")
    assert time.monotonic() - started < 15
    assert not holding.released.is_set()


def test_a_first_that_fails_is_tried_again(store, holding):
    holding.plan = [reject]
    assert get(store, "key") == b"bytes"
    assert holding.gets == 2


def test_nothing_is_asked_twice_where_hedging_is_off(held_server, holding):
    holding.gets = 0
    store = open_raw(held_server[1], hedged_reads=False)
    holding.plan = [holding.late]
    threading.Timer(0.4, holding.released.set).start()
    put(store, "key", b"bytes")
    assert get(store, "key") == b"bytes"
    assert holding.gets == 1


def test_only_objects_are_asked_for_twice(store, holding):
    seen = []
    before = store.hedges.delay_s
    store.stat("key")
    seen += list(store.list(""))
    assert [stat.key for stat in seen] == ["key"]
    assert store.hedges.delay_s == before
