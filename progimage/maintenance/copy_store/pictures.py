"""One picture from store to store: original, announcement, record, then working copies."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass
from typing import BinaryIO, Literal, cast

from progimage import keys
from progimage.errors import Conflict, DamagedRecord, KeyMissing, NotFound
from progimage.library import Library, read_record
from progimage.library.index import positions
from progimage.library.index.index import Index
from progimage.library.records import Records, next_revision
from progimage.maintenance.copy_store.result import CHUNK, Altered, CopyResult, Verifying
from progimage.model import Record, Viewer
from progimage.stores import ABSENT, ObjectStore, exists

_ATTEMPTS = 5


@dataclass(eq=False)
class PictureCopier:
    """Copies pictures from `source` to `target`; see `Copier`."""

    source: ObjectStore
    target: ObjectStore
    index: Index
    _: KW_ONLY
    reads_back: bool
    verifies_all: bool

    def __post_init__(self) -> None:
        self._library = Library(self.target, index=self.index)
        self._records = Records(self.target)
        self._start = self.index.view()

    def copy(self, image_id: str) -> CopyResult | None:
        """Copy one picture in its current version; return None if it was removed."""
        key = keys.record(image_id)
        for _ in range(_ATTEMPTS):
            try:
                record, _ = read_record(self.source, image_id)
                if record.state == "deleting":
                    return None
                return self._bring(record)
            except NotFound:
                return None
            except DamagedRecord:
                return CopyResult("damaged", key)
            except (Conflict, KeyMissing):
                # Edited, removed or uploaded again between two reads.
                continue
        return CopyResult("damaged", key)

    def repair(self, image_id: str) -> CopyResult | None:
        """Copy a picture that is damaged at the target; None if it is intact, or not there."""
        try:
            record, _ = read_record(self.target, image_id)
        except NotFound:
            return None
        except DamagedRecord:
            return self.copy(image_id)
        if record.state == "deleting" or self._has_original(record):
            return None
        try:
            outcome = self._bring_original(record)
        except KeyMissing:
            outcome = "failed"
        key = keys.original(image_id, record.generation)
        if outcome == "written":
            return CopyResult("repaired", key, record.size_bytes)
        return CopyResult("damaged", key)

    def _bring(self, record: Record) -> CopyResult:
        key = keys.record(record.id)
        there, etag = self._at_target(record.id)
        if there is not None and _is_newer(there, record):
            return CopyResult("newer", key)
        original = self._bring_original(record)
        if original == "failed":
            return CopyResult("damaged", keys.original(record.id, record.generation))
        if there == record:
            if record.state == "live" and self._start.find(_position(record)) != record:
                self.index.announce(record)
            if original == "written":
                return CopyResult("repaired", key, record.size_bytes)
            return CopyResult("unchanged", key)
        is_new = there is None or there.generation != record.generation
        announced = self.index.announce(record, is_new=is_new)
        if there is not None and is_new:
            # A later revision of a picture without a record means that it was removed.
            self.index.announce(next_revision(there))
        self._records.write(record, expect=etag or ABSENT)
        announced.confirm()
        self._bring_working_copies(record)
        if there is None:
            return CopyResult("repaired" if etag else "copied", key, record.size_bytes)
        if (there.visibility, there.state) != (record.visibility, record.state):
            self._library.purge(record.id)
        if there.generation != record.generation:
            self.target.delete(keys.original(there.id, there.generation))
        return CopyResult("updated", key)

    def _at_target(self, image_id: str) -> tuple[Record | None, str]:
        """Return the record and its etag; of a damaged record only the etag."""
        try:
            record, etag = read_record(self.target, image_id)
        except NotFound:
            return None, ""
        except DamagedRecord:
            return None, self.target.stat(keys.record(image_id)).etag
        if record.state == "deleting":
            self._library.remover.finish(record, etag)
            return None, ""
        return record, etag

    def _has_original(self, record: Record) -> bool:
        key = keys.original(record.id, record.generation)
        try:
            size = self.target.stat(key).size
        except KeyMissing:
            return False
        # A put is whole or not at all: equal names and sizes are equal bytes.
        return size == record.size_bytes and (
            not self.verifies_all or self._hash_at_target(key) == record.sha256
        )

    def _bring_original(self, record: Record) -> Literal["present", "written", "failed"]:
        """Copy the bytes, unless they are there; "failed" if their hash is wrong."""
        if self._has_original(record):
            return "present"
        key = keys.original(record.id, record.generation)
        try:
            with self.source.open(key) as reader:
                passing = cast(BinaryIO, Verifying(reader, record.sha256))
                self.target.put(key, passing, media_type=record.media_type)
        except Altered:
            return "failed"
        is_right = not self.reads_back or self._hash_at_target(key) == record.sha256
        return "written" if is_right else "failed"

    def _bring_working_copies(self, record: Record) -> None:
        """Copy the missing ones of this original, and remove those of other originals."""
        prefix = keys.working_copies(record.id)
        current = keys.working_copies(record.id, record.generation)
        there = {stat.key for stat in self.target.list(prefix)}
        here = {stat.key for stat in self.source.list(current)}
        for key in sorted(here - there):
            with suppress(KeyMissing), self.source.open(key) as reader:
                passing = cast(BinaryIO, Verifying(reader))
                self.target.put(key, passing, media_type="application/octet-stream")
        for key in sorted(there):
            if not key.startswith(current):
                self.target.delete(key)

    def _hash_at_target(self, key: str) -> str:
        digest = hashlib.sha256()
        with self.target.open(key) as reader:
            while block := reader.read(CHUNK):
                digest.update(block)
        return digest.hexdigest()

    def settle_extra(self, image_id: str, *, deletes: bool) -> CopyResult | None:
        """Report a picture that only the target has, or remove it; None if both have it."""
        key = keys.record(image_id)
        if exists(self.source, key):
            return None
        if not deletes:
            return CopyResult("extra", key)
        try:
            record, _ = read_record(self.target, image_id)
            is_trashed = record.state == "trashed"
            self._library.remove(Viewer(name=record.owner), image_id, from_trash=is_trashed)
        except NotFound:
            return None
        except DamagedRecord:
            return CopyResult("damaged", key)
        return CopyResult("removed", key)


def _position(record: Record) -> positions.Position:
    return positions.position(record.created, record.id)


def _is_newer(there: Record, here: Record) -> bool:
    if there.generation != here.generation:
        return there.created > here.created
    return there.revision > here.revision
