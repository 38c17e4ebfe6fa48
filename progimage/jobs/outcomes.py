"""The outcomes of the items of jobs: an object each, created by the first runner to finish it.

A listing has the sizes of objects but not their content, and a state in the key would let two
runners create an outcome each. So outcomes are padded with spaces, and the remainder of their
size shows their state. The state of a job is therefore one listing, without a counter.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

from progimage.errors import Conflict, DamagedRecord
from progimage.jobs import keys
from progimage.jobs.model import Counts, Outcome, Request, State
from progimage.stores import ABSENT, ObjectStore, Stat, json_objects

_BY_REMAINDER: tuple[State, ...] = ("complete", "failed")


class Outcomes:
    """The outcomes of all jobs in one store."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def create(self, request: Request, number: int, outcome: Outcome) -> bool:
        """Store the outcome of an item; return False if it had one."""
        data = outcome.model_dump_json(exclude_defaults=True).encode()
        remainder = _BY_REMAINDER.index(outcome.state)
        data += b" " * ((remainder - len(data)) % len(_BY_REMAINDER))
        try:
            self._store.put(
                keys.item(request.id, number),
                io.BytesIO(data),
                media_type="application/json",
                expect=ABSENT,
            )
        except Conflict:
            return False
        return True

    def find(self, request: Request, number: int) -> Outcome | None:
        """Return the outcome of an item; None if it is pending.

        Raises:
            DamagedRecord: it cannot be read.
        """
        return json_objects.find(self._store, keys.item(request.id, number), Outcome)

    def shown(self, request: Request, number: int) -> Outcome | None:
        """Return an outcome to show; one that cannot be read does not hide the others."""
        try:
            return self.find(request, number)
        except DamagedRecord as error:
            return Outcome(error=type(error).__name__, detail=str(error))

    def count(self, request: Request) -> Counts:
        """Return how many items of a job are in each state."""
        counts = {"complete": 0, "failed": 0}
        for number, state in self._listed(request):
            counts[state] += request.times(number)
        return Counts(request.total - sum(counts.values()), counts["complete"], counts["failed"])

    def missing(self, request: Request, numbers: range) -> list[int]:
        """Return those of the items that have no outcome yet."""
        there = set()
        for number, _ in self._listed(request, numbers.start):
            if number >= numbers.stop:
                break
            there.add(number)
        return [number for number in numbers if number not in there]

    def states(self, request: Request, start: int) -> Iterator[tuple[int, State]]:
        """Yield the number and the state of each item from `start` on."""
        for number, state in self._listed(request, start):
            yield from ((n, "pending") for n in range(start, number))
            yield number, state
            start = number + 1
        yield from ((n, "pending") for n in range(start, request.items))

    def _listed(self, request: Request, start: int = 0) -> Iterator[tuple[int, State]]:
        after = keys.item(request.id, start - 1) if start else ""
        for stat in self._store.list(keys.items(request.id), after):
            number = keys.number_of(stat.key, "items")
            if number is not None:
                yield number, _state(stat)


def _state(stat: Stat) -> State:
    return _BY_REMAINDER[stat.size % len(_BY_REMAINDER)]
