"""The rest of shelves is fetched in the background: one by one, bounded, behind searches."""

from __future__ import annotations

import threading
from queue import Queue
from types import SimpleNamespace

import pytest

from progimage.errors import StoreUnavailable
from progimage.library.index import completing
from progimage.library.index.completing import MOST, Completing

END_S = 60


class Work:
    """Notes which names are completed; waits at each of them if `go_on` is not set."""

    def __init__(self) -> None:
        self.done: Queue[str] = Queue()
        self.go_on = threading.Event()
        self.error: Exception | None = None

    def __call__(self, name: str, before_request) -> None:
        self.done.put(name)
        assert self.go_on.wait(END_S)
        before_request()
        if self.error:
            raise self.error

    def next(self) -> str:
        return self.done.get(timeout=END_S)


@pytest.fixture
def work() -> Work:
    return Work()


def test_shelves_are_completed_one_by_one_in_the_order_of_their_use(work):
    completing = Completing(work, pause_s=0)
    completing.add("a")
    assert work.next() == "a"
    for name in ("b", "c", "b"):
        completing.add(name)
    assert work.done.empty()
    work.go_on.set()
    assert [work.next(), work.next()] == ["b", "c"]


def test_a_shelf_that_is_used_again_is_looked_at_again(work):
    work.go_on.set()
    completing = Completing(work, pause_s=0)
    for _ in range(3):
        completing.add("a")
        assert work.next() == "a"


def test_few_wait_however_many_are_used(work):
    completing = Completing(work, pause_s=0)
    completing.add("first")
    assert work.next() == "first"
    for number in range(10 * MOST):
        completing.add(str(number))
    work.go_on.set()
    assert [work.next() for _ in range(MOST)] == [str(number) for number in range(MOST)]
    completing.add("last")
    assert work.next() == "last"


@pytest.mark.parametrize("error", [StoreUnavailable("no"), OSError("no")], ids=["store", "other"])
def test_an_error_ends_the_work_on_one_shelf_only(work, error):
    work.error = error
    work.go_on.set()
    completing = Completing(work, pause_s=0)
    completing.add("a")
    completing.add("b")
    assert {work.next(), work.next()} == {"a", "b"}


def test_requests_wait_while_searches_fetch(work, monkeypatch):
    pauses: Queue[float] = Queue()
    clock = SimpleNamespace(monotonic=lambda: 0.0, sleep=pauses.put)
    monkeypatch.setattr(completing, "time", clock)
    work.go_on.set()
    Completing(work, pause_s=3_600).add("a")
    while pauses.get(timeout=END_S) != 3_600:
        pass  # Threads of earlier tests may pause too.
