"""`/origins/<name>/…`: pictures at other servers, which are not uploaded."""

from __future__ import annotations

from typing import NamedTuple

import falcon

from progimage.api.auth.authentication import author_of, viewer_of
from progimage.api.openapi import schemas
from progimage.api.openapi.documented import Answer, Parameter, documented, in_path
from progimage.api.parts import Parts
from progimage.api.requests.origin_path import MARK, origin_of, parts_of
from progimage.api.requests.query import VERSION as VERSION_NAME
from progimage.api.requests.query import PictureQuery, picture_query
from progimage.api.requests.raw_path import raw_path
from progimage.api.resources.jobs import documents
from progimage.api.resources.renditions import RENDER_ERRORS
from progimage.api.responses import hal
from progimage.api.responses.origin_facts import facts
from progimage.errors import (
    Forbidden,
    InvalidRequest,
    OriginFailed,
    OriginMissing,
    OriginTimeout,
    Overloaded,
    PreconditionFailed,
)
from progimage.jobs.creation import purge_of
from progimage.jobs.model import Counts, Progress, Request
from progimage.origins.origins import Origin

_INFO, _RENDERS = "info", "renders"

NAME = in_path(
    "name",
    "The name that the settings give the origin.",
    "shop",
    pattern="^[a-z0-9][a-z0-9-]{0,31}$",
)
PATH = in_path(
    "path",
    "A pipeline, then `/-/`, then the picture's key at its origin, percent-encoded: "
    "`resize:400x300,fit=cover.webp/-/2024/boat%20trip.jpg`. `-/<key>` is the picture itself, "
    "`info/-/<key>` its facts.",
    "thumbnail.webp/-/2024/boat.jpg",
)
VERSION = Parameter(
    VERSION_NAME,
    "A version of the picture: the answer may then be cached for ever. It is not part of the key.",
    {"type": "string"},
)
_ERRORS = (
    *RENDER_ERRORS,
    OriginMissing,
    OriginFailed,
    OriginTimeout,
    Forbidden,
    PreconditionFailed,
    416,
)


class _Target(NamedTuple):
    """The parts of a URL: the text before `/-/`, and the key after it."""

    origin: Origin
    action: str
    key: str


class OriginResource:
    """Parses the URLs of origins and sends their pictures."""

    def __init__(self, parts: Parts) -> None:
        self.origins = parts.origins
        self._responder = parts.to_origins
        self._authorization = parts.origin_authorization
        self._parse = parts.parse
        self._jobs = parts.jobs
        self._max_waiting = parts.settings.jobs.max_waiting
        self._announce = parts.announce_job
        self._urls = parts.urls

    @documented(
        "origin_picture",
        "origins",
        {
            **schemas.delivered(schemas.PICTURES, rendered=True),
        },
        parameters=(
            NAME,
            PATH,
            VERSION,
            schemas.SIGNATURE,
            schemas.ACCEPT,
            schemas.RANGE,
            schemas.IF_NONE_MATCH,
        ),
        errors=_ERRORS,
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response, name: str, path: str) -> None:
        """Send a rendition of an origin's picture, the picture itself, or its facts."""
        target = self._target(req, name)
        query = picture_query(req)
        _check_query(query)
        signature = query.signature
        if target.action == _INFO:
            self._authorization.check(viewer_of(req), target.origin, None, target.key, signature)
            resp.media = facts(target.origin, target.origin.find(target.key))
            resp.set_header("Cache-Control", "no-cache")
            return
        pipeline = self._parse(target.action) if target.action else None
        is_signed = self._authorization.check(
            viewer_of(req), target.origin, pipeline, target.key, signature
        )
        self._responder.respond(
            req,
            resp,
            target.origin,
            target.key,
            lambda _: pipeline,
            is_signed=is_signed,
            is_versioned=query.version is not None,
            download=query.download,
        )

    @documented(
        "origin_picture",
        "origins",
        {
            202: Answer(
                "The job that removes the copies.",
                {schemas.JSON: documents.SUMMARY},
                ("Location",),
            ),
            204: Answer("The copies are removed."),
        },
        parameters=(NAME, PATH),
        errors=(InvalidRequest, Forbidden, Overloaded),
    )
    def on_delete(self, req: falcon.Request, resp: falcon.Response, name: str, path: str) -> None:
        """Remove the cached copies and renditions of `renders/-/<key>`, on all nodes at once.

        `<key>*` means every key with this prefix: a job removes them. If accounts are on, only
        an administrator may do this.
        """
        author = author_of(req)
        if author.name and not author.is_admin:
            raise Forbidden("only an administrator may remove cached pictures of an origin")
        target = self._target(req, name)
        if target.action != _RENDERS:
            raise InvalidRequest(f"path: expected {_RENDERS}{MARK}<key>")
        if target.key.endswith("*"):
            request = self._purge_all(target.origin, target.key.removesuffix("*"), author.name)
            progress = Progress(request, "pending", Counts(request.total, 0, 0))
            resp.status = falcon.HTTP_202
            resp.media = documents.summary(progress, self._urls)
            resp.location = self._urls.absolute(req, hal.job(request.id))
            return
        target.origin.forget(target.key)
        resp.status = falcon.HTTP_204

    def _purge_all(self, origin: Origin, prefix: str, owner: str) -> Request:
        """Store a job that removes what is stored of the keys with this prefix."""
        self._jobs.check_room(self._max_waiting)
        request, entries = purge_of(origin.name, prefix, owner=owner, created=self._jobs.clock())
        self._jobs.create(request, entries)
        self._announce(request)
        return request

    def _target(self, req: falcon.Request, name: str) -> _Target:
        return _Target(origin_of(self.origins, name), *parts_of(raw_path(req), name))


def _check_query(query: PictureQuery) -> None:
    """Raise `InvalidRequest` if the query has arguments of a pipeline."""
    if query.arguments:
        raise InvalidRequest(
            f"query: {query.arguments[0][0][:40]!r} is unknown; arguments belong in the path"
        )
