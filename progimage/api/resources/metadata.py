"""`/images/<id>/metadata/`: the record of a picture, and edits of its metadata."""

from __future__ import annotations

import falcon

from progimage.api.auth.authentication import viewer_of
from progimage.api.components import Components
from progimage.api.openapi import schemas
from progimage.api.openapi.documented import Answer, Content, documented
from progimage.api.requests.body import Body
from progimage.api.requests.conditional import match_holds, none_match_holds
from progimage.api.requests.json_body import PictureFields, read_json_object, validated
from progimage.api.requests.media_type import check_media_type
from progimage.api.requests.preconditions import required_if_match
from progimage.api.requests.query import pairs
from progimage.api.requests.search import QueryParameters
from progimage.api.resources.record_shape import SHAPE, shape
from progimage.api.responses.delivery import not_modified
from progimage.errors import ExternalIdTaken, Forbidden
from progimage.library.records import can_edit
from progimage.model import Record

_PATCH_TYPES = ("application/merge-patch+json", "application/json")
_SHAPE = {parameter.name for parameter in SHAPE}
_HINT = f"send an edit, a JSON merge patch, as {' or '.join(_PATCH_TYPES)}"


_RECORD = Answer(
    "The record, with its links.", {schemas.HAL: schemas.PICTURE}, ("ETag", "Cache-Control")
)


class MetadataResource:
    """The record of one picture."""

    def __init__(self, parts: Components) -> None:
        self._library = parts.library
        self._settings = parts.settings
        self._urls = parts.urls

    @documented(
        "metadata",
        "pictures",
        {200: _RECORD, 304: Answer("The client has this version.", {}, ("ETag",))},
        parameters=(schemas.IMAGE_ID, *SHAPE, schemas.IF_NONE_MATCH),
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response, image_id: str) -> None:
        """Send the record with its links, or those of its fields that are asked for."""
        record = self._library.find(viewer_of(req), image_id)
        self._respond(req, resp, record)
        sent = [(name, value) for name, value in pairs(req) if name in _SHAPE]
        if sent:
            resp.media = shape(QueryParameters(sent, SHAPE), self._urls)(record)
        if not none_match_holds(req.get_header("If-None-Match"), etag_of(record)):
            not_modified(resp)

    @documented(
        "metadata",
        "pictures",
        {200: _RECORD},
        parameters=(
            schemas.IMAGE_ID,
            schemas.IF_MATCH,
        ),
        body=Content(
            dict.fromkeys(_PATCH_TYPES, PictureFields),
            examples={kind: {"title": "Harbour", "tags": ["sea"]} for kind in _PATCH_TYPES},
        ),
        errors=(Forbidden, ExternalIdTaken, 415),
    )
    def on_patch(self, req: falcon.Request, resp: falcon.Response, image_id: str) -> None:
        """Apply a JSON merge patch (RFC 7396) to the metadata of the version in If-Match."""
        check_media_type(req, _PATCH_TYPES, _HINT, "Accept-Patch")
        if_match = required_if_match(req, "metadata")
        with Body(req, self._settings.upload) as body:
            changes = read_json_object(body, PictureFields.max_bytes)
        validated(PictureFields, changes)
        record = self._library.edit(
            viewer_of(req),
            image_id,
            changes,
            lambda current: match_holds(if_match, etag_of(current)),
        )
        self._respond(req, resp, record)

    def _respond(self, req: falcon.Request, resp: falcon.Response, record: Record) -> None:
        resp.media = self._urls.record(record, is_owner=can_edit(viewer_of(req), record))
        resp.content_type = "application/hal+json"
        resp.set_header("ETag", f'"{etag_of(record)}"')
        resp.set_header("Cache-Control", "private, no-cache")
        resp.set_header("Vary", "Authorization")


def etag_of(record: Record) -> str:
    """Return the ETag of a record's current version."""
    return f"{record.revision}-{record.generation}"
