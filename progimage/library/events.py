"""Events: changes of pictures and jobs that other programs are informed of.

A change expects its event before it is committed, and confirms it after the commit and before
it is acknowledged. `progimage.webhooks.outbox` implements this interface.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple, Protocol

from progimage.model import EventKind, Record

Data = Callable[[], dict[str, Any]]
"""Returns the data of an event; called only if there is a receiver."""


class Subject(NamedTuple):
    """What an event is about, and the version that the change makes.

    Attributes:
        id: of the picture or job.
        generation, revision: of the picture's record; of a removal, those of the record that is
            removed.
    """

    id: str
    generation: str = ""
    revision: int = 0


class Event(Protocol):
    """An event whose change is about to be committed."""

    def confirm(self) -> None:
        """Call this when the change is committed, before it is acknowledged."""

    def retract(self) -> None:
        """Call this if the change was not committed and never will be."""


class Events(Protocol):
    """Takes events."""

    def expecting(
        self, kind: EventKind, subject: Subject, data: Data
    ) -> AbstractContextManager[Event]:
        """Expect an event while the block runs.

        At the end of the block the event is stored, and the change may be committed.
        """


class _Nothing:
    def confirm(self) -> None:
        return

    def retract(self) -> None:
        return


NOTHING: Event = _Nothing()
"""An event without a receiver."""


class NoEvents:
    """Events without receivers: costs nothing."""

    @contextmanager
    def expecting(  # the arguments are those of `Events`
        self,
        kind: EventKind,  # noqa: ARG002
        subject: Subject,  # noqa: ARG002
        data: Data,  # noqa: ARG002
    ) -> Iterator[Event]:
        """Yield an event that does nothing."""
        yield NOTHING


NO_EVENTS: Events = NoEvents()
"""Used where no webhook is configured."""


def subject_of(record: Record) -> Subject:
    """Return the subject of an event about this version of a picture."""
    return Subject(record.id, record.generation, record.revision)


def expect(events: Events, kind: EventKind, subject: Subject, data: Data) -> Event:
    """Expect an event, and return it when it is stored."""
    with events.expecting(kind, subject, data) as event:
        return event
