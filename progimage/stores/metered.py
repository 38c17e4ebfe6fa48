"""A store that reports how long each of its operations took."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import perf_counter
from typing import TypeVar

from progimage.errors import Conflict, KeyMissing
from progimage.stores.object_store import ObjectStore, Stat
from progimage.stores.wrapper import StoreWrapper

Report = Callable[[str, str, float], None]
"""Takes the operation, its outcome (ok, missing, conflict, error) and its seconds."""

T = TypeVar("T")


class MeteredStore(StoreWrapper):
    """Reports the operations on a store.

    Reading an open object is not part of `open`. A listing is reported once, when it ends
    or is abandoned, with the time that its pages took; the time between them is its
    reader's.
    """

    def __init__(self, store: ObjectStore, report: Report) -> None:
        super().__init__(store)
        self._report = report

    def list(self, prefix: str, after: str = "") -> Iterator[Stat]:
        return self._timed(self._store.list(prefix, after))

    def _call(self, _operation: str, act: Callable[[], T]) -> T:
        started, outcome = perf_counter(), "ok"
        try:
            return act()
        except Exception as error:
            outcome = _outcome(error)
            raise
        finally:
            self._report(_operation, outcome, perf_counter() - started)

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
            self._report("list", outcome, spent)


def _outcome(error: Exception) -> str:
    if isinstance(error, KeyMissing):
        return "missing"
    return "conflict" if isinstance(error, Conflict) else "error"
