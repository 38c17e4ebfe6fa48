"""`/uploads/`: the metadata first, the bytes later, whole or in pieces (tus 1.0.0)."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

import falcon

from progimage.api.auth.authentication import viewer_of
from progimage.api.components import Components
from progimage.api.openapi import schemas
from progimage.api.openapi.documented import Answer, Content, Named, documented
from progimage.api.requests.body import Body
from progimage.api.requests.submission import read_json_object, read_submission
from progimage.api.resources.images import UPLOAD_ERRORS, kept
from progimage.api.resources.uploads import tus
from progimage.api.resources.uploads.documents import (
    ANY_UPLOAD_ID,
    CREATING,
    GONE,
    OPTIONS,
    PIECE,
    PROGRESS,
    RESUMABLE,
    TOLD,
    UPLOAD_ID,
    WHOLE,
    describe,
    header,
)
from progimage.api.responses import hal
from progimage.errors import (
    ChecksumMismatch,
    Expired,
    InvalidField,
    InvalidRequest,
    NotFound,
    PictureError,
    StoreUnavailable,
    UploadConflict,
)
from progimage.ingest.ingest import Staged, clean_file_name
from progimage.ingest.resumable.chunks import Source
from progimage.ingest.resumable.state import Outcome, ResumableUpload
from progimage.ingest.resumable.uploads import Progress
from progimage.model import Metadata, parse_metadata

_MAX_JSON_BYTES = 128 * 1024

# Whoever sends one of these means tus.
_CREATION = ("Tus-Resumable", "Upload-Length", "Upload-Defer-Length", "Upload-Metadata")


class ResumableUploadResource:
    """`/uploads/`, where one is created, and `/uploads/<id>/`, where it goes on."""

    def __init__(self, parts: Components) -> None:
        self._uploads = parts.resumable_uploads
        self._ingest = parts.ingest
        self._temp_folder = parts.temp_folder
        self._settings = parts.settings
        self._admission = parts.uploading
        self._policy = parts.policy

    @documented("upload", "uploads", OPTIONS, parameters=(ANY_UPLOAD_ID,))
    def on_options(self, req: falcon.Request, resp: falcon.Response, upload_id: str) -> None:
        """Tell what of tus there is."""
        tus.describe(resp, self._settings.upload.max_bytes)
        resp.set_header("Allow", "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT")

    @documented("uploads", "uploads", OPTIONS)
    def on_options_all(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Tell what of tus there is."""
        tus.describe(resp, self._settings.upload.max_bytes)
        resp.set_header("Allow", "OPTIONS, POST")

    @documented(
        "uploads",
        "uploads",
        {201: Answer("There is a place for it.", {schemas.HAL: PROGRESS}, ("Location", *TOLD))},
        parameters=CREATING,
        body=Content(
            {
                schemas.JSON: Named(
                    "UploadCreation",
                    schemas.metadata(
                        file_name={"type": "string"},
                        size_bytes={"type": ["integer", "null"], "minimum": 0},
                    ),
                ),
                tus.MEDIA_TYPE: schemas.BINARY,
            },
            required=False,
            examples={schemas.JSON: {"title": "Harbour", "file_name": "photo.jpg"}},
        ),
        errors=(*UPLOAD_ERRORS, 412, UploadConflict, ChecksumMismatch),
    )
    def on_post_all(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Create an upload: by JSON that says what the picture is, or as tus does."""
        by_tus = tus.has_piece(req) or any(req.get_header(name) is not None for name in _CREATION)
        tus.check_version(req, resp, is_needed=by_tus)
        progress = self._create_by_tus(req) if by_tus else self._create(req)
        self._tell(req, resp, progress)
        resp.content_type = schemas.HAL
        resp.media = describe(progress)
        resp.status = falcon.HTTP_201
        resp.location = self._absolute(req, hal.upload(progress.upload.id))

    @documented(
        "upload",
        "uploads",
        {200: Answer("How far it is.", {schemas.HAL: PROGRESS}, TOLD)},
        parameters=(UPLOAD_ID, RESUMABLE),
        errors=(*GONE, *UPLOAD_ERRORS, 412),
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response, upload_id: str) -> None:
        """Tell how far it has come, and where the picture is once it is made.

        If all bytes came but the node died before it made the picture, it is made now:
        a client that learns that everything has arrived does not come back.
        """
        tus.check_version(req, resp)
        progress = self._find(req, upload_id)
        if progress.is_complete and progress.image_id is None:
            with self._admission.admit():
                progress = self._uploads.finish(progress, self._make)
        self._tell(req, resp, progress)
        resp.content_type = schemas.HAL
        resp.media = describe(progress)

    @documented(
        "upload",
        "uploads",
        {204: Answer("The piece is kept; Location names the picture.", {}, (*TOLD, "Location"))},
        parameters=(UPLOAD_ID, *PIECE),
        body=Content({tus.MEDIA_TYPE: schemas.BINARY}),
        errors=(*GONE, *UPLOAD_ERRORS, 412, ChecksumMismatch),
    )
    def on_patch(self, req: falcon.Request, resp: falcon.Response, upload_id: str) -> None:
        """Take the bytes from Upload-Offset on; make the picture with the last of them."""
        tus.check_version(req, resp, is_needed=True)
        tus.check_media_type(req)
        offset, size_bytes = tus.number(req, "Upload-Offset"), tus.number(req, "Upload-Length")
        if offset is None:
            raise InvalidRequest("Upload-Offset: say from which byte on this piece is")
        with self._admission.admit():
            progress = self._find(req, upload_id)
            self._uploads.check_offset(progress, offset)
            if size_bytes is not None:
                progress = self._uploads.declare_size(progress, size_bytes)
            progress = self._append(req, progress)
        self._tell(req, resp, progress)
        resp.status = falcon.HTTP_204

    @documented(
        "upload",
        "uploads",
        WHOLE,
        parameters=(UPLOAD_ID,),
        body=Content({"*/*": schemas.BINARY}, "The whole picture."),
        errors=(*GONE, *UPLOAD_ERRORS),
    )
    def on_put(self, req: falcon.Request, resp: falcon.Response, upload_id: str) -> None:
        """Take all bytes at once, whatever Content-Type says; answer as `POST /images/`."""
        if req.get_header("Content-Range") is not None:
            raise InvalidRequest("Content-Range: send a part of a picture with PATCH, as tus does")
        with self._admission.admit():
            progress = self._find(req, upload_id)
            with Body(req, self._settings.upload) as body, self._ingest.receive(body) as staged:
                self._keep(req, resp, progress, staged)

    @documented(
        "upload",
        "uploads",
        {**WHOLE, 204: Answer("As PATCH and DELETE answer.", {}, TOLD)},
        parameters=(
            UPLOAD_ID,
            header("X-HTTP-Method-Override", "`PATCH` or `DELETE`, to stand in for it."),
        ),
        body=Content(schemas.pictures_sent(), "One picture, without metadata.", required=False),
        errors=(*GONE, *UPLOAD_ERRORS, 412, ChecksumMismatch),
    )
    def on_post(self, req: falcon.Request, resp: falcon.Response, upload_id: str) -> None:
        """Take all bytes in a form; answer as `POST /images/`. Or stand in for PATCH, DELETE."""
        method = req.get_header("X-HTTP-Method-Override")
        if method is not None:
            if method not in ("PATCH", "DELETE"):
                raise InvalidRequest(
                    f"X-HTTP-Method-Override: expected PATCH or DELETE, got {method!r}"
                )
            (self.on_patch if method == "PATCH" else self.on_delete)(req, resp, upload_id)
            return
        with self._admission.admit(), ExitStack() as stack:
            progress = self._find(req, upload_id)
            sent = read_submission(req, self._ingest, self._settings.upload, stack)
            if sent.metadata != Metadata():
                raise InvalidField("what is said of the picture was said before; send the image")
            if len(sent.pictures) != 1:
                raise InvalidRequest("image: send exactly one picture to an upload")
            if isinstance(sent.pictures[0], PictureError):
                raise sent.pictures[0]
            self._keep(req, resp, progress, sent.pictures[0])

    @documented(
        "upload",
        "uploads",
        {204: Answer("It is gone.", {}, ("Tus-Resumable",))},
        parameters=(UPLOAD_ID, RESUMABLE),
        errors=(NotFound, Expired, InvalidRequest, 412, StoreUnavailable),
    )
    def on_delete(self, req: falcon.Request, resp: falcon.Response, upload_id: str) -> None:
        """Give the upload up, or forget it; a picture that was made of it stays."""
        tus.check_version(req, resp)
        self._uploads.remove(upload_id, viewer_of(req))
        resp.status = falcon.HTTP_204

    def _find(self, req: falcon.Request, upload_id: str) -> Progress:
        return self._uploads.find(upload_id, viewer_of(req))

    def _create(self, req: falcon.Request) -> Progress:
        if (req.content_type or "").partition(";")[0].strip().lower() != "application/json":
            raise falcon.HTTPUnsupportedMediaType(
                title="Unsupported Content-Type",
                description="send what there is to say of the picture as application/json "
                "({} is enough), or create a resumable upload as tus does",
            )
        with Body(req, self._settings.upload) as body:
            fields = read_json_object(body, _MAX_JSON_BYTES)
        file_name, size_bytes = fields.pop("file_name", ""), fields.pop("size_bytes", None)
        if not isinstance(file_name, str):
            raise InvalidField("file_name: expected a string")
        if size_bytes is not None and (type(size_bytes) is not int or size_bytes < 0):
            raise InvalidField("size_bytes: expected a whole number of bytes")
        return self._uploads.create(
            parse_metadata(fields),
            owner=viewer_of(req).name,
            file_name=clean_file_name(file_name),
            size_bytes=size_bytes,
        )

    def _create_by_tus(self, req: falcon.Request) -> Progress:
        size_bytes, note = tus.announced_size(req), req.get_header("Upload-Metadata") or ""
        fields, file_name = tus.metadata(note)
        said = parse_metadata(fields)
        if req.content_length:
            tus.check_media_type(req)
        with self._admission.admit():
            progress = self._uploads.create(
                said,
                owner=viewer_of(req).name,
                file_name=clean_file_name(file_name),
                size_bytes=size_bytes,
                note=note,
            )
            return self._append(req, progress) if tus.has_piece(req) else progress

    def _append(self, req: falcon.Request, progress: Progress) -> Progress:
        """Keep the body of a request as the next bytes; make the picture if they were the last."""
        room = self._uploads.room(progress)
        with (
            Body(req, self._settings.upload) as body,
            tus.verified(req, body, room, self._temp_folder) as source,
        ):
            progress = self._uploads.append(progress, source)
        return self._uploads.finish(progress, self._make) if progress.is_complete else progress

    def _make(self, source: Source, upload: ResumableUpload) -> str:
        with self._ingest.receive(source, upload.file_name) as staged:
            return self._ingest.keep(staged, upload.metadata, upload.owner)[0].id

    def _keep(
        self, req: falcon.Request, resp: falcon.Response, progress: Progress, staged: Staged
    ) -> None:
        """Make the picture of bytes that came all at once."""
        upload = progress.upload
        if progress.image_id not in (None, staged.id_for(upload.owner)):
            raise UploadConflict("this upload became another picture already; create another")
        if progress.size_bytes not in (None, staged.size_bytes):
            raise UploadConflict(
                f"this upload was said to have {progress.size_bytes:,} bytes; "
                f"{staged.size_bytes:,} came"
            )
        staged = replace(staged, file_name=upload.file_name or staged.file_name)
        record, is_new = self._ingest.keep(staged, upload.metadata, upload.owner)
        self._uploads.settle(progress, Outcome(size_bytes=staged.size_bytes, image_id=record.id))
        resp.status = falcon.HTTP_201 if is_new else falcon.HTTP_200
        resp.media = kept(req, self._settings.server.public_url, record, self._policy)
        resp.location = resp.media["location"]

    def _tell(self, req: falcon.Request, resp: falcon.Response, progress: Progress) -> None:
        tus.tell(resp, progress)
        if progress.image_id is not None:
            resp.location = self._absolute(req, hal.picture(progress.image_id))

    def _absolute(self, req: falcon.Request, path: str) -> str:
        return hal.absolute(req, self._settings.server.public_url, path)
