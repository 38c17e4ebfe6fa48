"""`/trash/`: deleted pictures that can be restored for some days."""

from __future__ import annotations

from itertools import islice
from typing import Any

import falcon

from progimage.api.auth.authentication import author_of
from progimage.api.components import Components
from progimage.api.openapi import schemas
from progimage.api.openapi.documented import TIME, WHOLE, Answer, Named, documented, object_of
from progimage.api.openapi.pages import collection
from progimage.api.requests import note_cursor
from progimage.api.requests.query import pairs
from progimage.api.requests.search import QueryParameters
from progimage.api.resources.listing import CURSOR, LIMIT
from progimage.errors import NotFound, Unauthenticated
from progimage.library import owner_keys
from progimage.model import Record

MAX_EMPTIED = 1_000
"""Pictures that one request removes."""


_DELETION = object_of(
    deleted=TIME, expires={**TIME, "description": "Until then it can be restored."}
)
_TRASHED = Named("TrashedPicture", {"allOf": [schemas.PICTURE, _DELETION]})
_PAGE = collection(
    "TrashCollection",
    _TRASHED,
    days={
        "type": "integer",
        "description": "How long deleted pictures can be restored; 0: there is no trash.",
    },
)
_EMPTIED = Named(
    "TrashEmptied",
    object_of(
        msg={"const": "ok"},
        removed=WHOLE,
        is_empty={"type": "boolean", "description": "False: send the request again."},
    ),
)
_PAGING = (LIMIT, CURSOR)


class TrashResource:
    """The pictures that an account has deleted and can restore."""

    def __init__(self, parts: Components) -> None:
        self._library = parts.library
        self._days = parts.settings.trash.days
        self._urls = parts.urls

    @documented(
        "trash",
        "pictures",
        {200: Answer("A page.", {schemas.JSON: _PAGE}, ("Cache-Control",))},
        parameters=_PAGING,
        errors=(Unauthenticated,),
    )
    def on_get_all(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send a page of the pictures that the sender has deleted, the latest first."""
        parameters = QueryParameters(pairs(req), _PAGING)
        limit = parameters.whole_number("limit")
        owner = author_of(req).name
        records, following = note_cursor.page(
            parameters,
            limit,
            lambda after: self._library.trash.list(owner, after),
            owner_keys.trash_of(owner),
            owner_keys.id_of_trash_note,
            "picture",
        )
        resp.set_header("Cache-Control", "private, no-store")
        resp.media = {
            "kind": "Collection",
            "days": self._days,
            "data": [self._document(record) for record in records],
            "next": self._urls.relative(f"/trash/?{following}") if following else None,
        }

    @documented(
        "trash",
        "pictures",
        {200: Answer("How many pictures were removed.", {schemas.JSON: _EMPTIED})},
    )
    def on_delete_all(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Remove up to 1,000 pictures in the trash for good."""
        viewer, removed = author_of(req), 0
        for _, record in islice(self._library.trash.list(viewer.name), MAX_EMPTIED):
            try:
                self._library.remove(viewer, record.id, from_trash=True)
                removed += 1
            except NotFound:
                continue
        is_empty = next(self._library.trash.list(viewer.name), None) is None
        resp.media = {"msg": "ok", "removed": removed, "is_empty": is_empty}

    @documented(
        "trashed",
        "pictures",
        {200: Answer("The record.", {schemas.JSON: _TRASHED}, ("Cache-Control",))},
        parameters=(schemas.IMAGE_ID,),
        errors=(Unauthenticated,),
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response, image_id: str) -> None:
        """Send the record of a picture in the trash."""
        resp.set_header("Cache-Control", "private, no-store")
        resp.media = self._document(self._library.trash.find(author_of(req), image_id))

    @documented(
        "trashed",
        "pictures",
        {200: Answer("The record, as it was before.", {schemas.HAL: schemas.PICTURE})},
        parameters=(schemas.IMAGE_ID,),
    )
    def on_post(self, req: falcon.Request, resp: falcon.Response, image_id: str) -> None:
        """Restore the picture."""
        record = self._library.trash.restore(author_of(req), image_id)
        resp.media = self._urls.record(record, is_owner=True)
        resp.content_type = "application/hal+json"

    @documented(
        "trashed",
        "pictures",
        {204: Answer("The picture is removed.")},
        parameters=(schemas.IMAGE_ID,),
    )
    def on_delete(self, req: falcon.Request, resp: falcon.Response, image_id: str) -> None:
        """Remove the picture for good."""
        self._library.remove(author_of(req), image_id, from_trash=True)
        resp.status = falcon.HTTP_204

    def _document(self, record: Record) -> dict[str, Any]:
        facts = record.facts()
        if record.trash is not None:
            facts |= record.trash.model_dump(mode="json")
        return {**facts, "_links": {"self": self._urls.link(f"/trash/{record.id}/")}}
