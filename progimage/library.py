"""The pictures themselves: add, find, edit, remove; the one visibility rule.

The order of writes is what makes a crash harmless. The record is the commit:

    add      original under a name of its own · markers · record, created
    edit     new markers · record, swapped · old markers
    remove   record swapped to `deleting` · renditions · original · markers ·
             record removed, if it is still the one that was swapped

So at every instant a live record has its bytes, and whatever a crash leaves
beside it is refuse that `progimage check --repair` recognises and removes.
Whoever meets a `deleting` record finishes the removal, as often as needed and
by as many as like: each step names exactly what it removes (an original by its
generation, the record by its etag), so a straggler cannot hit a later upload.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO, Protocol

from pydantic import ValidationError

from progimage import audit, keys
from progimage.errors import (
    Conflict,
    DamagedRecord,
    Forbidden,
    KeyMissing,
    NotFound,
    Overloaded,
    PreconditionFailed,
)
from progimage.index import Index, Postings, postings_of
from progimage.index.layout import Posting
from progimage.model import Metadata, Record, Viewer, check_visibility, parse_metadata
from progimage.stores import ABSENT, ObjectStore, Reader

RECORD_TYPE = "application/json"

# A swap is only lost to another writer that got ahead; whoever loses this many
# in a row is in a crowd and should come back later.
_ATTEMPTS = 8


class PictureFacts(Protocol):
    """What the record keeps of what the decoder saw."""

    @property
    def media_type(self) -> str: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def frames(self) -> int: ...
    @property
    def orientation(self) -> int: ...
    @property
    def has_alpha(self) -> bool: ...
    @property
    def dominant_colour(self) -> str: ...
    @property
    def placeholder(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """A picture that was received and inspected but is not kept yet.

    `source` is positioned at the first byte; `sha256` is of all its `size_bytes`, and
    `id` is what those bytes are called as a picture of `owner`, see `keys.id_hash`.
    """

    source: BinaryIO
    id: str
    owner: str
    sha256: str
    size_bytes: int
    file_name: str
    facts: PictureFacts


def can_see(viewer: Viewer, record: Record) -> bool:
    """The one visibility rule: live, and public or the viewer's own."""
    return record.state == "live" and (record.is_public or can_edit(viewer, record))


def can_edit(viewer: Viewer, record: Record) -> bool:
    """The one rule of who may change, purge or remove a picture that can be seen: its owner.

    The default owner is nobody in particular; who acts for it, the viewer says.
    """
    return record.owner == viewer.name if record.owner else viewer.may_act_for_default_owner


def _now() -> datetime:
    return datetime.now(UTC)


