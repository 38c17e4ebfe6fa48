"""`/uploads/`: resumable uploads, metadata first and bytes later (tus 1.0.0)."""

from __future__ import annotations

from contextlib import ExitStack

import falcon

from progimage.api.auth.authentication import viewer_of
from progimage.api.components import Components
from progimage.api.openapi import schemas
from progimage.api.openapi.documented import Answer, Content, documented, in_header
from progimage.api.requests.body import Body
from progimage.api.requests.submission import read_submission
from progimage.api.resources.images import UPLOAD_ERRORS, uploaded
from progimage.api.resources.uploads import tus
from progimage.api.resources.uploads.documents import (
    ANY_UPLOAD_ID,
    CREATING,
    OPTIONS,
    PIECE,
    PROGRESS,
    PROGRESS_HEADERS,
    RESUMABLE,
    UPLOAD_ID,
    WHOLE,
    UploadRequest,
    describe,
)
from progimage.api.resources.uploads.reception import Reception
from progimage.api.responses import hal
from progimage.errors import (
    ChecksumMismatch,
    InvalidField,
    InvalidRequest,
    PictureError,
    UploadConflict,
)
from progimage.ingest.ingest import Staged
from progimage.ingest.resumable.state import Progress

# A request with one of these headers speaks tus.
_CREATION = ("Tus-Resumable", "Upload-Length", "Upload-Defer-Length", "Upload-Metadata")


