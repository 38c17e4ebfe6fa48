"""The stored forms of events."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any, ClassVar

from progimage.library.events import Subject
from progimage.model import EventKind
from progimage.stores.json_objects import JsonObject


class StoredEvent(JsonObject):
    """An event for one receiver.

    Attributes:
        id: the same for each try, and for each receiver.
        attempts: how often it was sent without success.
        error: why the last try failed.
    """

    noun: ClassVar[str] = "webhook event"

    id: str
    type: EventKind
    created: datetime
    data: dict[str, Any]
    attempts: int = 0
    error: str = ""

    @property
    def payload(self) -> bytes:
        """The body of the request; the same bytes for each try."""
        fields = self.model_dump(mode="json", include={"id", "type", "created", "data"})
        return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


class PendingEvent(JsonObject):
    """An event, its receivers, and the change that has to be committed first."""

    noun: ClassVar[str] = "webhook event"

    subject: Subject
    hooks: tuple[str, ...]
    event: StoredEvent


def event_id(kind: EventKind, subject: Subject) -> str:
    """Return the id of an event, which every process that reports the same change gives it."""
    parts = "\n".join((kind, subject.id, subject.generation, str(subject.revision)))
    return f"evt_{hashlib.sha256(parts.encode()).hexdigest()[:32]}"