class Library:
    """Pictures in one object store."""

    def __init__(
        self,
        store: ObjectStore,
        clock: Callable[[], datetime] = _now,
        index: Index | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._index = index or Index(store)

    def add(self, candidate: Candidate, metadata: Metadata) -> tuple[Record, bool]:
        """Keep a picture; return its record and whether it is new.

        A picture that is here already stays exactly as it is, metadata included.

        Raises:
            InvalidField: it is to be private but has no owner.
            Overloaded: others keep adding and removing this very picture.
        """
        check_visibility(metadata, candidate.owner)
        for _ in range(_ATTEMPTS):
            if (held := self.held(candidate.id)) is not None:
                return held, False
            record = self._describe(candidate, metadata)
            if self._commit(record, candidate.source):
                return record, True
        raise Overloaded("this picture is being added and removed by others; try again")

    def find(self, viewer: Viewer, image_id: str) -> Record:
        """Return the record of `image_id`, if `viewer` may see it.

        Raises:
            NotFound: there is none, or none that the viewer may see; the two look
                alike on purpose, so that a guess reveals nothing.
        """
        return self._read_visible(viewer, image_id)[0]

    def find_for_link(self, image_id: str) -> Record:
        """Return the record of `image_id`, whoever may see it: for who holds a signed link.

        Raises:
            NotFound: there is none.
        """
        record, _ = self._read(image_id)
        if record.state != "live":
            raise _not_found(image_id)
        return record

    def find_to_edit(self, viewer: Viewer, image_id: str) -> Record:
        """Return the record of `image_id`, if `viewer` may change it.

        Raises:
            NotFound: there is none, or none that the viewer may see.
            Forbidden: it is somebody else's.
        """
        return self._read_editable(viewer, image_id)[0]

    def edit(
        self,
        viewer: Viewer,
        image_id: str,
        changes: dict[str, Any],
        is_expected: Callable[[Record], bool],
    ) -> Record:
        """Lay `changes` over the metadata of the version that `is_expected`.

        `is_expected` is asked of every version the edit could be based on, so an
        update by somebody else is never overwritten unseen.

        Raises:
            NotFound: there is no such picture for this viewer.
            Forbidden: it is somebody else's.
            InvalidField: a change is malformed.
            PreconditionFailed: the current version is not the expected one.
        """
        touched: set[Posting] = set()
        try:
            for _ in range(_ATTEMPTS):
                record, etag = self._read_editable(viewer, image_id)
                if not is_expected(record):
                    raise PreconditionFailed(
                        "the picture was changed by somebody else since; read its metadata again "
                        "and send the ETag you get as If-Match"
                    )
                edited = self._edited(record, changes)
                if edited is None:
                    return record
                if self._replace(record, etag, edited, touched):
                    if edited.visibility != record.visibility:
                        audit.record("visibility", image=image_id, now=edited.visibility)
                    return edited
            raise Overloaded("many others are editing this picture; try again")
        finally:
            self._unlist(image_id, frozenset(touched))

    def remove(self, viewer: Viewer, image_id: str) -> None:
        """Remove a picture and everything kept of it.

        A removal that was cut short is finished.

        Raises:
            NotFound: there is no such picture for this viewer.
            Forbidden: it is somebody else's.
        """
        for _ in range(_ATTEMPTS):
            record, etag = self._read(image_id)
            if record.state == "live":
                if not can_see(viewer, record):
                    break
                if not can_edit(viewer, record):
                    raise _forbidden(image_id)
                try:
                    record, etag = self._mark_deleting(record, etag)
                except Conflict:
                    continue
            self.finish_removal(record, etag)
            audit.record("delete", image=image_id, owner=record.owner)
            return
        raise _not_found(image_id)

    def purge(self, image_id: str) -> int:
        """Remove every cached rendition of a picture; return how many there were."""
        count = 0
        for public in (True, False):
            for stat in self._store.list(keys.renditions(image_id, public=public)):
                self._store.delete(stat.key)
                count += 1
        return count

    def key_of_original(self, record: Record) -> str:
        """Return where the store holds the bytes as uploaded."""
        return keys.original(record.id, record.generation)

    def open_original(self, record: Record, start: int = 0, length: int | None = None) -> Reader:
        """Open the bytes as uploaded, or `length` of them from `start`.

        Raises:
            NotFound: the picture was removed since its record was read.
        """
        try:
            return self._store.open(keys.original(record.id, record.generation), start, length)
        except KeyMissing:
            raise _not_found(record.id) from None

    def is_current(self, record: Record) -> bool:
        """True if the picture is still there, with the same visibility and original."""
        try:
            current, _ = self._read(record.id)
        except NotFound:
            return False
        return (current.state, current.visibility, current.generation) == (
            "live",
            record.visibility,
            record.generation,
        )

    def finish_removal(self, record: Record, etag: str) -> None:
        """Remove all that belongs to a `deleting` record, then the record itself."""
        self.purge(record.id)
        self._store.delete(keys.original(record.id, record.generation))
        self._index.remove(postings_of(record))
        try:
            self._store.delete(keys.record(record.id), expect=etag)
        except Conflict:
            # Another finished first and a new upload has taken the place.
            return

    def held(self, image_id: str) -> Record | None:
        """Return the record of a picture about to be added, if it is here.

        A removal that stands in the way is finished first.
        """
        try:
            record, etag = self._read(image_id)
        except NotFound:
            return None
        if record.state == "live":
            return record
        self.finish_removal(record, etag)
        return None

    def _commit(self, record: Record, source: BinaryIO) -> bool:
        """Write original, markers and record; False if another upload committed first."""
        original, postings = keys.original(record.id, record.generation), postings_of(record)
        source.seek(0)
        self._store.put(original, source, media_type=record.media_type)
        self._index.write(postings)
        try:
            self._write(record, expect=ABSENT)
        except Conflict:
            self._index.remove(postings)
            self._store.delete(original)
            return False
        # Any other error leaves it open whether the record was written: its bytes
        # must stay. If it was not, they are refuse that `check` removes.
        return True

    def _replace(self, record: Record, etag: str, edited: Record, touched: set[Posting]) -> bool:
        """Swap a record for its next version; False if it is no longer the current one.

        Every posting of the two versions that may be needless afterwards joins `touched`.
        """
        before, after = postings_of(record), postings_of(edited)
        touched |= before ^ after
        self._index.write(after - before)
        try:
            self._write(edited, expect=etag)
        except Conflict:
            return False
        self._index.confirm(after - before)
        if record.visibility != edited.visibility:
            self.purge(record.id)
        return True

    def _unlist(self, image_id: str, postings: Postings) -> None:
        """Remove those of the postings that the current version does not need."""
        if not postings:
            return
        needless = postings - self._needed(image_id)
        self._index.remove(needless)
        # Another editor may have found such a posting there, and committed on it since.
        self._index.confirm(needless & self._needed(image_id))

    def _needed(self, image_id: str) -> Postings:
        try:
            record, _ = self._read(image_id)
        except NotFound:
            return frozenset()
        return postings_of(record) if record.state == "live" else frozenset()

    def _describe(self, candidate: Candidate, metadata: Metadata) -> Record:
        facts, now = candidate.facts, self._clock()
        return Record(
            id=candidate.id,
            owner=candidate.owner,
            generation=keys.new_generation(),
            sha256=candidate.sha256,
            size_bytes=candidate.size_bytes,
            file_name=candidate.file_name,
            media_type=facts.media_type,
            width=facts.width,
            height=facts.height,
            frames=facts.frames,
            orientation=facts.orientation,
            has_alpha=facts.has_alpha,
            dominant_colour=facts.dominant_colour,
            placeholder=facts.placeholder,
            created=now,
            modified=now,
            **metadata.model_dump(),
        )

    def _edited(self, record: Record, changes: dict[str, Any]) -> Record | None:
        """Return the record's next version, or None if nothing would change."""
        before = Metadata(**record.model_dump(include=set(Metadata.model_fields)))
        after = parse_metadata(changes, before)
        check_visibility(after, record.owner)
        if after == before:
            return None
        return record.model_copy(
            update={
                **after.model_dump(),
                "revision": record.revision + 1,
                "modified": self._clock(),
            }
        )

    def _mark_deleting(self, record: Record, etag: str) -> tuple[Record, str]:
        deleting = record.model_copy(update={"state": "deleting", "revision": record.revision + 1})
        return deleting, self._write(deleting, expect=etag)

    def _write(self, record: Record, expect: str) -> str:
        stat = self._store.put(
            keys.record(record.id),
            io.BytesIO(record.to_json()),
            media_type=RECORD_TYPE,
            expect=expect,
        )
        return stat.etag

    def _read_visible(self, viewer: Viewer, image_id: str) -> tuple[Record, str]:
        record, etag = self._read(image_id)
        if not can_see(viewer, record):
            if record.state == "live":
                audit.record("access", "denied", image=image_id)
            raise _not_found(image_id)
        return record, etag

    def _read_editable(self, viewer: Viewer, image_id: str) -> tuple[Record, str]:
        record, etag = self._read_visible(viewer, image_id)
        if not can_edit(viewer, record):
            raise _forbidden(image_id)
        return record, etag

    def _read(self, image_id: str) -> tuple[Record, str]:
        """Return the record, live or deleting, and its etag in the store."""
        if not keys.is_image_id(image_id):
            raise _not_found(image_id)
        return read_record(self._store, image_id)


def read_record(store: ObjectStore, image_id: str) -> tuple[Record, str]:
    """Return a picture's record in any state, and its etag in the store.

    Raises:
        NotFound: there is no record.
        DamagedRecord: there is one that cannot be read.
    """
    try:
        with store.open(keys.record(image_id)) as reader:
            data, etag = reader.read(), reader.stat.etag
    except KeyMissing:
        raise _not_found(image_id) from None
    try:
        return Record.model_validate_json(data), etag
    except ValidationError:
        raise DamagedRecord(
            f"the record of picture {image_id} is damaged; its operator can find out more "
            "with 'progimage check'"
        ) from None


def _not_found(image_id: str) -> NotFound:
    shown = image_id if keys.is_image_id(image_id) else "of that id"
    return NotFound(f"there is no picture {shown}")


def _forbidden(image_id: str) -> Forbidden:
    return Forbidden(f"picture {image_id} is somebody else's; only its owner may change it")
