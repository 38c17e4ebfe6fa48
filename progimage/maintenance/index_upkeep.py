"""Upkeep of the index: the work of running services, and removal of old bytes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from progimage.errors import Overloaded
from progimage.library.index.fold import fold
from progimage.library.index.index import Index
from progimage.library.index.publish import RETIRED_FOR_S
from progimage.library.index.sweep import remove_retired, remove_unnamed, sweep
from progimage.library.index.tidy import rewrite, tidy

# A fold publishes within ten minutes or not at all.
_SURELY_DEAD = timedelta(minutes=15)
_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class Upkeep:
    """How many announcements and shelves were removed."""

    announcements: int
    shelves: int


def keep_up(index: Index) -> Upkeep:
    """Fold, tidy and sweep; rewrite shelves with bytes of records that are no longer valid."""
    _settle(index)
    while tidy(index) == "published":
        pass
    retired = remove_retired(index, timedelta(seconds=RETIRED_FOR_S))
    return Upkeep(sweep(index), retired + remove_unnamed(index))


def forget(index: Index) -> None:
    """Remove from all shelves, at once, the bytes of records that are no longer valid.

    Searches that read a removed shelf begin again with the new ones.

    Raises:
        Overloaded: other processes change the index all the time.
    """
    _settle(index)
    remove_retired(index, timedelta(0))
    remove_unnamed(index, _SURELY_DEAD)


def _settle(index: Index) -> None:
    for _ in range(_ATTEMPTS):
        if "lost" not in (fold(index, 1), rewrite(index)):
            return
    raise Overloaded("other processes keep changing the index; try again later")
