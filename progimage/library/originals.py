"""The bytes of pictures as uploaded, compared with their records."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from progimage import keys
from progimage.errors import Conflict, DamagedOriginal, KeyMissing, Overloaded
from progimage.library.candidate import Candidate
from progimage.library.edits import ATTEMPTS
from progimage.library.index.index import Index
from progimage.library.records import Records, next_revision, not_found
from progimage.model import Record, Viewer
from progimage.stores import HasLocalPath, ObjectStore, Reader
from progimage.stores.json_objects import delete_all

_CHUNK_BYTES = 128 << 10  # stays in the cache of the processor while it is hashed

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Originals:
    """The bytes of the pictures of one library."""

    store: ObjectStore
    records: Records
    index: Index

    def key(self, record: Record) -> str:
        """Return the key of the bytes as uploaded."""
        return keys.original(record.id, record.generation)

    def open(self, record: Record, start: int = 0, length: int | None = None) -> Reader:
        """Open the bytes as uploaded, or `length` of them from `start`.

        Raises:
            NotFound: the picture was removed since its record was read.
            DamagedOriginal: they are missing, or their number differs from the record.
        """
        try:
            return open_original(self.store, record, start, length)
        except KeyMissing:
            if self.records.is_current(record):
                raise damaged(record) from None
            raise not_found(record.id) from None

    def check(self, record: Record) -> None:
        """Raise the errors of `open` where another program sends the bytes."""
        self.open(record, 0, 0).close()

    def is_intact(self, record: Record) -> bool:
        """Return whether the bytes of a picture are those of its record.

        Their size is compared, and their SHA-256 where that takes no request to a server.
        """
        try:
            if not isinstance(self.store, HasLocalPath):
                return self.store.stat(self.key(record)).size == record.size_bytes
            with open_original(self.store, record) as reader:
                read_verified(record, reader)
        except (KeyMissing, DamagedOriginal):
            return False
        return True

    def restore(self, candidate: Candidate) -> Record:
        """Store the bytes of a picture again whose original is missing or damaged.

        They become a new generation, so readers of the old one are not disturbed. Returns the
        record, unchanged if the original is intact.

        Raises:
            NotFound: the picture was removed meanwhile.
            Overloaded: other processes change it all the time.
        """
        for _ in range(ATTEMPTS):
            record, etag = self.records.read(candidate.id)
            if record.state != "live":
                raise not_found(candidate.id)
            if self.is_intact(record):
                return record
            restored = next_revision(record).model_copy(
                update={"generation": keys.new_generation()}
            )
            candidate.source.seek(0)
            new = self.key(restored)
            self.index.announce(next_revision(record))  # the old generation is removed
            with self.index.announcing(restored, is_new=True) as announced:
                self.store.put(new, candidate.source, media_type=restored.media_type)
            try:
                self.records.write(restored, expect=etag)
            except Conflict:
                announced.retract()
                self.store.delete(new)
                continue
            announced.confirm()
            delete_all(self.store, keys.working_copies(record.id, record.generation))
            self.store.delete(self.key(record))
            log.warning("damaged original restored by an upload", picture=record.id)
            return restored
        raise Overloaded("other requests keep changing this picture; try again")


def open_original(
    store: ObjectStore, record: Record, start: int = 0, length: int | None = None
) -> Reader:
    """Open the bytes of a picture, or `length` of them from `start`.

    Raises:
        KeyMissing: they are not there.
        DamagedOriginal: they are more or fewer than the record says.
    """
    reader = store.open(keys.original(record.id, record.generation), start, length)
    if reader.stat.size != record.size_bytes:
        reader.close()
        raise damaged(record)
    return reader


def read_verified(
    record: Record, reader: Reader, write: Callable[[bytes], object] = lambda _: None
) -> None:
    """Read an original to its end, handing each block to `write`.

    Raises:
        DamagedOriginal: the bytes have another SHA-256 than the record says.
    """
    digest = hashlib.sha256()
    while chunk := reader.read(_CHUNK_BYTES):
        digest.update(chunk)
        write(chunk)
    if digest.hexdigest() != record.sha256:
        raise damaged(record)


def is_of(store: ObjectStore, key: str, image_id: str, viewer: Viewer) -> bool:
    """Return whether the bytes under `key` are the picture `image_id` of `viewer`.

    The id of a picture is a hash of its owner and its bytes, so one owner cannot pass for
    another.
    """
    owners = [viewer.name] if viewer.name else []
    owners += [""] if viewer.may_act_for_default_owner else []
    digests = [keys.id_hash(owner) for owner in owners]
    try:
        with store.open(key) as reader:
            while chunk := reader.read(_CHUNK_BYTES):
                for digest in digests:
                    digest.update(chunk)
    except KeyMissing:
        return False
    return image_id in [digest.hexdigest() for digest in digests]


def damaged(record: Record) -> DamagedOriginal:
    """Return the error for a picture whose bytes are not those of its record."""
    return DamagedOriginal(
        f"the stored bytes of picture {record.id} are missing or damaged; upload the "
        "file again to restore them"
    )
