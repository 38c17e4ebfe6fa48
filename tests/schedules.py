"""Runs actors against one store in a chosen order, one store operation at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, BinaryIO, TypeVar, cast

from progimage.stores import HasConditionalOpen, ObjectStore, Reader, Stat

T = TypeVar("T")
Actor = Callable[[ObjectStore], Any]


class Redundant(Exception):
    """An order was left off, since another one leads to the same.

    Attributes:
        width: how many actors could have been chosen at each step that was made.
    """

    def __init__(self, width: list[int]) -> None:
        super().__init__("another order leads to the same")
        self.width = width


class _LeftOffError(BaseException):
    """Ends an actor whose order is left off; no `except Exception` of the product stops it."""


class _Step:
    """What a step read and wrote: keys, and prefixes of keys."""

    def __init__(self, side: _Side) -> None:
        self.side = side
        self._read: set[str] = set()
        self._listed: set[str] = set()
        self._written: set[str] = set()

    def touch(self, key: str, how: str) -> None:
        {"read": self._read, "list": self._listed, "write": self._written}[how].add(key)

    def commutes_with(self, other: _Step) -> bool:
        """Return whether the two lead to the same in either order."""
        return not (self._changes(other) or other._changes(self))

    def _changes(self, other: _Step) -> bool:
        return any(
            key in other._read or key in other._written or key.startswith(tuple(other._listed))
            for key in self._written
        )


class _Side:
    """One actor's side: it waits here while another actor steps."""

    def __init__(self) -> None:
        self.may_go = threading.Semaphore(0)
        self.is_done = False
        self.step = _Step(self)


_here = threading.local()


def touch(name: str, how: str) -> None:
    """Note that the actor of this thread used what the actors share beside the store.

    `how` is "read" or "write". Outside of an actor this does nothing.
    """
    if side := getattr(_here, "side", None):
        side.step.touch(name, how)


class _Schedule:
    """Whose turn it is. The actor that stops chooses the next one, in its own thread.

    Most often it chooses itself, so that a run of many steps changes threads only where the
    schedule does.
    """

    def __init__(self, sides: Sequence[_Side], choices: Sequence[int], *, leaves_off: bool) -> None:
        self.width: list[int] = []
        self.has_diverged = False
        self.is_redundant = False
        self.is_ready = threading.Semaphore(0)
        self._sides = sides
        self._choices = choices
        self._leaves_off = leaves_off
        self._steps: list[_Step] = []
        self._has_begun = False
        self._last = sides[0]

    def begin(self) -> None:
        """Let the actors run, each of which waits before its first step or has ended."""
        self._has_begun = True
        self._hand_over()

    def wait_for_turn(self, side: _Side) -> None:
        """Return when `side` may make its next step."""
        if not self._has_begun:
            self.is_ready.release()
            side.may_go.acquire()
        else:
            self._check()
            if not self.is_redundant and (chosen := self._choose()) is not side:
                chosen.may_go.release()
                side.may_go.acquire()
        if self.is_redundant:
            raise _LeftOffError
        side.step = _Step(side)
        self._steps.append(side.step)

    def end(self, side: _Side) -> None:
        side.is_done = True
        if not self._has_begun:
            self.is_ready.release()
        elif not self.is_redundant:
            self._check()
            self._hand_over()

    def _hand_over(self) -> None:
        if not self.is_redundant and not all(side.is_done for side in self._sides):
            self._choose().may_go.release()

    def _choose(self) -> _Side:
        running = [side for side in self._sides if not side.is_done]
        running.sort(key=lambda side: side is not self._last)
        step = len(self.width)
        choice = self._choices[step] if step < len(self._choices) else 0
        if choice >= len(running):
            self.has_diverged, choice = True, 0
        self.width.append(len(running))
        self._last = running[choice]
        return self._last

    def _check(self) -> None:
        """End all if the step just made could as well have been made before the others'.

        An actor was stopped before it, others made steps that all commute with it, and it
        went on: to switch one step later leads to the same, with no more switches and with
        choices that come first in the order of their lists. So of all orders that lead to
        the same, one is always played to its end.
        """
        *before, step = self._steps
        between = 0
        for other in reversed(before):
            if other.side is step.side:
                break
            if not step.commutes_with(other):
                return
            between += 1
        else:
            # By itself the first actor would have begun; another has not been stopped.
            between = between if step.side is self._sides[0] else 0
        if between and self._leaves_off:
            self.is_redundant = True
            for side in self._sides:
                side.may_go.release()


