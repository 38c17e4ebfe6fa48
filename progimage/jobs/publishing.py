"""Publishes imported pictures at other services, at least once.

A process can die after a service has accepted a picture and before the item's outcome is
stored; then the picture is sent again. Within one process no step is repeated: completed steps
are remembered until the outcome is stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from progimage.errors import PublishFailed
from progimage.jobs.model import Request
from progimage.jobs.publish.destination import Destination, Published
from progimage.library import Library
from progimage.library.originals import read_verified
from progimage.lru import LockedLru
from progimage.model import Record

# Far more items than one process works on at a time.
_REMEMBERED = 10_000


@dataclass(slots=True)
class Step:
    """The progress of an item: its picture is in the library, and perhaps published."""

    record: Record
    is_new: bool
    published: Published | None = None


class Publishing:
    """Publishes the pictures of jobs, and remembers the progress of each item."""

    def __init__(self, library: Library, destinations: Mapping[str, Destination]) -> None:
        self._library = library
        self._destinations = destinations
        self._steps: LockedLru[tuple[str, int], Step] = LockedLru(_REMEMBERED)

    def step(self, request: Request, number: int) -> Step | None:
        """Return the progress that an earlier attempt made with an item, None for none."""
        return self._steps.get((request.id, number))

    def imported(self, request: Request, number: int, step: Step) -> None:
        """Remember that an item's picture is in the library."""
        self._steps.put((request.id, number), step)

    def forget(self, request: Request, number: int) -> None:
        """Forget an item whose outcome is stored."""
        self._steps.pop((request.id, number))

    def publish(self, request: Request, step: Step) -> None:
        """Publish the picture of an item, unless that is done.

        Raises:
            PublishFailed, Overloaded: see `Destination.publish`.
            NotFound: the picture was removed meanwhile.
        """
        if step.published is not None:
            return
        destination = self._destinations.get(request.publish)
        if destination is None:
            raise PublishFailed(f"{request.publish}: this worker has no account there")
        record = step.record
        step.published = destination.publish(record, lambda: self._read(record), request.album)

    def _read(self, record: Record) -> bytes:
        blocks: list[bytes] = []
        with self._library.originals.open(record) as reader:
            read_verified(record, reader, blocks.append)
        return b"".join(blocks)
