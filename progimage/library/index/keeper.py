"""Keeping the index small: a thread of each process that folds, tidies and sweeps.

There is no elected leader. Processes wait for different times and look again afterwards. If two
do the same work, the work of one is wasted.
"""

from __future__ import annotations

import random
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from progimage.errors import ProgImageError
from progimage.library.index.fold import FOLD_AT, fold
from progimage.library.index.index import Index
from progimage.library.index.publish import Merge, Outcome
from progimage.library.index.shelf_writer import merged_bytes
from progimage.library.index.sweep import sweep
from progimage.library.index.tidy import tidy
from progimage.telemetry import metrics

log = structlog.get_logger()

_PERIOD_S = 2.0
# A change that comes alone is folded after so many rounds: until then every new process
# reads it once.
_ROUNDS_OF_FEW = 30

_USUAL_INTERVAL_S = sys.getswitchinterval()
# A search gives up the interpreter about 20 times. Beside a fold it waits for each of them.
_SHORT_INTERVAL_S = 0.001


class Keeper:
    """Folds what this process has announced or seen.

    A process that neither searches nor writes sends no requests to the store.
    """

    def __init__(self, index: Index, merge: Merge = merged_bytes) -> None:
        self._index = index
        self._merge = merge
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._rounds = 0

    def start(self) -> None:
        """Begin to work in a thread of this process."""
        self._thread = threading.Thread(target=self._run, name="index keeper", daemon=True)
        self._thread.start()

    def begin_to_stop(self) -> None:
        """Stop after the current round. May be called from a signal handler."""
        self._ended.set()

    def work(self) -> None:
        """Do one round of the work that is due."""
        self._rounds += 1
        if not self._index.has_work():
            return
        is_round_of_few = self._rounds >= _ROUNDS_OF_FEW
        view = self._index.view()
        if len(view.states) >= FOLD_AT or (view.states and is_round_of_few):
            self._rounds = 0
            with _yielding_often():
                self._note(fold(self._index, 1, merge=self._merge))
                while self._note(tidy(self._index, merge=self._merge)) == "published":
                    pass
        now = self._index.seconds()
        if any(now - since >= self._index.sweep_after_s for since in view.shelved_since.values()):
            sweep(self._index)
        shelves = view.manifest.shelves
        metrics.index(len(view.announced), len(shelves), sum(shelf.size_bytes for shelf in shelves))

    def _run(self) -> None:
        while not self._ended.wait(_PERIOD_S * random.uniform(0.5, 1.5)):  # noqa: S311 (no secret)
            try:
                self.work()
            except ProgImageError as error:
                log.warning("the index waits to be folded", reason=str(error))
            except Exception:
                if self._ended.is_set():
                    return  # the threads that help with the store have ended too
                log.exception("unexpected error in folding the index")

    def _note(self, outcome: Outcome) -> Outcome:
        if outcome != "nothing to do":
            metrics.index_publication(outcome)
        return outcome


@contextmanager
def _yielding_often() -> Iterator[None]:
    """While the block runs, let other threads that wait for the interpreter have it sooner."""
    sys.setswitchinterval(_SHORT_INTERVAL_S)
    try:
        yield
    finally:
        sys.setswitchinterval(_USUAL_INTERVAL_S)
