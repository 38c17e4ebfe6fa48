"""`/images/<id>/<pipeline>.<ext>` and `/images/<id>.<ext>`: renditions, from the cache or made."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from threading import Lock

import falcon

from progimage import keys
from progimage.api.auth.authentication import viewer_of
from progimage.api.auth.authorization import Access, Authorization
from progimage.api.auth.rate_limits import RenderRateLimit
from progimage.api.openapi import schemas
from progimage.api.openapi.documented import documented
from progimage.api.requests.negotiation import Source, choose_format
from progimage.api.requests.query import signed_pairs
from progimage.api.responses import hal
from progimage.api.responses.delivery import Delivery, etag_of_rendition, tell_timing
from progimage.errors import (
    InvalidArgument,
    InvalidRequest,
    LinkExpired,
    LinkRefused,
    NotAcceptable,
    NotFound,
    OutputTooLarge,
    Overloaded,
    PictureError,
    RateLimited,
    RenderFailed,
    RenderTimeout,
    StoreUnavailable,
    TransformRefused,
)
from progimage.imaging.codecs import formats
from progimage.imaging.codecs.formats import Format
from progimage.imaging.limits import Limits
from progimage.imaging.pipeline import Pipeline, parse
from progimage.library import Library
from progimage.model import Record, Viewer
from progimage.renditions.renditions import Rendition, Renditions
from progimage.stores import Reader
from progimage.telemetry import metrics

_REMEMBERED_SOURCES = 10_000
_REMEMBERED_PIPELINES = 4_096

Query = tuple[tuple[str, str], ...]


RENDER_ERRORS = (
    InvalidRequest,
    InvalidArgument,
    OutputTooLarge,
    NotAcceptable,
    PictureError,
    RenderFailed,
    RenderTimeout,
    LinkRefused,
    LinkExpired,
    TransformRefused,
    RateLimited,
    Overloaded,
    StoreUnavailable,
)
"""What can go wrong where a picture is transformed."""


class RenditionResource:
    """What the pipeline in the URL makes of a picture."""

    def __init__(
        self,
        library: Library,
        renders: Renditions,
        delivery: Delivery,
        presets: Mapping[str, str],
        limits: Limits,
        authorization: Authorization,
        rate_limit: RenderRateLimit,
    ) -> None:
        self._library = library
        self._authorization = authorization
        self._rate_limit = rate_limit
        self._renders = renders
        self._delivery = delivery
        # Few pipelines make most requests, and reading one takes as long as sending a file.
        self._parse: Callable[[str, Query], Pipeline] = lru_cache(_REMEMBERED_PIPELINES)(
            partial(parse, presets=presets, limits=limits)
        )
        self._sources: OrderedDict[str, Source] = OrderedDict()
        self._lock = Lock()

    @documented(
        "rendition",
        "renditions",
        schemas.delivered(schemas.PICTURES, rendered=True),
        parameters=(
            schemas.IMAGE_ID,
            schemas.PIPELINE,
            schemas.ARGUMENTS,
            schemas.SIGNATURE,
            schemas.ACCEPT,
            schemas.RANGE,
            schemas.IF_NONE_MATCH,
        ),
        errors=(*RENDER_ERRORS, NotFound, 416),
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response, image_id: str, path: str) -> None:
        """Send the rendition."""
        if not keys.is_image_id(image_id):
            self._library.find(viewer_of(req), image_id)
        arguments, signature = signed_pairs(req)
        pipeline = self._parse(path, tuple(arguments))
        access = self._authorization.to_rendition(viewer_of(req), image_id, pipeline, signature)
        form = self._format(req, resp, access.viewer, image_id, pipeline)
        name = keys.rendition_name(pipeline.canonical, form.extension)
        etag = etag_of_rendition(image_id, name)
        resp.set_header("Link", f'<{hal.rendition(image_id, name)}>; rel="canonical"')
        found = self._renders.find_public(image_id, pipeline, form)
        if found is None:
            record = self._find(access.viewer, image_id)
            # Also before a 304: it would let a cache go on with what was hidden since.
            is_public = self._renders.shows_only_public(access.viewer, record, pipeline)
            self._describe(resp, image_id, form, access, is_public=is_public)
            if self._delivery.is_unchanged(req, resp, etag):
                return
            found = self._renders.find_or_render(
                access.viewer, image_id, pipeline, form, record, self._rate_limit.of(req)
            )
        self._send(req, resp, image_id, access, found, etag)

    on_head = on_get

    @documented(
        "converted",
        "renditions",
        schemas.delivered(schemas.PICTURES, rendered=True),
        parameters=(
            schemas.IMAGE_ID,
            schemas.EXTENSION,
            schemas.SIGNATURE,
            schemas.ACCEPT,
            schemas.RANGE,
            schemas.IF_NONE_MATCH,
        ),
        errors=(*RENDER_ERRORS, NotFound, 416),
    )
    def on_get_converted(
        self, req: falcon.Request, resp: falcon.Response, image_id: str, extension: str
    ) -> None:
        """Send the whole picture in another format."""
        self.on_get(req, resp, image_id, f"format:{extension}")

    on_head_converted = on_get_converted

    def _send(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        image_id: str,
        access: Access,
        found: Rendition,
        etag: str,
    ) -> None:
        taken = False

        def open_(start: int, length: int | None) -> Reader:
            nonlocal taken
            taken = True
            return self._renders.narrow(found, start, length)

        try:
            self._describe(resp, image_id, found.format, access, is_public=found.is_public)
            tell_timing(resp, found.timings)
            metrics.rendition(hit=found.timings is None)
            if not self._delivery.is_unchanged(req, resp, etag):
                self._delivery.send(
                    req,
                    resp,
                    key=found.key,
                    size=found.reader.stat.size,
                    etag=etag,
                    is_public=found.is_public,
                    open_=open_,
                    ends_s=access.ends_s,
                )
        finally:
            if not taken:
                found.reader.close()

    def _describe(
        self,
        resp: falcon.Response,
        image_id: str,
        form: Format,
        access: Access,
        *,
        is_public: bool,
    ) -> None:
        name = f"{image_id[:16]}.{form.extension}"
        self._delivery.describe(
            resp, form, is_public=is_public, file_name=name, ends_s=access.ends_s
        )

    def _format(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        viewer: Viewer,
        image_id: str,
        pipeline: Pipeline,
    ) -> Format:
        if pipeline.format not in (None, "auto"):
            return formats.by_name(pipeline.format)
        try:
            return choose_format(pipeline.format, req, resp, self._source(viewer, image_id))
        except NotAcceptable:
            # What is remembered of a picture may be of one that is hidden by now.
            self._find(viewer, image_id)
            raise

    def _find(self, viewer: Viewer, image_id: str) -> Record:
        try:
            return self._library.find(viewer, image_id)
        except NotFound:
            # What is no longer for all must look like what never was.
            with self._lock:
                self._sources.pop(image_id, None)
            raise

    def _source(self, viewer: Viewer, image_id: str) -> Source:
        """Return what decides the format; of public pictures it is remembered.

        An id's bytes never change; but of a private picture nobody may learn anything
        before it is known that they may see it.
        """
        with self._lock:
            source = self._sources.get(image_id)
        if source is None:
            record = self._library.find(viewer, image_id)
            source = Source(
                formats.by_media_type(record.media_type), record.has_alpha, record.frames > 1
            )
            if not record.is_public:
                return source
            with self._lock:
                self._sources[image_id] = source
                if len(self._sources) > _REMEMBERED_SOURCES:
                    self._sources.popitem(last=False)
        return source