class _Stepped:
    """An `ObjectStore` whose every operation waits for a turn."""

    def __init__(
        self, inner: ObjectStore, schedule: _Schedule, side: _Side, is_step: Callable[[str], bool]
    ) -> None:
        self._inner = inner
        self._schedule = schedule
        self._side = side
        self._is_step = is_step

    def step(self, effect: Callable[[], T]) -> T:
        """Wait for a turn before what is no operation of the store."""
        return self._step("", "write", effect)

    def _step(self, key: str, how: str, effect: Callable[[], T]) -> T:
        if self._is_step(key):
            self._schedule.wait_for_turn(self._side)
        self._side.step.touch(key, how)
        return effect()

    def put(
        self, key: str, source: BinaryIO, *, media_type: str, expect: str | None = None
    ) -> Stat:
        return self._step(
            key, "write", lambda: self._inner.put(key, source, media_type=media_type, expect=expect)
        )

    def open(self, key: str, start: int = 0, length: int | None = None) -> Reader:
        return self._step(key, "read", lambda: self._inner.open(key, start, length))

    def open_if_changed(self, key: str, etag: str) -> Reader | None:
        inner = cast(HasConditionalOpen, self._inner)
        return self._step(key, "read", lambda: inner.open_if_changed(key, etag))

    def stat(self, key: str) -> Stat:
        return self._step(key, "read", lambda: self._inner.stat(key))

    def delete(self, key: str, *, expect: str | None = None) -> None:
        self._step(key, "write", lambda: self._inner.delete(key, expect=expect))

    def list(self, prefix: str, after: str = "") -> Iterator[Stat]:
        return iter(self._step(prefix, "list", lambda: list(self._inner.list(prefix, after))))


def play(
    store: ObjectStore,
    actors: Sequence[Actor],
    choices: Sequence[int],
    is_step: Callable[[str], bool] = lambda key: True,
    *,
    leaves_off: bool = False,
) -> list[int]:
    """Run the actors, the i-th choice naming which of those still running steps next.

    Choice 0 is to go on with the one that stepped last, and so it is when the choices
    run out. Returns how many could have been chosen at each step, from which all
    schedules can be enumerated. Operations on keys for which `is_step` is false are not
    waited for: they belong to the step before. An exception of an actor is its end; it is for the
    caller to judge the store.

    With `leaves_off`, the actors may share nothing but the store and what they `touch`.

    Raises:
        Redundant: with `leaves_off`, another order leads to the same.
    """
    sides = [_Side() for _ in actors]
    schedule = _Schedule(sides, choices, leaves_off=leaves_off)

    def act(actor: Actor, side: _Side) -> None:
        _here.side = side
        with suppress(Exception, _LeftOffError):
            actor(_Stepped(store, schedule, side, is_step))
        schedule.end(side)

    threads = [
        threading.Thread(target=act, args=pair, daemon=True)
        for pair in zip(actors, sides, strict=True)
    ]
    for thread in threads:
        thread.start()
        schedule.is_ready.acquire()
    schedule.begin()
    for thread in threads:
        thread.join()
    assert not schedule.has_diverged, "the same choices led to other steps than before"
    if schedule.is_redundant:
        raise Redundant(schedule.width)
    return schedule.width


def every_schedule(run: Callable[[list[int]], list[int]], switches: int = 99) -> int:
    """Call `run` with every list of choices of at most so many switches; return their number.

    `run` plays the choices from scratch and returns what `play` returned. Orders that begin as
    one that `play` left off are not called.
    """
    pending: list[list[int]] = [[]]
    count = 0
    while pending:
        choices = pending.pop()
        count += 1
        try:
            width = run(choices)
        except Redundant as left_off:
            width = left_off.width
        if sum(choice > 0 for choice in choices) == switches:
            continue
        for step in range(len(choices), len(width)):
            pending += [
                [*choices, *[0] * (step - len(choices)), other] for other in range(1, width[step])
            ]
    return count
