"""Answers requests for renditions of pictures, for all URL grammars."""

from __future__ import annotations

import falcon

from progimage import keys
from progimage.api.auth.authentication import viewer_of
from progimage.api.auth.authorization import Access
from progimage.api.components import Components
from progimage.api.requests import preconditions
from progimage.api.requests.negotiation import Source, choose_format, source_of
from progimage.api.requests.query import PictureQuery
from progimage.api.responses import hal
from progimage.api.responses.delivery import etag_of_rendition, part_opener, set_timing
from progimage.errors import NotAcceptable, NotFound
from progimage.imaging.codecs import formats
from progimage.imaging.codecs.format import Format
from progimage.imaging.pipeline import Pipeline
from progimage.lru import LockedLru
from progimage.model import Record, Viewer
from progimage.renditions.render_request import at_focus
from progimage.telemetry import metrics

_REMEMBERED_SOURCES = 10_000


class RenditionResponder:
    """Sends renditions of pictures of the library, from the cache or newly rendered.

    A resource parses its URL into a picture's id, a pipeline and a signature. This class does
    the rest: authorization, the format, caching, conditional and range requests.
    """

    def __init__(self, parts: Components) -> None:
        self._urls = parts.urls
        self._library = parts.library
        self._renditions = parts.renditions
        self._delivery = parts.delivery
        self._authorization = parts.authorization
        self._rate_limit = parts.render_rate_limit
        self._sources: LockedLru[str, Source] = LockedLru(_REMEMBERED_SOURCES)

    def respond(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        image_id: str,
        pipeline: Pipeline,
        query: PictureQuery,
        *,
        can_change: bool = False,
    ) -> None:
        """Send the rendition of the picture `image_id` by `pipeline`.

        Args:
            can_change: the URL can show another picture later.

        Raises:
            NotFound: there is no such picture, or the client may not see it.
            TransformNotAllowed, InvalidLink: the policy or the signature does not allow it.
            NotAcceptable: the client accepts no format that the picture can be converted to.
            RateLimited, Overloaded: it is not cached, and cannot be rendered now.
            InvalidArgument, OutputTooLarge, CorruptPicture, RenderFailed, RenderTimeout:
                the render failed.
        """
        viewer = viewer_of(req)
        access = self._authorization.to_rendition(viewer, image_id, pipeline, query.signature)
        self.send(
            req, resp, image_id, pipeline, access, download=query.download, can_change=can_change
        )

    def send(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        image_id: str,
        pipeline: Pipeline,
        access: Access,
        *,
        record: Record | None = None,
        links: str | None = None,
        download: str | None = None,
        can_change: bool = False,
    ) -> None:
        """Send the rendition to a client that is authorized.

        Args:
            record: the record that `access.viewer` was just allowed to see, None to read it.
            links: the Link header, None for the canonical path of the rendition.
            download, can_change: as in `Delivery.describe`.

        Raises: as `respond` does, but neither TransformNotAllowed nor InvalidLink.
        """
        form = self._format(req, resp, access.viewer, image_id, pipeline)
        name = keys.rendition_name(pipeline.canonical, form.extension)
        path = self._urls.relative(hal.rendition(image_id, name))
        resp.set_header("Link", links or f'<{path}>; rel="canonical"')
        can_change = can_change or pipeline.uses_focus
        if pipeline.uses_focus or pipeline.uses_faces:
            # Another focal point is another rendition, with an ETag of its own.
            record = record or self._find(access.viewer, image_id)
            pipeline = at_focus(pipeline, record)
            name = keys.rendition_name(pipeline.canonical, form.extension)
        etag = etag_of_rendition(image_id, name)

        def describe(form: Format, *, is_public: bool) -> None:
            self._delivery.describe(
                resp,
                form,
                is_public=is_public,
                file_name=f"{image_id[:16]}.{form.extension}",
                download=download,
                ends_s=access.ends_s,
                can_change=can_change,
            )

        found = self._renditions.find_public(image_id, pipeline, form)
        if found is None:
            record = record or self._find(access.viewer, image_id)
            # Checked before a 304 too: with it, a cache would keep a picture that is now private.
            is_public = self._renditions.shows_only_public(access.viewer, record, pipeline)
            describe(form, is_public=is_public)
            preconditions.require(req, etag)
            if self._delivery.is_unchanged(req, resp, etag):
                return
            found = self._renditions.find_or_render(
                access.viewer,
                image_id,
                pipeline,
                form,
                record,
                self._rate_limit.consumer(req),
                # HEAD requests cost their client nothing, so they must not fill the cache.
                caches=req.method != "HEAD",
            )
        with part_opener(self._renditions, found) as open_:
            describe(found.format, is_public=found.is_public)
            set_timing(resp, found.timings)
            metrics.rendition(hit=found.timings is None)
            preconditions.require(req, etag)
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
            # The cached source may be of a picture that is now private.
            self._find(viewer, image_id)
            raise

    def _find(self, viewer: Viewer, image_id: str) -> Record:
        try:
            return self._library.find(viewer, image_id)
        except NotFound:
            # A hidden picture must look like one that never existed.
            self._sources.pop(image_id)
            raise

    def _source(self, viewer: Viewer, image_id: str) -> Source:
        """Return the facts that decide the format; those of public pictures are cached.

        They never change, since the bytes of an id never do. Those of private pictures are not
        cached, since they may be used only after the viewer's access is checked.
        """
        source = self._sources.get(image_id)
        if source is None:
            record = self._library.find(viewer, image_id)
            source = source_of(record)
            if record.is_public:
                self._sources.put(image_id, source)
        return source
