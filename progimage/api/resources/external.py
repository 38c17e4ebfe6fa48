"""`/external/<owner>/<external id>`: the picture that has an external id at present."""

from __future__ import annotations

from urllib.parse import quote, unquote_to_bytes

import falcon

from progimage.api.auth.authentication import viewer_of
from progimage.api.openapi import schemas
from progimage.api.openapi.documented import Answer, documented, in_path
from progimage.api.parts import Parts
from progimage.api.requests.misplaced import check_no_transform
from progimage.api.requests.query import picture_query
from progimage.api.requests.raw_path import raw_path
from progimage.api.resources.renditions import RENDER_ERRORS
from progimage.api.responses import hal
from progimage.errors import InvalidRequest, NotFound
from progimage.library import owner_keys
from progimage.library.external_ids import clean_external_id

_PREFIX = "/external/"

_OWNER = in_path(
    "owner",
    "The account that the picture belongs to; `_` for pictures without an owner.",
    "_",
    minLength=1,
    maxLength=100,
)
_PATH = in_path(
    "path",
    "The external id, percent-encoded as one segment; then `/` and a pipeline for a rendition: "
    "`sku-42/thumbnail.webp`, or `products%2F42/thumbnail.webp`.",
    "sku-42",
    minLength=1,
    maxLength=2000,
)


class ExternalResource:
    """Sends the original or a rendition of the picture that an external id leads to."""

    def __init__(self, parts: Parts) -> None:
        self._external_ids = parts.library.external_ids
        self._originals = parts.to_originals
        self._renditions = parts.to_renditions
        self._urls = parts.urls
        self._parse = parts.parse

    @documented(
        "external",
        "pictures",
        {
            **schemas.delivered({**schemas.ORIGINALS, **schemas.PICTURES}, rendered=True),
            308: Answer("The same without spaces and slashes at the ends.", {}, ("Location",)),
        },
        parameters=(
            _OWNER,
            _PATH,
            *schemas.RENDITION_PARAMETERS,
        ),
        errors=(*RENDER_ERRORS,),
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response, owner: str, path: str) -> None:
        """Send the picture that has this external id at present, or a rendition of it.

        Another picture can get the id, so caches have to ask each time whether the ETag is still
        that of the picture.
        """
        owner, external_id, steps = _target(raw_path(req))
        if (right_path := _other_spelling(raw_path(req), external_id)) is not None:
            suffix = f"?{req.query_string}" if req.query_string else ""
            resp.status = falcon.HTTP_308
            resp.location = f"{self._urls.relative(right_path)}{suffix}"
            resp.set_header("Cache-Control", "no-store")
            return
        name = "" if owner == owner_keys.NO_OWNER else owner
        record = self._external_ids.find(viewer_of(req), name, external_id)
        query = picture_query(req)
        if not steps:
            check_no_transform(record.id, query.arguments)
            path = self._urls.relative(hal.picture(record.id))
            resp.set_header("Link", f'<{path}>; rel="canonical"')
            self._originals.respond(req, resp, record.id, query, can_change=True)
            return
        pipeline = self._parse(steps, query.arguments)
        self._renditions.respond(req, resp, record.id, pipeline, query, can_change=True)


def _target(raw: str) -> tuple[str, str, str]:
    """Return the owner, the external id and the pipeline of an undecoded path.

    Raises:
        NotFound: there can be no such owner.
        InvalidRequest: it is not UTF-8.
    """
    owner, _, rest = raw.partition(_PREFIX)[2].partition("/")
    segment, _, steps = rest.partition("/")
    if not owner_keys.is_owner(owner):
        raise NotFound("there is no such owner; /external/<owner>/<external id> names one, or _")
    try:
        external_id = unquote_to_bytes(segment).decode()
        pipeline = unquote_to_bytes(steps).decode()
    except UnicodeDecodeError:
        raise InvalidRequest("the path is not percent-encoded UTF-8") from None
    return owner, external_id, pipeline.strip("/")


def _other_spelling(raw: str, external_id: str) -> str | None:
    """Return the path that an id has, None if this is its path.

    Spaces around the id, letters that Unicode composes in two ways, and slashes at the ends
    would be further keys of caches for one answer.
    """
    owner, _, rest = raw.partition(_PREFIX)[2].partition("/")
    segment, _, steps = rest.partition("/")
    cleaned = clean_external_id(external_id)
    if not cleaned:
        return None
    if cleaned != external_id:
        segment = quote(cleaned, safe="")
    wanted = "/".join(filter(None, (segment, steps.strip("/"))))
    return None if wanted == rest else f"{_PREFIX}{owner}/{wanted}"
