"""`PATCH /images/`: show or hide many pictures at once."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import falcon
from pydantic import Field

from progimage.api.auth.authentication import viewer_of
from progimage.api.openapi import schemas
from progimage.api.openapi.documented import Answer, Content, documented
from progimage.api.requests.json_body import JsonBody, read_json
from progimage.api.responses import problems
from progimage.config import Settings
from progimage.errors import (
    InvalidField,
    InvalidRequest,
    PictureTooLarge,
    ProgImageError,
    RequestTimeout,
    StoreUnavailable,
)
from progimage.library import Library
from progimage.model import Viewer, Visibility

MAX_IMAGES = 100

_RESULTS = {
    "type": "object",
    "properties": {
        "msg": {"type": "string"},
        "images": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"id": {"type": "string"}, "status": {"type": "integer"}},
                "required": ["id", "status"],
            },
        },
    },
    "required": ["msg", "images"],
}


class VisibilityChange(JsonBody):
    """The new visibility of some pictures."""

    max_bytes: ClassVar[int] = 64 * 1024

    images: list[Annotated[str, Field(max_length=64, pattern="^[\x00-\x7f]*$")]] = Field(
        min_length=1, max_length=MAX_IMAGES
    )
    visibility: Visibility


class BulkVisibility:
    """Gives many pictures the same visibility.

    There is no If-Match: the request names a state, not a change, so repeating it is
    harmless.
    """

    def __init__(self, library: Library, settings: Settings) -> None:
        self._library = library
        self._settings = settings

    @documented(
        "visibility",
        "pictures",
        {
            200: Answer("All pictures have the visibility.", {schemas.JSON: _RESULTS}),
            207: Answer("Some changes failed; each says why.", {schemas.JSON: _RESULTS}),
        },
        body=Content({schemas.JSON: VisibilityChange}),
        errors=(InvalidRequest, InvalidField, RequestTimeout, PictureTooLarge, StoreUnavailable),
    )
    def on_patch(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Set the visibility of each picture; 200 if all have it now, 207 if some failed."""
        fields = read_json(req, self._settings.upload, VisibilityChange)
        results = [
            self._set(viewer_of(req), image_id, fields.visibility)
            for image_id in dict.fromkeys(fields.images)
        ]
        has_failed = any(result["status"] != 200 for result in results)
        resp.status = falcon.HTTP_207 if has_failed else falcon.HTTP_200
        resp.media = {"msg": "some failed" if has_failed else "ok", "images": results}

    def _set(self, viewer: Viewer, image_id: str, visibility: Visibility) -> dict[str, Any]:
        changes = {"visibility": visibility}
        try:
            record = self._library.edit(viewer, image_id, changes, lambda current: True)
        except ProgImageError as error:
            return {"id": image_id, **problems.of_error(error)}
        return {"id": image_id, "status": 200, "visibility": record.visibility}
