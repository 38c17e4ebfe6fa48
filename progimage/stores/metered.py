"""Any store, with the time of each of its operations told to somebody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import perf_counter
from typing import BinaryIO, ParamSpec, TypeVar

from progimage.errors import Conflict, KeyMissing
from progimage.stores.object_store import HasConditionalOpen, ObjectStore, Reader, Stat

Tell = Callable[[str, str, float], None]
"""Takes the operation, its outcome (ok, missing, conflict, error) and its seconds."""

P = ParamSpec("P")
T = TypeVar("T")

_FIVE = ("put", "open", "stat", "delete", "list")


class MeteredStore:
    """Wraps a store and is one; whatever else the store can do, this can too.

    Reading an open object is not part of `open`. Of a listing, the time its pages
    took counts once it ends or is given up, without what its reader did between.
    """

    def __init__(self, store: ObjectStore, tell: Tell) -> None:
        self._store = store
        self._tell = tell
        for name in dir(store):
            if not name.startswith("_") and name not in _FIVE:
                setattr(self, name, getattr(store, name))
        if isinstance(store, HasConditionalOpen):
            self.open_if_changed = self._told("open_if_changed", store.open_if_changed)

    def put(
        self, key: str, source: BinaryIO, *, media_type: str, expect: str | None = None
    ) -> Stat:
        started = perf_counter()
        try:
            done = self._store.put(key, source, media_type=media_type, expect=expect)
        except Exception as error:
            self._tell("put", _outcome(error), perf_counter() - started)
            raise
        self._tell("put", "ok", perf_counter() - started)
        return done

    def open(self, key: str, start: int = 0, length: int | None = None) -> Reader:
        started = perf_counter()
        try:
            reader = self._store.open(key, start, length)
        except Exception as error:
            self._tell("open", _outcome(error), perf_counter() - started)
            raise
        self._tell("open", "ok", perf_counter() - started)
        return reader

    def _told(self, operation: str, act: Callable[P, T]) -> Callable[P, T]:
        def told(*args: P.args, **kwargs: P.kwargs) -> T:
            started = perf_counter()
            try:
                done = act(*args, **kwargs)
            except Exception as error:
                self._tell(operation, _outcome(error), perf_counter() - started)
                raise
            self._tell(operation, "ok", perf_counter() - started)
            return done

        return told

    def stat(self, key: str) -> Stat:
        started = perf_counter()
        try:
            found = self._store.stat(key)
        except Exception as error:
            self._tell("stat", _outcome(error), perf_counter() - started)
            raise
        self._tell("stat", "ok", perf_counter() - started)
        return found

    def delete(self, key: str, *, expect: str | None = None) -> None:
        started = perf_counter()
        try:
            self._store.delete(key, expect=expect)
        except Exception as error:
            self._tell("delete", _outcome(error), perf_counter() - started)
            raise
        self._tell("delete", "ok", perf_counter() - started)

    def list(self, prefix: str, after: str = "") -> Iterator[Stat]:
        return self._timed(self._store.list(prefix, after))

    def _timed(self, found: Iterator[Stat]) -> Iterator[Stat]:
        spent, outcome = 0.0, "ok"
        try:
            while True:
                started = perf_counter()
                try:
                    stat = next(found, None)
                except Exception as error:
                    outcome = _outcome(error)
                    raise
                finally:
                    spent += perf_counter() - started
                if stat is None:
                    return
                yield stat
        finally:
            self._tell("list", outcome, spent)


def _outcome(error: Exception) -> str:
    if isinstance(error, KeyMissing):
        return "missing"
    return "conflict" if isinstance(error, Conflict) else "error"
