"""`PATCH /images/`: show or hide many pictures at once."""

from __future__ import annotations

from typing import Any, cast, get_args

import falcon

from progimage.api.auth.authentication import viewer_of
from progimage.api.openapi import schemas
from progimage.api.openapi.documented import Answer, Content, documented
from progimage.api.requests.body import Body
from progimage.api.requests.submission import read_json_object
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
_MAX_BYTES = 64 * 1024

_WANTED = {
    "type": "object",
    "properties": {
        "images": {
            "type": "array",
            "items": {"type": "string"},
            "minItems": 1,
            "maxItems": MAX_IMAGES,
        },
        "visibility": {"enum": list(get_args(Visibility))},
    },
    "required": ["images", "visibility"],
    "additionalProperties": False,
}
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


class VisibilityResource:
    """The same visibility for many pictures.

    There is no If-Match here: what is asked for is a state, not a change, and asking
    for it again is harmless.
    """

    def __init__(self, library: Library, settings: Settings) -> None:
        self._library = library
        self._settings = settings

    @documented(
        "visibility",
        "pictures",
        {
            200: Answer("All have it now.", {schemas.JSON: _RESULTS}),
            207: Answer("Some could not be given it; each says why.", {schemas.JSON: _RESULTS}),
        },
        body=Content({schemas.JSON: _WANTED}),
        errors=(InvalidRequest, InvalidField, RequestTimeout, PictureTooLarge, StoreUnavailable),
    )
    def on_patch(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Give each picture the visibility; 200 if all have it now, 207 if some failed."""
        with Body(req, self._settings.upload) as body:
            fields = read_json_object(body, _MAX_BYTES)
        if set(fields) != {"images", "visibility"}:
            raise InvalidField("the body: expected an object with images, visibility, and no more")
        images, visibility = _images(fields["images"]), _visibility(fields["visibility"])
        results = [self._set(viewer_of(req), image_id, visibility) for image_id in images]
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


def _images(value: object) -> list[str]:
    if (
        not isinstance(value, list)
        or not 1 <= len(value) <= MAX_IMAGES
        or not all(isinstance(item, str) and len(item) <= 64 and item.isascii() for item in value)
    ):
        raise InvalidField(f"images: expected a list of 1 to {MAX_IMAGES} ids")
    return list(dict.fromkeys(value))


def _visibility(value: object) -> Visibility:
    if value not in get_args(Visibility):
        raise InvalidField("visibility: expected public or private")
    return cast(Visibility, value)
