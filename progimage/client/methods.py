"""Decorators that make of a generator a method that blocks, or that is awaited."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, overload

from progimage.client.drivers import Async, Batch, M, Sync
from progimage.client.effects import Stream, Talk

T = TypeVar("T")
P = ParamSpec("P")
Blocking = TypeVar("Blocking")
Awaited = TypeVar("Awaited")


class Bound(Generic[M]):
    """What belongs to a client, and so to its way of running calls."""

    _driver: M


class Method(Generic[P, Blocking, Awaited]):
    """A method that runs what `talk` returns as its client's driver does."""

    def __init__(
        self,
        talk: Callable[Concatenate[Any, P], Any],
        run_of: Callable[[Sync | Async], Callable[[Any], Any]],
    ) -> None:
        self.talk = talk
        self._run_of = run_of
        self.__doc__ = talk.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> Method[P, Blocking, Awaited]: ...
    @overload
    def __get__(self, instance: Bound[Sync], owner: type) -> Callable[P, Blocking]: ...
    @overload
    def __get__(self, instance: Bound[Async], owner: type) -> Callable[P, Awaited]: ...
    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self
        run = self._run_of(instance._driver)

        @functools.wraps(self.talk)
        def method(*arguments: Any, **named: Any) -> Any:
            return run(self.talk(instance, *arguments, **named))

        return method


def call(
    talk: Callable[Concatenate[Any, P], Talk[T]],
) -> Method[P, T, Coroutine[Any, Any, T]]:
    """Make a method that returns a result, or a coroutine of it."""
    return Method(talk, lambda driver: driver.run)


def stream(
    talk: Callable[Concatenate[Any, P], Stream[T]],
) -> Method[P, Iterator[T], AsyncIterator[T]]:
    """Make a method that returns an iterator, or an asynchronous one."""
    return Method(talk, lambda driver: driver.stream)


def batch(
    talks: Callable[Concatenate[Any, P], Batch[T]],
) -> Method[P, Iterator[T], AsyncIterator[T]]:
    """Make of many calls a method that returns an iterator over results as they come."""
    return Method(talks, lambda driver: driver.batch)
