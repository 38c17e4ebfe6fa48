"""Records: reading with the visibility rule, writing by compare-and-swap."""

from __future__ import annotations

import io
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice

from progimage import keys
from progimage.errors import DamagedRecord, Forbidden, KeyMissing, NotFound
from progimage.model import Record, Viewer
from progimage.stores import ObjectStore, json_objects
from progimage.telemetry import audit

# Parsed if a record is missing, so that the answer takes as much work as for a hidden picture.
_STAND_IN = Record(
    id="0" * 64,
    owner="none",
    generation="0" * 16,
    sha256="0" * 64,
    size_bytes=1,
    media_type="image/jpeg",
    width=1,
    height=1,
    frames=1,
    orientation=1,
    has_alpha=False,
    dominant_colour="#000000",
    placeholder="",
    file_name="",
    visibility="private",
    created=datetime.fromtimestamp(0, UTC),
    modified=datetime.fromtimestamp(0, UTC),
).to_json()


def can_see(viewer: Viewer, record: Record) -> bool:
    """True if the viewer may see the picture: it is live, and public or the viewer's own."""
    return record.state == "live" and (record.is_public or can_edit(viewer, record))


def can_edit(viewer: Viewer, record: Record) -> bool:
    """True if the viewer may change, purge or remove a visible picture: only its owner may.

    The default owner is not a person; `viewer` says if it may act for it.
    """
    return record.owner == viewer.name if record.owner else viewer.may_act_for_default_owner


def read_record(store: ObjectStore, image_id: str) -> tuple[Record, str]:
    """Return a picture's record in any state, and its etag in the store.

    Raises:
        NotFound: there is no record.
        DamagedRecord: there is one that cannot be read.
    """
    complaint = (
        f"the record of picture {image_id} is damaged; its operator can find out more with "
        "'progimage check'"
    )
    try:
        return json_objects.load(store, keys.record(image_id), Record, complaint)
    except KeyMissing:
        Record.model_validate_json(_STAND_IN)
        raise not_found(image_id) from None


class Records:
    """The records of one store: live pictures and pictures that are being removed."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def read(self, image_id: str) -> tuple[Record, str]:
        """Return the record, live or deleting, and its etag in the store.

        Raises:
            NotFound: there is none.
            DamagedRecord: there is one that cannot be read.
        """
        if not keys.is_image_id(image_id):
            raise not_found(image_id)
        return read_record(self._store, image_id)

    def read_visible(self, viewer: Viewer, image_id: str) -> tuple[Record, str]:
        """Return the record, if the viewer may see it, and its etag in the store.

        A missing picture takes the same steps as one that the viewer may not see, so that the
        time of the answer does not distinguish them.

        Raises:
            NotFound: there is none, or none that the viewer may see.
        """
        if not keys.is_image_id(image_id):
            raise not_found(image_id)
        try:
            record, etag = self.read(image_id)
        except NotFound:
            audit.record("access", "missing", image=image_id)
            raise
        if not can_see(viewer, record):
            audit.record("access", "denied", image=image_id)
            raise not_found(image_id)
        return record, etag

    def starting_with(self, viewer: Viewer, beginning: str, most: int) -> list[Record]:
        """Return the records a viewer may see whose ids begin with some hex digits, by id.

        Args:
            beginning: at least two digits.
            most: of so many ids that begin with them, in order.
        """
        found = []
        stats = self._store.list(f"{keys.IMAGES}{beginning[:2]}/{beginning}")
        ids = (image_id for stat in stats if (image_id := keys.id_of_record(stat.key)))
        for image_id in islice(ids, most):
            with suppress(NotFound, DamagedRecord):
                record, _ = self.read(image_id)
                if can_see(viewer, record):
                    found.append(record)
        return found

    def read_editable(self, viewer: Viewer, image_id: str) -> tuple[Record, str]:
        """Return the record, if the viewer may change it, and its etag in the store.

        Raises:
            NotFound: there is none, or none that the viewer may see.
            Forbidden: it belongs to another owner.
        """
        record, etag = self.read_visible(viewer, image_id)
        if not can_edit(viewer, record):
            raise forbidden(image_id)
        return record, etag

    def is_current(self, record: Record) -> bool:
        """Return True if the picture is still there, with the same visibility and original."""
        try:
            current, _ = self.read(record.id)
        except NotFound:
            return False
        return (current.state, current.visibility, current.generation) == (
            "live",
            record.visibility,
            record.generation,
        )

    def write(self, record: Record, expect: str) -> str:
        """Replace the `expect`ed version of a record; return its etag in the store.

        Raises:
            Conflict: another version is there.
        """
        stat = self._store.put(
            keys.record(record.id),
            io.BytesIO(record.to_json()),
            media_type="application/json",
            expect=expect,
        )
        return stat.etag


def not_found(image_id: str) -> NotFound:
    """Return the same error for a picture that is missing and one that is not visible."""
    shown = image_id if keys.is_image_id(image_id) else "of that id"
    return NotFound(f"there is no picture {shown}")


def forbidden(image_id: str) -> Forbidden:
    """Return the error for a viewer who sees a picture but may not change it."""
    return Forbidden(f"picture {image_id} belongs to another owner; only its owner may change it")


def next_revision(record: Record) -> Record:
    """Return the same record, one revision later."""
    return record.model_copy(update={"revision": record.revision + 1})