class ResumableUploadResource:
    """`/uploads/` to create uploads, and `/uploads/<id>/` for one of them."""

    def __init__(self, parts: Components) -> None:
        self._uploads = parts.resumable_uploads
        self._ingest = parts.ingest
        self._settings = parts.settings
        self._admission = parts.uploading
        self._urls = parts.urls
        self._reception = Reception(parts)

    @documented("upload", "uploads", OPTIONS, parameters=(ANY_UPLOAD_ID,))
    def on_options(self, req: falcon.Request, resp: falcon.Response, upload_id: str) -> None:
        """Send which parts of tus are supported."""
        tus.describe(resp, self._uploads.max_bytes)
        resp.set_header("Allow", "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT")

    @documented("uploads", "uploads", OPTIONS)
    def on_options_all(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send which parts of tus are supported."""
        tus.describe(resp, self._uploads.max_bytes)
        resp.set_header("Allow", "OPTIONS, POST")

    @documented(
        "uploads",
        "uploads",
        {
            201: Answer(
                "The upload is created.", {schemas.HAL: PROGRESS}, ("Location", *PROGRESS_HEADERS)
            )
        },
        parameters=CREATING,
        body=Content(
            {
                schemas.JSON: UploadRequest,
                tus.MEDIA_TYPE: schemas.BINARY,
            },
            required=False,
            examples={schemas.JSON: {"title": "Harbour", "file_name": "photo.jpg"}},
        ),
        errors=(*UPLOAD_ERRORS, UploadConflict, ChecksumMismatch),
    )
    def on_post_all(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Create an upload: from JSON that describes the picture, or by the headers of tus."""
        is_tus = tus.has_piece(req) or any(req.get_header(name) is not None for name in _CREATION)
        tus.check_version(req, resp, is_needed=is_tus)
        progress = self._reception.create_by_tus(req) if is_tus else self._reception.create(req)
        self._set_progress(req, resp, progress)
        resp.content_type = schemas.HAL
        resp.media = describe(progress, self._urls)
        resp.status = falcon.HTTP_201
        resp.location = self._urls.absolute(req, hal.upload(progress.upload.id))

    @documented(
        "upload",
        "uploads",
        {200: Answer("The state of the upload.", {schemas.HAL: PROGRESS}, PROGRESS_HEADERS)},
        parameters=(UPLOAD_ID, RESUMABLE),
        errors=(UploadConflict, *UPLOAD_ERRORS),
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response, upload_id: str) -> None:
        """Send the offset of the upload, and where the picture is once it is stored.

        If all bytes have arrived but the node died before it stored the picture, it is
        stored now: a client that learns that everything has arrived sends nothing more.
        """
        tus.check_version(req, resp)
        progress = self._find(req, upload_id)
        if progress.is_complete and progress.image_id is None:
            with self._admission.admit():
                progress = self._reception.finish(progress)
        self._set_progress(req, resp, progress)
        resp.content_type = schemas.HAL
        resp.media = describe(progress, self._urls)

    @documented(
        "upload",
        "uploads",
        {
            204: Answer(
                "The piece is stored; Location names the finished picture.",
                {},
                (*PROGRESS_HEADERS, "Location"),
            )
        },
        parameters=(UPLOAD_ID, *PIECE),
        body=Content({tus.MEDIA_TYPE: schemas.BINARY}),
        errors=(UploadConflict, *UPLOAD_ERRORS, ChecksumMismatch),
    )
    def on_patch(self, req: falcon.Request, resp: falcon.Response, upload_id: str) -> None:
        """Store the bytes from Upload-Offset on; the last of them finish the picture."""
        tus.check_version(req, resp, is_needed=True)
        tus.check_media_type(req)
        offset, size_bytes = tus.number(req, "Upload-Offset"), tus.number(req, "Upload-Length")
        if offset is None:
            raise InvalidRequest(
                "Upload-Offset: missing; send the position of the piece's first byte"
            )
        with self._admission.admit():
            progress = self._find(req, upload_id)
            self._uploads.check_offset(progress, offset)
            if size_bytes is not None:
                progress = self._uploads.declare_size(progress, size_bytes)
            progress = self._reception.append(req, progress)
        self._set_progress(req, resp, progress)
        resp.status = falcon.HTTP_204

    @documented(
        "upload",
        "uploads",
        WHOLE,
        parameters=(UPLOAD_ID,),
        # Generated clients send the first of these; Python ones cannot send "*/*".
        body=Content(
            {"application/octet-stream": schemas.BINARY, "*/*": schemas.BINARY},
            "The whole picture.",
        ),
        errors=(UploadConflict, *UPLOAD_ERRORS),
    )
    def on_put(self, req: falcon.Request, resp: falcon.Response, upload_id: str) -> None:
        """Store the whole picture, of any Content-Type; answer as `POST /images/` does."""
        if req.get_header("Content-Range") is not None:
            raise InvalidRequest("Content-Range: send a part of a picture with PATCH, as tus does")
        with self._admission.admit():
            progress = self._find(req, upload_id)
            with Body(req, self._settings.upload) as body, self._ingest.receive(body) as staged:
                self._store_whole(req, resp, progress, staged)

    @documented(
        "upload",
        "uploads",
        {**WHOLE, 204: Answer("The answer of PATCH or DELETE.", {}, PROGRESS_HEADERS)},
        parameters=(
            UPLOAD_ID,
            in_header(
                "X-HTTP-Method-Override", "`PATCH` or `DELETE`: treat the request as this method."
            ),
        ),
        body=Content(
            {**schemas.FORM, **schemas.RAW}, "One picture, without metadata.", required=False
        ),
        errors=(UploadConflict, *UPLOAD_ERRORS, 412, ChecksumMismatch),
    )
    def on_post(self, req: falcon.Request, resp: falcon.Response, upload_id: str) -> None:
        """Store the picture of a form and answer as `POST /images/`; or do a PATCH or DELETE."""
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
            if sent.metadata.model_fields_set:
                raise InvalidField("metadata: already sent when the upload was created")
            if len(sent.pictures) != 1:
                raise InvalidRequest("image: send exactly one picture to an upload")
            if isinstance(sent.pictures[0], PictureError):
                raise sent.pictures[0]
            self._store_whole(req, resp, progress, sent.pictures[0])

    @documented(
        "upload",
        "uploads",
        {204: Answer("The upload is removed.", {}, ("Tus-Resumable",))},
        parameters=(UPLOAD_ID, RESUMABLE),
        errors=(InvalidRequest,),
    )
    def on_delete(self, req: falcon.Request, resp: falcon.Response, upload_id: str) -> None:
        """Cancel or forget the upload; a finished picture stays."""
        tus.check_version(req, resp)
        self._uploads.remove(upload_id, viewer_of(req))
        resp.status = falcon.HTTP_204

    def _find(self, req: falcon.Request, upload_id: str) -> Progress:
        return self._uploads.find(upload_id, viewer_of(req))

    def _store_whole(
        self, req: falcon.Request, resp: falcon.Response, progress: Progress, staged: Staged
    ) -> None:
        """Store the picture of bytes that came in one request."""
        added = self._reception.add_whole(progress, staged)
        resp.status = falcon.HTTP_201 if added.is_new else falcon.HTTP_200
        resp.media = uploaded(req, self._urls, added)
        resp.location = resp.media["location"]

    def _set_progress(self, req: falcon.Request, resp: falcon.Response, progress: Progress) -> None:
        tus.set_progress(resp, progress)
        if progress.image_id is not None:
            resp.location = self._urls.absolute(req, hal.picture(progress.image_id))
