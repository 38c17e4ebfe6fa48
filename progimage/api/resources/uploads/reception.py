"""Receives resumable uploads: creates them, adds their bytes, and makes the pictures."""

from __future__ import annotations

from dataclasses import replace

import falcon

from progimage.api.auth.authentication import viewer_of
from progimage.api.components import Components
from progimage.api.requests.body import Body
from progimage.api.requests.json_body import UploadFields, read_json
from progimage.api.requests.media_type import JSON, check_media_type
from progimage.api.resources.uploads import tus
from progimage.api.resources.uploads.documents import UploadRequest
from progimage.errors import UploadConflict
from progimage.ingest import known
from progimage.ingest.ingest import Staged, clean_file_name
from progimage.ingest.known import Added
from progimage.ingest.resumable.state import Outcome, Progress, ResumableUpload
from progimage.ingest.source import Source

_HINT = (
    "send the fields of the picture as application/json ({} is enough), or create a resumable "
    "upload by the headers of tus"
)


class Reception:
    """Receives the pictures of resumable uploads from requests."""

    def __init__(self, parts: Components) -> None:
        self._uploads = parts.resumable_uploads
        self._ingest = parts.ingest
        self._temp_folder = parts.temp_folder
        self._settings = parts.settings
        self._admission = parts.uploading
        self._library = parts.library

    def create(self, req: falcon.Request) -> Progress:
        """Create an upload from JSON that describes the picture.

        Raises:
            InvalidRequest, InvalidField: the body is not such JSON.
            QuotaExceeded: the account has no room for the picture.
        """
        check_media_type(req, (JSON,), _HINT)
        fields = read_json(req, self._settings.upload, UploadRequest)
        return self._create(req, fields, fields.file_name, fields.size_bytes)

    def create_by_tus(self, req: falcon.Request) -> Progress:
        """Create an upload by the headers of tus, with the bytes of the body if it has some.

        Raises:
            InvalidRequest, InvalidField: a header is malformed.
            QuotaExceeded: the account has no room for the picture.
        """
        size_bytes, note = tus.announced_size(req), req.get_header("Upload-Metadata") or ""
        fields, file_name = tus.metadata(note)
        if req.content_length:
            tus.check_media_type(req)
        with self._admission.admit():
            progress = self._create(req, fields, file_name, size_bytes, note)
            return self.append(req, progress) if tus.has_piece(req) else progress

    def append(self, req: falcon.Request, progress: Progress) -> Progress:
        """Store the body of a request as the next bytes; make the picture after the last."""
        room = self._uploads.room(progress)
        with (
            Body(req, self._settings.upload) as body,
            tus.verified(req, body, room, self._temp_folder) as source,
        ):
            progress = self._uploads.append(progress, source)
        return self.finish(progress) if progress.is_complete else progress

    def finish(self, progress: Progress) -> Progress:
        """Make the picture of an upload whose bytes have all arrived."""
        return self._uploads.finish(progress, self._make)

    def add_whole(self, progress: Progress, staged: Staged) -> Added:
        """Add the picture of bytes that came in one request.

        Raises:
            UploadConflict: the upload is finished with another picture, or was announced with
                another size.
        """
        upload = progress.upload
        if progress.image_id not in (None, staged.id_for(upload.owner)):
            raise UploadConflict(
                "this upload is already finished with another picture; create another upload"
            )
        if progress.size_bytes not in (None, staged.size_bytes):
            raise UploadConflict(
                f"this upload was announced with {progress.size_bytes:,} bytes; "
                f"{staged.size_bytes:,} arrived"
            )
        staged = replace(staged, file_name=upload.file_name or staged.file_name)
        added, outcome = self._add(staged, upload)
        self._uploads.settle(progress, outcome)
        return added

    def _create(
        self,
        req: falcon.Request,
        fields: UploadFields,
        file_name: str,
        size_bytes: int | None,
        note: str = "",
    ) -> Progress:
        owner = viewer_of(req).name
        if self._library.quotas:
            # Before bytes are sent for which there is no room.
            self._library.quotas.check(owner, size_bytes or 0)
        return self._uploads.create(
            fields.metadata(),
            owner=owner,
            file_name=clean_file_name(file_name),
            size_bytes=size_bytes,
            on_known=fields.on_known,
            on_external=fields.on_external,
            note=note,
        )

    def _make(self, source: Source, upload: ResumableUpload) -> Outcome:
        most = self._uploads.max_bytes
        with self._ingest.receive(source, upload.file_name, max_bytes=most) as staged:
            return self._add(staged, upload)[1]

    def _add(self, staged: Staged, upload: ResumableUpload) -> tuple[Added, Outcome]:
        """Add the picture of a complete upload to the library."""
        added = known.add(
            self._ingest,
            self._library,
            staged,
            upload.metadata,
            upload.owner,
            upload.on_known,
            upload.on_external,
        )
        return added, Outcome(
            size_bytes=staged.size_bytes,
            image_id=added.record.id,
            is_new=added.is_new,
            applied=added.applied,
            not_applied=added.not_applied,
        )
