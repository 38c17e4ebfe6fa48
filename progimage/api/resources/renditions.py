"""`/images/<id>/<pipeline>.<ext>` and `/images/<id>.<ext>`: the URLs of renditions."""

from __future__ import annotations

import falcon

from progimage import keys
from progimage.api.auth.authentication import viewer_of
from progimage.api.openapi import schemas
from progimage.api.openapi.documented import documented
from progimage.api.parts import Parts
from progimage.api.requests.query import picture_query
from progimage.errors import (
    InvalidArgument,
    InvalidLink,
    InvalidRequest,
    LinkExpired,
    NotAcceptable,
    OutputTooLarge,
    Overloaded,
    PictureError,
    RateLimited,
    RenderFailed,
    RenderTimeout,
    TransformNotAllowed,
)

RENDER_ERRORS = (
    InvalidRequest,
    InvalidArgument,
    OutputTooLarge,
    NotAcceptable,
    PictureError,
    RenderFailed,
    RenderTimeout,
    InvalidLink,
    LinkExpired,
    TransformNotAllowed,
    RateLimited,
    Overloaded,
)
"""The errors of requests that transform a picture."""


class RenditionResource:
    """Parses the pipeline of a URL and sends its rendition."""

    def __init__(self, parts: Parts) -> None:
        self._responder = parts.to_renditions
        self._library = parts.library
        self._parse = parts.parse

    @documented(
        "rendition",
        "renditions",
        schemas.delivered(schemas.PICTURES, rendered=True),
        parameters=(
            schemas.IMAGE_ID,
            schemas.PIPELINE,
            schemas.ARGUMENTS,
            *schemas.RENDITION_PARAMETERS,
        ),
        errors=(*RENDER_ERRORS,),
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response, image_id: str, path: str) -> None:
        """Send the rendition."""
        if not keys.is_image_id(image_id):
            # 404 before any error of the pipeline: the path has no picture id.
            self._library.find(viewer_of(req), image_id)
        query = picture_query(req)
        pipeline = self._parse(path, query.arguments)
        self._responder.respond(req, resp, image_id, pipeline, query)

    @documented(
        "converted",
        "renditions",
        schemas.delivered(schemas.PICTURES, rendered=True),
        parameters=(
            schemas.IMAGE_ID,
            schemas.EXTENSION,
            *schemas.RENDITION_PARAMETERS,
        ),
        errors=(*RENDER_ERRORS,),
    )
    def on_get_converted(
        self, req: falcon.Request, resp: falcon.Response, image_id: str, extension: str
    ) -> None:
        """Send the whole picture in another format."""
        self.on_get(req, resp, image_id, f"format:{extension}")
