"""`/iiif/<version>/…`: the IIIF Image API, versions 3.0 and 2.1."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial

import falcon

from progimage.api.fronts.iiif.compile import CompiledRequest, compile_request
from progimage.api.fronts.iiif.geometry import SizeLimits
from progimage.api.fronts.iiif.grammar import FORMATS, Version
from progimage.api.fronts.iiif.identifier import Identifier
from progimage.api.fronts.iiif.info import CONTEXTS, PROFILES, info
from progimage.api.fronts.iiif.path import INFO, split_path
from progimage.api.openapi import schemas
from progimage.api.openapi.documented import Answer, Parameter, documented, in_path
from progimage.api.parts import Parts
from progimage.api.requests.raw_path import raw_path
from progimage.api.resources.renditions import RENDER_ERRORS
from progimage.api.responses.json_ld import JSON_LD, send_json_ld
from progimage.errors import NotFound, OriginFailed, OriginTimeout
from progimage.imaging.operation import Size
from progimage.imaging.pipeline import Pipeline

_REMEMBERED_REQUESTS = 4_096
_IN_FORMATS = dict.fromkeys(FORMATS.values(), schemas.BINARY)

VERSION = Parameter(
    "version",
    "The version of the API; 2 is 2.1.",
    {"type": "integer", "enum": [2, 3]},
    place="path",
    required=True,
    example=3,
)
PATH = in_path(
    "path",
    "An identifier, then `/info.json` or `/<region>/<size>/<rotation>/<quality>.<format>`. The "
    "identifier is a picture's id, or `origin:<name>:<key>` with `%2F` for each slash of the key; "
    "`~<signature>` after it shows a private picture.",
    f"{schemas.IMAGE_ID.example}/full/max/0/default.jpg",
)
_PICTURE = schemas.delivered(_IN_FORMATS, rendered=True)
_ANSWERS = {
    **_PICTURE,
    200: Answer(
        "The picture; or the facts about it, `info.json`.",
        {**_IN_FORMATS, JSON_LD: {"type": "object"}, schemas.JSON: {"type": "object"}},
        _PICTURE[200].headers,
    ),
    303: Answer("The address of the facts, for the base URI of a picture.", {}, ("Location",)),
}
_ERRORS = (*RENDER_ERRORS, NotFound, OriginFailed, OriginTimeout, 416)


class IiifImages:
    """Parses the URLs of the Image API and sends pictures and facts."""

    def __init__(self, parts: Parts) -> None:
        self._responder = parts.to_viewers
        self._urls = parts.urls
        self._limits = SizeLimits.of(parts.limits)
        self._compile: Callable[[Version, tuple[str, ...], Size], CompiledRequest] = lru_cache(
            _REMEMBERED_REQUESTS
        )(partial(compile_request, limits=parts.limits))

    @documented(
        "iiif_image",
        "viewers",
        _ANSWERS,
        parameters=(VERSION, PATH, schemas.ACCEPT, schemas.RANGE, schemas.IF_NONE_MATCH),
        errors=_ERRORS,
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response, version: int, path: str) -> None:
        """Send a region of a picture, or the facts about it."""
        if version not in CONTEXTS:
            raise NotFound("there is nothing at this path; the versions are 2 and 3")
        spoken: Version = 2 if version == 2 else 3
        identifier, rest = split_path(spoken, raw_path(req))
        base = self._urls.absolute(req, f"/iiif/{spoken}/{identifier.segment}")
        if not rest:
            shown = self._responder.find(req, identifier)
            resp.status = falcon.HTTP_303
            resp.location = f"{base}/{INFO}"
            resp.set_header("Cache-Control", shown.caching)
        elif rest == (INFO,):
            self._send_info(req, resp, spoken, base, identifier)
        else:
            self._send_image(req, resp, spoken, base, identifier, rest)

    def _send_info(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        version: Version,
        base: str,
        identifier: Identifier,
    ) -> None:
        shown = self._responder.find(req, identifier)
        record = shown.record
        size = (record.width, record.height)
        manifest = self._urls.absolute(req, f"/iiif/manifest/{identifier.segment}")
        document = info(version, base, size, self._limits, rights=record.rights, manifest=manifest)
        send_json_ld(req, resp, document, is_default=version == 3)
        resp.set_header("Cache-Control", shown.caching)
        resp.set_header("Link", f'<{PROFILES[version]}>;rel="profile"')

    def _send_image(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        version: Version,
        base: str,
        identifier: Identifier,
        segments: tuple[str, ...],
    ) -> None:
        def compile_(size: Size) -> tuple[Pipeline, str]:
            compiled = self._compile(version, segments, size)
            canonical = f'<{base}/{compiled.canonical}>;rel="canonical"'
            return compiled.pipeline, f'{canonical},<{PROFILES[version]}>;rel="profile"'

        self._responder.send(req, resp, identifier, compile_)
