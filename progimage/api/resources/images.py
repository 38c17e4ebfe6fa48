"""`/images/`: uploads, originals, removal."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any, Literal

import falcon
from pydantic import Field

from progimage.api.auth.authentication import viewer_of
from progimage.api.components import Components
from progimage.api.openapi import schemas
from progimage.api.openapi.documented import (
    BODY_ERRORS,
    Answer,
    Content,
    Named,
    Parameter,
    documented,
    list_of,
    object_of,
)
from progimage.api.parts import Parts
from progimage.api.requests import preconditions
from progimage.api.requests.misplaced import check_no_transform
from progimage.api.requests.query import pairs, picture_query
from progimage.api.requests.search import QueryParameters
from progimage.api.requests.submission import Submission, UploadJson, read_submission
from progimage.api.resources.deletion import Deletion
from progimage.api.responses import hal, problems
from progimage.api.responses.hal import Urls
from progimage.api.responses.json_document import JsonDocument
from progimage.errors import (
    DownloadFailed,
    DownloadNotAllowed,
    EmptyPicture,
    ExternalIdTaken,
    Forbidden,
    InvalidRequest,
    Overloaded,
    PictureError,
    PictureTooLarge,
    PreconditionFailed,
    ProgImageError,
    QuotaExceeded,
    RenderFailed,
    RenderTimeout,
)
from progimage.ingest import known
from progimage.ingest.ingest import Staged
from progimage.ingest.known import Added
from progimage.ingest.resumable.state import Outcome
from progimage.model import Record, check_visibility

_MANY = Named(
    "UploadResults",
    object_of(
        "A result for each picture of the request, in the same order.",
        ("ignored",),
        msg=schemas.SUCCESS,
        ignored=schemas.IGNORED,
        images=list_of({"oneOf": [schemas.UPLOADED, schemas.PROBLEM_SCHEMA]}),
    ),
)
# Not `anyOf`: generated TypeScript clients would read every answer as both forms at once.
_RESULT = {schemas.JSON: {"oneOf": [schemas.UPLOADED, _MANY]}}

UPLOAD_ERRORS = (
    *BODY_ERRORS,
    DownloadNotAllowed,
    DownloadFailed,
    EmptyPicture,
    PictureTooLarge,
    QuotaExceeded,
    ExternalIdTaken,
    415,
    PictureError,
    RenderFailed,
    RenderTimeout,
    Overloaded,
)
"""The errors of requests that send a picture."""
_TRASH = Parameter(
    "trash",
    "false: remove it for good, also where there is a trash.",
    {"type": "string", "enum": ["true", "false"], "default": "true"},
)


class Purged(JsonDocument):
    """How many cached renditions of a picture were removed."""

    id: str
    msg: Literal["ok"] = "ok"
    purged: int = Field(ge=0)


class Uploads:
    """`POST /images/` and `POST /`."""

    def __init__(self, parts: Components) -> None:
        self._ingest = parts.ingest
        self._library = parts.library
        self._settings = parts.settings
        self._admission = parts.uploading
        self._urls = parts.urls

    @documented(
        "images",
        "pictures",
        {
            200: Answer("The picture was here already.", _RESULT, ("Location",)),
            201: Answer("The picture is stored.", _RESULT, ("Location",)),
            207: Answer("Some of several pictures failed.", {schemas.JSON: _MANY}),
        },
        body=Content(schemas.FORM, "One picture or several."),
        errors=UPLOAD_ERRORS,
    )
    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Store the pictures of the request: 201, 200 if they existed, 207 if some failed.

        JSON and a raw body are accepted too, as at `POST /`.
        """
        with self._admission.admit(), ExitStack() as stack:
            sent = read_submission(req, self._ingest, self._settings.upload, stack, pairs(req))
            check_visibility(sent.metadata, viewer_of(req).name)
            ignored = {"ignored": list(sent.ignored)} if sent.ignored else {}
            if len(sent.pictures) == 1:
                status, result = self._add(req, sent.pictures[0], sent)
                resp.status = falcon.code_to_http_status(status)
                resp.location = result["location"]
                resp.media = {**result, **ignored}
            else:
                self._add_all(req, resp, sent)
                resp.media |= ignored

    @documented(
        "picture",
        "pictures",
        {
            200: Answer("The picture was here already.", {schemas.JSON: schemas.UPLOADED}),
            201: Answer("The picture is stored.", {schemas.JSON: schemas.UPLOADED}, ("Location",)),
        },
        parameters=schemas.UPLOAD_FIELDS,
        body=Content(
            {schemas.JSON: UploadJson, **schemas.RAW},
            examples={schemas.JSON: {"url": "https://www.example.com/harbour.jpg"}},
        ),
        errors=UPLOAD_ERRORS,
    )
    def on_post_one(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Store a picture that JSON contains or names, or that is the whole body.

        `POST /images/` accepts the same.
        """
        self.on_post(req, resp)

    def _add_all(self, req: falcon.Request, resp: falcon.Response, sent: Submission) -> None:
        results, statuses = [], set()
        for picture in sent.pictures:
            try:
                status, result = self._add(req, picture, sent)
            except ProgImageError as error:
                result = problems.of_error(error)
                status = problems.kind_of(error).status
            statuses.add(status)
            results.append({"status": status, **result})
        if statuses <= {200, 201}:
            resp.status = falcon.code_to_http_status(max(statuses))
        else:
            resp.status = falcon.HTTP_207
        resp.media = {"msg": "ok" if statuses <= {200, 201} else "some failed", "images": results}

    def _add(
        self, req: falcon.Request, picture: Staged | PictureError, sent: Submission
    ) -> tuple[int, dict[str, Any]]:
        """Return 201, or 200 if the picture was here already, and the document about it."""
        if isinstance(picture, PictureError):
            raise picture
        owner = viewer_of(req).name
        added = known.add(
            self._ingest,
            self._library,
            picture,
            sent.metadata,
            owner,
            sent.on_known,
            sent.on_external,
        )
        return (201 if added.is_new else 200), uploaded(req, self._urls, added)


def uploaded(req: falcon.Request, urls: Urls, added: Added) -> dict[str, Any]:
    """Return the document about a picture that was just uploaded."""
    record: Record = added.record
    location = urls.absolute(req, hal.picture(record.id))
    return {"id": record.id, **outcome(added), "location": location, **urls.record(record)}


def outcome(added: Added | Outcome) -> dict[str, Any]:
    """Return the fields that describe the result of an upload."""
    if added.is_new:
        return {"msg": "ok"}
    return {
        "msg": "known",
        "applied": list(added.applied),
        "not_applied": list(added.not_applied),
    }


class PictureResource:
    """`/images/<id>/`: the original, byte for byte."""

    def __init__(self, parts: Parts) -> None:
        self._originals = parts.to_originals
        self._deletion = Deletion(parts)

    @documented(
        "original",
        "pictures",
        schemas.delivered(schemas.ORIGINALS),
        parameters=(
            schemas.IMAGE_ID,
            schemas.SIGNATURE,
            schemas.DOWNLOAD,
            schemas.RANGE,
            schemas.IF_NONE_MATCH,
            schemas.IF_MODIFIED_SINCE,
        ),
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response, image_id: str) -> None:
        """Send the original, byte for byte."""
        query = picture_query(req)
        check_no_transform(image_id, query.arguments)
        self._originals.respond(req, resp, image_id, query)

    @documented(
        "image",
        "pictures",
        {204: Answer("The picture is deleted.")},
        parameters=(
            schemas.IMAGE_ID,
            _TRASH,
        ),
        errors=(Forbidden, PreconditionFailed),
    )
    def on_delete(self, req: falcon.Request, resp: falcon.Response, image_id: str) -> None:
        """Delete the picture with its renditions.

        Where there is a trash (`trash.days`), it can be restored from there.
        """
        parameters = QueryParameters(pairs(req), (_TRASH,))
        trash = parameters.one("trash") or "true"
        if trash not in ("true", "false"):
            raise InvalidRequest(f"trash: expected true or false, got {trash[:20]!r}")
        self._deletion.delete(
            viewer_of(req),
            image_id,
            lambda record: preconditions.hold(req, record.sha256, record.created),
            for_good=trash == "false",
        )
        resp.status = falcon.HTTP_204


class RenditionCacheResource:
    """`/images/<id>/renders/`: its cached renditions."""

    def __init__(self, parts: Components) -> None:
        self._library = parts.library

    @documented(
        "renders",
        "renditions",
        {200: Answer("The renditions are removed.", {schemas.JSON: Purged})},
        parameters=(schemas.IMAGE_ID,),
        errors=(Forbidden,),
    )
    def on_delete(self, req: falcon.Request, resp: falcon.Response, image_id: str) -> None:
        """Remove the cached renditions; each is rendered again at the next request for it."""
        record = self._library.find_to_edit(viewer_of(req), image_id)
        purged = self._library.purge(record.id)
        resp.media = Purged(id=record.id, purged=purged).json_object()
