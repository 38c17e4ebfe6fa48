"""`/images/`: pictures come in, originals go out."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import falcon

from progimage.access.admission import Admission
from progimage.access.transform_policy import TransformPolicy
from progimage.api.auth.authentication import viewer_of
from progimage.api.openapi import schemas
from progimage.api.openapi.documented import Answer, Content, Named, documented
from progimage.api.requests.query import pairs, signed_pairs
from progimage.api.requests.submission import read_submission
from progimage.api.responses import hal, problems
from progimage.api.responses.original import OriginalResponder
from progimage.config import Settings
from progimage.errors import (
    DownloadFailed,
    DownloadRefused,
    EmptyPicture,
    Forbidden,
    InvalidField,
    InvalidRequest,
    LinkExpired,
    LinkRefused,
    NotFound,
    Overloaded,
    PictureError,
    PictureTooLarge,
    ProgImageError,
    RenderFailed,
    RenderTimeout,
    RequestTimeout,
    StoreUnavailable,
)
from progimage.ingest.ingest import Ingest, Staged
from progimage.library import Library
from progimage.model import Metadata, Record, check_visibility

_MANY = Named(
    "ManyKept",
    {
        "type": "object",
        "description": "A result for each picture of the request, in its order.",
        "properties": {
            "msg": {"type": "string", "enum": ["ok", "some failed"]},
            "images": {
                "type": "array",
                "items": {
                    "anyOf": [schemas.KEPT, schemas.PROBLEM_SCHEMA],
                    "properties": {"status": {"type": "integer"}},
                    "required": ["status"],
                },
            },
        },
        "required": ["msg", "images"],
    },
)
_PURGED = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "msg": {"const": "ok"},
        "purged": {"type": "integer", "minimum": 0, "description": "How many there were."},
    },
    "required": ["id", "msg", "purged"],
}
_KEPT = {schemas.JSON: {"anyOf": [schemas.KEPT, _MANY]}}

UPLOAD_ERRORS = (
    InvalidRequest,
    InvalidField,
    DownloadRefused,
    DownloadFailed,
    EmptyPicture,
    RequestTimeout,
    PictureTooLarge,
    415,
    PictureError,
    RenderFailed,
    RenderTimeout,
    Overloaded,
    StoreUnavailable,
)
"""What can go wrong where a picture is sent."""


class Uploads:
    """`POST /images/` and `POST /`."""

    def __init__(
        self, ingest: Ingest, settings: Settings, admission: Admission, policy: TransformPolicy
    ) -> None:
        self._ingest = ingest
        self._settings = settings
        self._admission = admission
        self._policy = policy

    @documented(
        "images",
        "pictures",
        {
            200: Answer("The picture was here before.", _KEPT, ("Location",)),
            201: Answer("It is kept.", _KEPT, ("Location",)),
            207: Answer("Of several some failed.", {schemas.JSON: _MANY}),
        },
        parameters=schemas.METADATA_FIELDS,
        body=Content(schemas.pictures_sent(), "The picture, or several in a form."),
        errors=UPLOAD_ERRORS,
    )
    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Keep the pictures of the request: 201, 200 if they were here, 207 if some failed."""
        with self._admission.admit(), ExitStack() as stack:
            sent = read_submission(req, self._ingest, self._settings.upload, stack, pairs(req))
            check_visibility(sent.metadata, viewer_of(req).name)
            if len(sent.pictures) == 1:
                self._keep_one(req, resp, sent.pictures[0], sent.metadata)
            else:
                self._keep_many(req, resp, sent.pictures, sent.metadata)

    def _keep_one(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        picture: Staged | PictureError,
        metadata: Metadata,
    ) -> None:
        status, result = self._keep(req, picture, metadata)
        resp.status = falcon.code_to_http_status(status)
        resp.location = result["location"]
        resp.media = result

    def _keep_many(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        pictures: list[Staged | PictureError],
        metadata: Metadata,
    ) -> None:
        results, statuses = [], set()
        for picture in pictures:
            try:
                status, result = self._keep(req, picture, metadata)
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

    def _keep(
        self, req: falcon.Request, picture: Staged | PictureError, metadata: Metadata
    ) -> tuple[int, dict[str, Any]]:
        """Return 201, or 200 if the picture was here before, and what there is to tell of it."""
        if isinstance(picture, PictureError):
            raise picture
        record, is_new = self._ingest.keep(picture, metadata, viewer_of(req).name)
        told = kept(req, self._settings.server.public_url, record, self._policy)
        return (201 if is_new else 200), told


def kept(
    req: falcon.Request, public_url: str, record: Record, policy: TransformPolicy
) -> dict[str, Any]:
    """Return what there is to tell of a picture that has just been kept."""
    location = hal.absolute(req, public_url, hal.picture(record.id))
    return {"id": record.id, "msg": "ok", "location": location, **hal.hal(record, policy)}


class PictureResource:
    """`/images/<id>/`: the original, byte for byte."""

    def __init__(self, library: Library, originals: OriginalResponder) -> None:
        self._library = library
        self._originals = originals

    @documented(
        "original",
        "pictures",
        schemas.delivered(schemas.ORIGINALS),
        parameters=(schemas.IMAGE_ID, schemas.SIGNATURE, schemas.RANGE, schemas.IF_NONE_MATCH),
        errors=(InvalidRequest, NotFound, LinkRefused, LinkExpired, 416, StoreUnavailable),
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response, image_id: str) -> None:
        """Send the original, byte for byte."""
        _, signature = signed_pairs(req)
        self._originals.respond(req, resp, image_id, signature)

    @documented(
        "image",
        "pictures",
        {204: Answer("It is gone.")},
        parameters=(schemas.IMAGE_ID,),
        errors=(NotFound, Forbidden, StoreUnavailable),
    )
    def on_delete(self, req: falcon.Request, resp: falcon.Response, image_id: str) -> None:
        """Remove the picture and everything kept of it."""
        self._library.remove(viewer_of(req), image_id)
        resp.status = falcon.HTTP_204


class RenditionCacheResource:
    """`/images/<id>/renders/`: its cached renditions."""

    def __init__(self, library: Library) -> None:
        self._library = library

    @documented(
        "renders",
        "renditions",
        {200: Answer("They are gone.", {schemas.JSON: _PURGED})},
        parameters=(schemas.IMAGE_ID,),
        errors=(NotFound, Forbidden, StoreUnavailable),
    )
    def on_delete(self, req: falcon.Request, resp: falcon.Response, image_id: str) -> None:
        """Purge them; they are made again when they are asked for."""
        record = self._library.find_to_edit(viewer_of(req), image_id)
        resp.media = {"id": record.id, "msg": "ok", "purged": self._library.purge(record.id)}
