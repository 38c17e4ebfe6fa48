"""`/deepzoom/…`: Deep Zoom descriptors and tiles."""

from __future__ import annotations

from functools import lru_cache

import falcon

from progimage.api.fronts.deep_zoom import MEDIA_TYPE, descriptor, pipeline_of, split_path
from progimage.api.fronts.iiif.grammar import FORMATS
from progimage.api.fronts.iiif.identifier import read_identifier
from progimage.api.openapi import schemas
from progimage.api.openapi.documented import Answer, documented, in_path
from progimage.api.parts import Parts
from progimage.api.requests.query import picture_query
from progimage.api.requests.raw_path import raw_path
from progimage.api.resources.renditions import RENDER_ERRORS
from progimage.errors import InvalidRequest, OriginFailed, OriginTimeout
from progimage.imaging.operation import Size
from progimage.imaging.pipeline import Pipeline

_REMEMBERED_TILES = 4_096
_IN_FORMATS = dict.fromkeys(FORMATS.values(), schemas.BINARY)
_TILE = schemas.delivered(_IN_FORMATS, rendered=True)

PATH = in_path(
    "path",
    "`<identifier>.dzi` for the descriptor, `<identifier>_files/<level>/<column>_<row>.<format>` "
    "for a tile. Identifiers are those of IIIF.",
    f"{schemas.IMAGE_ID.example}.dzi",
)


class DeepZoom:
    """Parses the URLs of Deep Zoom and sends descriptors and tiles."""

    def __init__(self, parts: Parts) -> None:
        self._responder = parts.to_viewers
        self._pipeline = lru_cache(_REMEMBERED_TILES)(pipeline_of)

    @documented(
        "deep_zoom",
        "viewers",
        {
            **_TILE,
            200: Answer(
                "The tile, or the descriptor.",
                {**_IN_FORMATS, MEDIA_TYPE: {"type": "string"}},
                _TILE[200].headers,
            ),
        },
        parameters=(PATH, schemas.SIGNATURE, schemas.RANGE, schemas.IF_NONE_MATCH),
        errors=(*RENDER_ERRORS, OriginFailed, OriginTimeout),
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response, path: str) -> None:
        """Send a tile of a picture, or the descriptor that says which tiles there are."""
        segment, tile = split_path(raw_path(req))
        query = picture_query(req)
        if query.arguments:
            raise InvalidRequest(f"query: {query.arguments[0][0][:40]!r} is unknown")
        identifier = read_identifier(segment, query.signature)
        if tile is None:
            shown = self._responder.find(req, identifier)
            record = shown.record
            resp.content_type = MEDIA_TYPE
            resp.data = descriptor((record.width, record.height), has_alpha=record.has_alpha)
            resp.set_header("Cache-Control", shown.caching)
            return

        def compile_(size: Size) -> tuple[Pipeline, str]:
            return self._pipeline(tile, size), ""

        self._responder.send(req, resp, identifier, compile_)
