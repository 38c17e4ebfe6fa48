"""Runs actors against one store in a chosen order, one store operation at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO, TypeVar, cast

from progimage.stores import HasConditionalOpen, ObjectStore, Reader, Stat

T = TypeVar("T")
Actor = Callable[[ObjectStore], Any]


class _Turns:
    """One actor's side: it waits for its turn before every operation."""

    def __init__(self) -> None:
        self.may_go = threading.Semaphore(0)
        self.has_stopped = threading.Semaphore(0)
        self.is_done = False


class _Stepped:
    """An `ObjectStore` whose every operation waits for a turn."""

    def __init__(self, inner: ObjectStore, turns: _Turns, is_step: Callable[[str], bool]) -> None:
        self._inner = inner
        self._turns = turns
        self._is_step = is_step

    def step(self, effect: Callable[[], T]) -> T:
        """Wait for a turn before what is no operation of the store."""
        return self._step("", effect)

    def _step(self, key: str, effect: Callable[[], T]) -> T:
        if self._is_step(key):
            self._turns.has_stopped.release()
            self._turns.may_go.acquire()
        return effect()

    def put(
        self, key: str, source: BinaryIO, *, media_type: str, expect: str | None = None
    ) -> Stat:
        return self._step(
            key, lambda: self._inner.put(key, source, media_type=media_type, expect=expect)
        )

    def open(self, key: str, start: int = 0, length: int | None = None) -> Reader:
        return self._step(key, lambda: self._inner.open(key, start, length))

    def open_if_changed(self, key: str, etag: str) -> Reader | None:
        inner = cast(HasConditionalOpen, self._inner)
        return self._step(key, lambda: inner.open_if_changed(key, etag))

    def stat(self, key: str) -> Stat:
        return self._step(key, lambda: self._inner.stat(key))

    def delete(self, key: str, *, expect: str | None = None) -> None:
        self._step(key, lambda: self._inner.delete(key, expect=expect))

    def list(self, prefix: str, after: str = "") -> Iterator[Stat]:
        return iter(self._step(prefix, lambda: list(self._inner.list(prefix, after))))


def play(
    store: ObjectStore,
    actors: Sequence[Actor],
    choices: Sequence[int],
    is_step: Callable[[str], bool] = lambda key: True,
) -> list[int]:
    """Run the actors, the i-th choice naming which of those still running steps next.

    Choice 0 is to go on with the one that stepped last, and so it is when the choices
    run out. Returns how many could have been chosen at each step, from which all
    schedules can be enumerated. Operations on keys for which `is_step` is false are not
    waited for: they belong to the step before. An exception of an actor is its end; it is for the
    caller to judge the store.
    """
    sides = [_Turns() for _ in actors]

    def act(actor: Actor, turns: _Turns) -> None:
        try:
            actor(_Stepped(store, turns, is_step))
        except Exception as error:
            del error
        turns.is_done = True
        turns.has_stopped.release()

    threads = [
        threading.Thread(target=act, args=pair, daemon=True)
        for pair in zip(actors, sides, strict=True)
    ]
    for thread, side in zip(threads, sides, strict=True):
        thread.start()
        side.has_stopped.acquire()
    width: list[int] = []
    last = sides[0]
    while running := [side for side in sides if not side.is_done]:
        running.sort(key=lambda side: side is not last)
        chosen = choices[len(width)] if len(width) < len(choices) else 0
        width.append(len(running))
        side = last = running[chosen]
        side.may_go.release()
        side.has_stopped.acquire()
    return width


def every_schedule(run: Callable[[list[int]], list[int]], switches: int = 99) -> int:
    """Call `run` with every list of choices of at most so many switches; return their number.

    `run` plays the choices from scratch and returns what `play` returned.
    """
    pending: list[list[int]] = [[]]
    count = 0
    while pending:
        choices = pending.pop()
        width = run(choices)
        count += 1
        if sum(choice > 0 for choice in choices) == switches:
            continue
        for step in range(len(choices), len(width)):
            pending += [
                [*choices, *[0] * (step - len(choices)), other] for other in range(1, width[step])
            ]
    return count
