"""Resumable uploads: the client creates one first, and sends its bytes in pieces.

Everything is in the store, so any node can continue what another one began:

    create   slot.json
    append   piece-<offset>, each created at the end of the one before it
    finish   the picture is made · outcome.json, created · pieces, removed
    remove   slot.json · everything else

Nothing is rewritten. If two nodes write at one offset, one creates the piece and the other gets
a conflict. So the pieces are always one chain, and an offset that was reported never shrinks.
An upload exists as long as its slot.json. Pieces that a crash left without a slot.json are
removed together with expired uploads.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import closing
from dataclasses import KW_ONLY, dataclass, replace
from datetime import UTC, datetime, timedelta

from progimage import keys
from progimage.errors import (
    Conflict,
    EmptyPicture,
    Expired,
    InvalidRequest,
    KeyMissing,
    NotFound,
    PictureError,
    PictureTooLarge,
    UploadConflict,
)
from progimage.ingest.known import OnExternal, OnKnown
from progimage.ingest.resumable import keys as upload_keys
from progimage.ingest.resumable import state
from progimage.ingest.resumable.chunks import (
    MAX_SHORT_PIECES,
    PIECE_BYTES,
    blocks,
    chain,
    receive,
)
from progimage.ingest.resumable.state import Outcome, Progress, ResumableUpload, Size, ended
from progimage.ingest.source import Pieces, Source
from progimage.model import ANONYMOUS, Metadata, Viewer, check_visibility
from progimage.stores import ABSENT, ObjectStore, json_objects


@dataclass(frozen=True, slots=True)
class ResumableUploads:
    """The resumable uploads in one object store."""

    store: ObjectStore
    _: KW_ONLY
    max_bytes: int
    expires_s: float
    piece_bytes: int = PIECE_BYTES
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def create(
        self,
        metadata: Metadata,
        *,
        owner: str = "",
        file_name: str = "",
        size_bytes: int | None = None,
        on_known: OnKnown = "keep",
        on_external: OnExternal = "conflict",
        note: str = "",
    ) -> Progress:
        """Create an upload and return it; it expires after `expires_s` seconds.

        Raises:
            EmptyPicture, PictureTooLarge: `size_bytes` is 0 or above the limit.
            InvalidField: the picture should be private but has no owner.
        """
        self._check_size(size_bytes)
        check_visibility(metadata, owner)
        now = self.clock()
        upload = ResumableUpload(
            id=keys.new_token(),
            owner=owner,
            created=now,
            expires=now + timedelta(seconds=self.expires_s),
            size_bytes=size_bytes,
            file_name=file_name,
            metadata=metadata,
            on_known=on_known,
            on_external=on_external,
            note=note,
        )
        json_objects.create(self.store, upload_keys.record(upload.id), upload)
        return Progress(upload, size_bytes)

    def find(self, upload_id: str, viewer: Viewer = ANONYMOUS) -> Progress:
        """Return how far an upload has come.

        Raises:
            NotFound: there is none, it was removed, or it belongs to another account.
            Expired: its time is over.
            PictureError: all its bytes have arrived, and they are not a picture.
        """
        if not keys.is_token(upload_id):
            raise _not_found()
        # The pieces first: they are removed after slot.json was removed or outcome.json was
        # created, so a look at those two afterwards shows whether a piece was missed.
        pieces = chain(self.store, upload_id)
        upload = self._read(upload_id, viewer)
        outcome = json_objects.find(self.store, upload_keys.outcome(upload_id), Outcome)
        if outcome is not None:
            return ended(upload, outcome)
        size_bytes = upload.size_bytes
        if size_bytes is None:
            declared = json_objects.find(self.store, upload_keys.size(upload_id), Size)
            size_bytes = declared.size_bytes if declared else None
        return Progress(upload, size_bytes, pieces)

    def declare_size(self, progress: Progress, size_bytes: int) -> Progress:
        """Set the size of an upload that had none; it can be repeated.

        Raises:
            UploadConflict: another number was declared before.
            EmptyPicture, PictureTooLarge, InvalidRequest: the upload cannot have this size.
        """
        declared = progress.size_bytes
        if declared is None:
            self._check_size(size_bytes)
            if size_bytes < progress.offset:
                raise InvalidRequest(
                    f"{progress.offset:,} bytes have arrived already, not {size_bytes:,}"
                )
            key, declared = upload_keys.size(progress.upload.id), size_bytes
            try:
                json_objects.create(self.store, key, Size(size_bytes=size_bytes))
            except Conflict:
                declared = json_objects.read(self.store, key, Size).size_bytes
        if declared != size_bytes:
            raise UploadConflict(f"this upload was declared with {declared:,} bytes")
        return replace(progress, size_bytes=declared)

    def room(self, progress: Progress) -> int:
        """Return how many bytes may still be sent."""
        most = self.max_bytes if progress.size_bytes is None else progress.size_bytes
        return most - progress.offset

    def check_offset(self, progress: Progress, offset: int) -> None:
        """Raise `UploadConflict` unless the upload is at `offset`."""
        if offset != progress.offset:
            raise _conflict(f"it has {progress.offset:,} bytes, not {offset:,}")

    def append(self, progress: Progress, source: Source) -> Progress:
        """Store the bytes of `source` as the next ones; return the progress.

        If `source` raises a `ProgImageError`, the bytes before it are stored. The error is
        raised only if there are none.

        Raises:
            UploadConflict: another request has sent bytes meanwhile.
            RequestTooLarge: `source` has more bytes than the upload may have.
            InvalidRequest: the upload has too many short pieces.
        """
        start, broken = progress.offset, None
        while broken is None:
            data, size, broken = receive(source, most=self.piece_bytes, room=self.room(progress))
            if not size:
                break
            progress = self._add_piece(progress, data)
        if broken is not None and progress.offset == start:
            raise broken
        return progress

    def finish(
        self, progress: Progress, make: Callable[[Source, ResumableUpload], Outcome]
    ) -> Progress:
        """Make the picture of a complete upload with `make`; return the progress.

        It can be repeated, also by several requests at once: equal bytes are one picture. After
        an error other than `PictureError` the upload is as before, and can be finished later.

        Raises:
            PictureError: the bytes are not a picture; every later request gets this error too.
        """
        if progress.image_id is not None:
            return progress
        with closing(blocks(self.store, progress.pieces)) as found:
            try:
                outcome = make(Pieces(found), progress.upload)
            except PictureError as error:
                kind, detail = type(error).__name__, str(error)
                self.settle(
                    progress, Outcome(size_bytes=progress.offset, error=kind, detail=detail)
                )
                raise
            except KeyMissing:
                # Another request has finished or removed it; else a piece is lost.
                again = self.find(progress.upload.id, Viewer(name=progress.upload.owner))
                if again.image_id is None:
                    raise
                return again
        return self.settle(progress, outcome)

    def settle(self, progress: Progress, outcome: Outcome) -> Progress:
        """Store the outcome of an upload, remove its pieces, and return the progress.

        If there is an outcome already, that one stays and counts.

        Raises:
            PictureError: the outcome is this error.
        """
        key = upload_keys.outcome(progress.upload.id)
        try:
            json_objects.create(self.store, key, outcome)
        except Conflict:
            outcome = json_objects.find(self.store, key, Outcome) or outcome
        json_objects.delete_all(self.store, upload_keys.pieces(progress.upload.id))
        return ended(progress.upload, outcome)

    def remove(self, upload_id: str, viewer: Viewer = ANONYMOUS) -> None:
        """Remove an upload; the picture of a finished one stays.

        Raises:
            NotFound, Expired: there is no such upload, or its time is over.
        """
        if not keys.is_token(upload_id):
            raise _not_found()
        self._read(upload_id, viewer)
        state.remove(self.store, upload_id)

    def _read(self, upload_id: str, viewer: Viewer) -> ResumableUpload:
        try:
            upload = json_objects.read(self.store, upload_keys.record(upload_id), ResumableUpload)
        except KeyMissing:
            raise _not_found() from None
        if upload.owner not in ("", viewer.name):
            raise _not_found()
        if self.clock() >= upload.expires:
            raise Expired("this upload has expired; create another")
        return upload

    def _check_size(self, size_bytes: int | None) -> None:
        if size_bytes == 0:
            raise EmptyPicture("a picture cannot have 0 bytes")
        if size_bytes is not None and size_bytes > self.max_bytes:
            raise PictureTooLarge(
                f"a picture may have at most {self.max_bytes:,} bytes, not {size_bytes:,}"
            )

    def _add_piece(self, progress: Progress, data: io.BytesIO) -> Progress:
        short = sum(piece.size < self.piece_bytes for piece in progress.pieces)
        if short >= MAX_SHORT_PIECES:
            raise InvalidRequest(
                f"this upload has {short:,} short pieces already; create another with larger pieces"
            )
        key = upload_keys.piece(progress.upload.id, progress.offset)
        try:
            stat = self.store.put(key, data, media_type="application/octet-stream", expect=ABSENT)
        except Conflict:
            raise _conflict("another request sent bytes for the same place") from None
        return replace(progress, pieces=(*progress.pieces, stat))


def _not_found() -> NotFound:
    return NotFound("there is no upload of this id; it may have been removed")


def _conflict(why: str) -> UploadConflict:
    return UploadConflict(
        f"the bytes do not fit the upload: {why}; send HEAD to get its current offset"
    )
