"""Edits of the metadata of a picture, and how a record is swapped for its next version."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from progimage.errors import Conflict, Overloaded, PreconditionFailed
from progimage.library.events import Events, subject_of
from progimage.library.index.index import Index
from progimage.library.records import Records
from progimage.model import EventKind, Metadata, Record, Viewer, check_visibility, parse_metadata
from progimage.telemetry import audit

# A swap fails only if another writer was faster. A writer that fails this often has many
# competitors, and its client should try again later.
ATTEMPTS = 8

TICK = timedelta(microseconds=1)

Changes = dict[str, Any] | Callable[[Record], dict[str, Any]]
"""New values of fields, or a function that returns them for the current version."""


class Purge(Protocol):
    """Removes all cached renditions of a picture, or only the public ones."""

    def __call__(self, image_id: str, *, public_only: bool = False) -> object: ...


@dataclass(frozen=True, slots=True)
class Swaps:
    """Writes next versions of records, with their announcements and events."""

    records: Records
    index: Index
    purge: Purge
    events: Events

    def swap(self, record: Record, etag: str, kind: EventKind, *, purges: bool) -> bool:
        """Write the next version of a record; False if `etag` is no longer the current one.

        Args:
            purges: the cached renditions are removed, since who may see them changes.
        """
        with self.events.expecting(kind, subject_of(record), record.facts) as event:
            announced = self.index.announce(record)
        try:
            self.records.write(record, expect=etag)
        except Conflict:
            event.retract()
            return False
        announced.confirm()
        if purges:
            self.purge(record.id)
        event.confirm()
        return True


@dataclass(frozen=True, slots=True)
class Edits:
    """Edits in one library."""

    records: Records
    swaps: Swaps
    clock: Callable[[], datetime]
    purge: Purge

    def edit(
        self,
        viewer: Viewer,
        image_id: str,
        changes: Changes,
        is_expected: Callable[[Record], bool],
    ) -> Record:
        """Edit the metadata of a picture; see `Library.edit`."""
        for _ in range(ATTEMPTS):
            record, etag = self.records.read_editable(viewer, image_id)
            wanted = changes(record) if callable(changes) else changes
            if "visibility" in wanted and not record.is_public:
                # The process that hid the picture may have died before the purge, and this request
                # may repeat that one.
                self.purge(image_id, public_only=True)
            if not is_expected(record):
                raise PreconditionFailed(
                    "another client has changed the picture since; read its metadata again "
                    "and send the ETag you get as If-Match"
                )
            edited = self._edited(record, wanted)
            if edited is None:
                return record
            changes_visibility = edited.visibility != record.visibility
            if self.swaps.swap(edited, etag, "image.updated", purges=changes_visibility):
                if changes_visibility:
                    audit.record("visibility", image=image_id, now=edited.visibility)
                return edited
        raise Overloaded("many other requests are editing this picture; try again")

    def _edited(self, record: Record, changes: dict[str, Any]) -> Record | None:
        """Return the record's next version, or None if nothing would change."""
        before = Metadata(**record.model_dump(include=set(Metadata.model_fields)))
        after = parse_metadata(changes, before)
        check_visibility(after, record.owner)
        if after == before:
            return None
        return record.model_copy(
            update={
                **{name: getattr(after, name) for name in Metadata.model_fields},
                "revision": record.revision + 1,
                # The clock of this node may be behind that of the last editor's.
                "modified": max(self.clock(), record.modified + TICK),
            }
        )
