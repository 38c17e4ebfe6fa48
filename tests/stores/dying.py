"""A store whose process dies at the n-th operation, to enumerate every crash."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import BinaryIO, TypeVar

from progimage.stores import ObjectStore, Reader, Stat

T = TypeVar("T")


class Died(BaseException):
    """The process is dead. Not an `Exception`, so that no handler swallows it."""


class DyingStore:
    """An `ObjectStore` over `inner` that dies at operation number `dies_at`.

    Each call of one of the five methods is one operation; the first is number 1
    and 0 is never reached. The fatal operation has no effect, or with
    `after=True` its whole effect, but in neither case does the caller see a
    result. From then on every operation raises `Died` and does nothing, in all
    threads; a listing that was under way raises at its next item.

    Attributes:
        history: (method, key or prefix) of every operation begun while alive,
            the fatal one last. Its length, after a run that did not die, is the
            number of crashes there are to enumerate.
    """

    def __init__(self, inner: ObjectStore, dies_at: int = 0, *, after: bool = False) -> None:
        self.inner = inner
        self.dies_at = dies_at
        self.after = after
        self.history: list[tuple[str, str]] = []
        self.dead = False
        self._lock = threading.Lock()

    @property
    def operations(self) -> int:
        """Operations begun so far."""
        return len(self.history)

    def put(
        self, key: str, source: BinaryIO, *, media_type: str, expect: str | None = None
    ) -> Stat:
        return self._run(
            "put", key, lambda: self.inner.put(key, source, media_type=media_type, expect=expect)
        )

    def open(self, key: str, start: int = 0, length: int | None = None) -> Reader:
        return self._run("open", key, lambda: self.inner.open(key, start, length))

    def stat(self, key: str) -> Stat:
        return self._run("stat", key, lambda: self.inner.stat(key))

    def delete(self, key: str, *, expect: str | None = None) -> None:
        self._run("delete", key, lambda: self.inner.delete(key, expect=expect))

    def list(self, prefix: str, after: str = "") -> Iterator[Stat]:
        return self._while_alive(self._run("list", prefix, lambda: self.inner.list(prefix, after)))

    def _run(self, method: str, key: str, effect: Callable[[], T]) -> T:
        with self._lock:
            if self.dead:
                raise Died
            self.history.append((method, key))
            fatal = len(self.history) == self.dies_at
            self.dead = fatal
        if not fatal:
            return effect()
        if self.after:
            result = effect()
            if isinstance(result, Reader):
                result.close()
        raise Died(f"at operation {self.dies_at}: {method} {key}")

    def _while_alive(self, stats: Iterator[Stat]) -> Iterator[Stat]:
        for stat in stats:
            if self.dead:
                raise Died
            yield stat
