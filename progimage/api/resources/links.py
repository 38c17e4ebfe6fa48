"""`/images/<id>/links/`: signed links to what a picture's owner may see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import falcon

from progimage.access.signed_links import (
    LinkSigner,
    Scope,
    path_of_any,
    path_of_original,
    path_of_rendition,
)
from progimage.access.transform_policy import TransformPolicy
from progimage.api.auth.authentication import viewer_of
from progimage.api.openapi import schemas
from progimage.api.openapi.documented import Answer, Content, Named, documented
from progimage.api.requests.body import Body
from progimage.api.requests.query import SIGNATURE
from progimage.api.requests.submission import read_json_object
from progimage.api.responses import hal
from progimage.config import Settings
from progimage.errors import (
    Forbidden,
    InvalidArgument,
    InvalidField,
    InvalidRequest,
    NoLinkKey,
    NotFound,
    StoreUnavailable,
    TransformRefused,
)
from progimage.imaging.limits import Limits
from progimage.imaging.pipeline import Pipeline, parse
from progimage.library import Library
from progimage.model import Record, Viewer
from progimage.telemetry import audit

ORIGINAL, ANY = "original", "*"
DEFAULT_EXPIRES_S = 3600

_MAX_BYTES = 16 * 1024


def _wanted(settings: Settings) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "transform": {
                "type": "string",
                "default": ORIGINAL,
                "description": "A pipeline, as it stands behind the id in an address; `original` "
                "for the picture as it was uploaded; `*` for every rendition, but not the "
                "original.",
            },
            "expires_in": {
                "type": "integer",
                "minimum": 1,
                "maximum": settings.links.max_expires_s,
                "default": min(DEFAULT_EXPIRES_S, settings.links.max_expires_s),
                "description": "Seconds for which it holds.",
            },
        },
        "additionalProperties": False,
    }


_SIGNED = Named(
    "SignedLink",
    {
        "type": "object",
        "properties": {
            "url": {"type": "string", "description": "The link; with `templated` an RFC 6570 one."},
            "expires": {"type": "string", "format": "date-time"},
            "templated": {"type": "boolean"},
        },
        "required": ["url", "expires"],
    },
)


class LinkResource:
    """Signs links; `signer` is None where there is no key to do it with."""

    def __init__(
        self,
        library: Library,
        policy: TransformPolicy,
        signer: LinkSigner | None,
        settings: Settings,
        limits: Limits,
    ) -> None:
        self._library = library
        self._policy = policy
        self._signer = signer
        self._settings = settings
        self._limits = limits

    @documented(
        "links",
        "renditions",
        {200: Answer("The link.", {schemas.JSON: _SIGNED}, ("Cache-Control",))},
        parameters=(schemas.IMAGE_ID,),
        body=Content(
            {schemas.JSON: Named("LinkWanted", _wanted)},
            examples={schemas.JSON: {"transform": "thumbnail.webp", "expires_in": 3600}},
        ),
        errors=(
            InvalidRequest,
            InvalidArgument,
            InvalidField,
            NotFound,
            Forbidden,
            TransformRefused,
            NoLinkKey,
            StoreUnavailable,
            415,
        ),
    )
    def on_post(self, req: falcon.Request, resp: falcon.Response, image_id: str) -> None:
        """Sign a link by which anybody sees the picture in one form, or any, for a time.

        Only who may change a picture can sign for it. Nothing is kept: a link ends with
        its time, its picture, or its key.
        """
        viewer = viewer_of(req)
        record = self._library.find_to_edit(viewer, image_id)
        if self._signer is None:
            raise NoLinkKey(
                "this service has no key to sign links with; its operator can set auth.secret"
            )
        transform, expires_in_s = self._read(req)
        path, scope, address = self._path(viewer, record, transform)
        token, expires = self._signer.sign(path, expires_in_s, scope)
        audit.record("link", image=record.id, path=path, until=expires.isoformat())
        url = hal.absolute(req, self._settings.server.public_url, address)
        resp.media = {
            "url": f"{url}?{SIGNATURE}={token}",
            "expires": expires.isoformat().replace("+00:00", "Z"),
            **({"templated": True} if scope == "any" else {}),
        }
        resp.set_header("Cache-Control", "no-store")

    def _read(self, req: falcon.Request) -> tuple[str, int]:
        if (req.content_type or "").partition(";")[0].strip().lower() != "application/json":
            raise falcon.HTTPUnsupportedMediaType(
                title="Unsupported Content-Type",
                description="say what the link is to as application/json, such as "
                '{"transform": "thumbnail.webp", "expires_in": 3600}',
            )
        with Body(req, self._settings.upload) as body:
            fields = read_json_object(body, _MAX_BYTES)
        longest_s = self._settings.links.max_expires_s
        transform = fields.pop("transform", ORIGINAL)
        expires_in_s = fields.pop("expires_in", min(DEFAULT_EXPIRES_S, longest_s))
        if fields:
            raise InvalidField(
                f"{', '.join(sorted(fields))}: no such field; the fields are expires_in, transform"
            )
        if not isinstance(transform, str):
            raise InvalidField(
                "transform: expected a pipeline such as thumbnail.webp, 'original' or '*'"
            )
        if type(expires_in_s) is not int or not 1 <= expires_in_s <= longest_s:
            raise InvalidField(
                f"expires_in: expected a whole number of seconds from 1 to {longest_s}"
            )
        return transform, expires_in_s

    def _path(self, viewer: Viewer, record: Record, transform: str) -> tuple[str, Scope, str]:
        """Return what to sign, how much it covers, and the address it will stand at."""
        if transform == ORIGINAL:
            path = path_of_original(record.id)
            return path, "this", path
        if transform == ANY:
            self._policy.check_order(None, is_account=bool(viewer.name))
            return path_of_any(record.id), "any", f"/images/{record.id}/{{+pipeline}}"
        pipeline = self._pipeline(transform)
        self._policy.check_order(pipeline, is_account=bool(viewer.name))
        for other in sorted(pipeline.references):
            try:
                self._library.find(Viewer(name=record.owner), other)
            except NotFound as error:
                raise InvalidArgument(f"transform: uses another picture: {error}") from None
        path = path_of_rendition(record.id, pipeline)
        return path, "this", path

    def _pipeline(self, transform: str) -> Pipeline:
        pipeline = parse(transform, presets=self._settings.presets, limits=self._limits)
        if not str(pipeline):
            raise InvalidField(
                "transform: asks for nothing; write 'original', or name a format as in 'format:png'"
            )
        return pipeline


def reserved(presets: Mapping[str, str]) -> list[str]:
    """Return the names of presets that could never be asked for by address or by link."""
    return sorted({ORIGINAL, "links", "metadata", "renders"} & presets.keys())
