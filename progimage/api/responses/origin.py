"""Answers requests for pictures of origins, for all URL grammars."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import falcon

from progimage import keys
from progimage.access.transform_policy import TransformPolicy
from progimage.api.auth.origins import originals_forbidden
from progimage.api.auth.rate_limits import RenderRateLimit
from progimage.api.requests import preconditions
from progimage.api.requests.negotiation import choose_format, source_of
from progimage.api.responses.delivery import (
    Delivery,
    etag_of_rendition,
    not_modified,
    part_opener,
    set_timing,
)
from progimage.api.responses.origin_url import url_of
from progimage.errors import DamagedOriginal, NotFound, OriginFailed, OriginMissing
from progimage.imaging.codecs import formats
from progimage.imaging.codecs.format import Format
from progimage.imaging.pipeline import Pipeline
from progimage.library import Library
from progimage.model import ANONYMOUS, Record
from progimage.origins.copies import Copies, viewer_of
from progimage.origins.origins import Found, Origin
from progimage.renditions.cache import Rendition
from progimage.renditions.render_request import at_focus
from progimage.renditions.renditions import Renditions
from progimage.telemetry import metrics

Choose = Callable[[Record], Pipeline | None]
"""Returns the pipeline for a record; None means the picture itself."""

_ATTEMPTS = 3
_MOST_REVALIDATING_S = 3_600


class _Wanted(NamedTuple):
    """What a URL says beside its pipeline; see `OriginResponder.respond`."""

    is_signed: bool
    is_versioned: bool
    download: str | None


class OriginResponder:
    """Sends pictures of origins: renditions, or the pictures themselves if that is allowed.

    Args:
        renditions, copies: of the pictures of origins.
        own: renditions of the library, for fallback pictures.
    """

    def __init__(
        self,
        copies: Copies,
        renditions: Renditions,
        delivery: Delivery,
        policy: TransformPolicy,
        rate_limit: RenderRateLimit,
        library: Library,
        own: Renditions,
    ) -> None:
        self._copies = copies
        self._renditions = renditions
        self._delivery = delivery
        self._policy = policy
        self._rate_limit = rate_limit
        self._library = library
        self._own = own

    def respond(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        origin: Origin,
        key: str,
        choose: Choose,
        *,
        is_signed: bool = False,
        is_versioned: bool = False,
        download: str | None = None,
    ) -> None:
        """Send the rendition that `choose` returns for the picture.

        Args:
            is_signed: True if the URL has a valid signature.
            is_versioned: True if the URL names a version, so that its answer never changes.
            download: the file name to save under, "" for the usual one; None to show it.

        Raises:
            OriginMissing, OriginFailed: `Origin.find` failed, and there is no fallback picture.
            Forbidden: the origin does not allow requests for the picture itself.
            TransformRefused: the transform policy does not allow the pipeline.
        """
        wanted = _Wanted(is_signed, is_versioned, download)
        try:
            for attempt in range(_ATTEMPTS):
                found = origin.find(key)
                try:
                    self._send(req, resp, origin, found, choose, wanted)
                except OriginMissing:
                    raise
                except (NotFound, DamagedOriginal) as error:
                    # The copy was removed, for a newer version or to make room, or is damaged.
                    self._copies.forget(found.record.id)
                    if attempt + 1 == _ATTEMPTS:
                        raise
                    if isinstance(error, DamagedOriginal):
                        self._copies.remove(origin.name, found.record.id)
                else:
                    return
        except (OriginMissing, OriginFailed):
            if not origin.settings.fallback:
                raise
            self._send_fallback(req, resp, origin, choose, is_signed=is_signed)

    def _send(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        origin: Origin,
        found: Found,
        choose: Choose,
        wanted: _Wanted,
    ) -> None:
        record = found.record
        pipeline = choose(record)
        if pipeline is None:
            self._send_original(req, resp, origin, found, wanted)
            return
        self._policy.check(pipeline, is_signed=wanted.is_signed)
        pipeline = at_focus(pipeline, record)
        form = choose_format(pipeline.format, req, resp, source_of(record))
        name = keys.rendition_name(pipeline.canonical, form.extension)
        etag = etag_of_rendition(record.id, name)
        canonical = f"{pipeline.canonical}.{form.extension}"
        resp.set_header(
            "Link", f'<{url_of(origin.name, found.pointer.key, canonical)}>; rel="canonical"'
        )
        self._describe(resp, form, origin, found, wanted)
        preconditions.require(req, etag)
        if self._is_unchanged(req, resp, found, etag):
            return
        viewer = viewer_of(origin.name)
        made = self._renditions.find_public(record.id, pipeline, form)
        if made is None:
            # HEAD requests cost their client nothing, so they must not fill the cache.
            made = self._renditions.find_or_render(
                viewer,
                record.id,
                pipeline,
                form,
                record,
                self._rate_limit.consumer(req),
                caches=req.method != "HEAD",
            )
        self._send_rendition(req, resp, self._renditions, made, etag, keys.FOREIGN)
        if found.state in ("stale", "renewed"):
            resp.set_header("X-Cache", found.state)

    def _is_unchanged(
        self, req: falcon.Request, resp: falcon.Response, found: Found, etag: str
    ) -> bool:
        """Set the ETag; set a 304 and return True if the client has this version.

        If-Modified-Since has to be the date that was sent: a file of an earlier date may have
        taken the place of the one that the client knows.
        """
        since = req.get_header("If-Modified-Since")
        if self._delivery.is_unchanged(req, resp, etag):
            return True
        if since and since == found.pointer.modified and not req.get_header("If-None-Match"):
            not_modified(resp)
            return True
        return False

    def _send_rendition(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        renditions: Renditions,
        made: Rendition,
        etag: str,
        prefix: str,
    ) -> None:
        with part_opener(renditions, made) as open_:
            set_timing(resp, made.timings)
            metrics.rendition(hit=made.timings is None)
            self._delivery.send(
                req,
                resp,
                key=None if made.key is None else prefix + made.key,
                size=made.reader.stat.size,
                etag=etag,
                is_public=made.is_public,
                open_=open_,
            )

    def _send_original(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        origin: Origin,
        found: Found,
        wanted: _Wanted,
    ) -> None:
        if not origin.settings.originals:
            raise originals_forbidden(origin.name)
        record = found.record
        form = formats.by_media_type(record.media_type)
        self._describe(resp, form, origin, found, wanted)
        preconditions.require(req, record.sha256)
        if self._is_unchanged(req, resp, found, record.sha256):
            return
        library = self._copies.library
        resp.set_header("X-Cache", found.state)
        self._delivery.send(
            req,
            resp,
            # The URL of a redirect could not say that a document is to be saved.
            key=None if form.is_vector else keys.FOREIGN + library.originals.key(record),
            size=record.size_bytes,
            etag=record.sha256,
            is_public=record.is_public,
            open_=lambda start, length: library.originals.open(record, start, length),
        )

    def _describe(
        self,
        resp: falcon.Response,
        form: Format,
        origin: Origin,
        found: Found,
        wanted: _Wanted,
    ) -> None:
        stem = found.record.file_name.rpartition(".")[0] or found.record.id[:16]
        is_public = found.record.is_public
        self._delivery.describe(
            resp,
            form,
            is_public=is_public,
            file_name=f"{stem}.{form.extension}",
            download=wanted.download,
        )
        if found.pointer.modified:
            resp.set_header("Last-Modified", found.pointer.modified)
        if is_public and not wanted.is_versioned:
            resp.set_header("Cache-Control", _caching(origin, found.fresh_s))

    def _send_fallback(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        origin: Origin,
        choose: Choose,
        *,
        is_signed: bool,
    ) -> None:
        """Send the origin's fallback picture with the requested pipeline."""
        viewer, fallback = ANONYMOUS, origin.settings.fallback
        record = self._library.find(viewer, fallback)
        pipeline = choose(record) or Pipeline()
        self._policy.check(pipeline, is_signed=is_signed)
        pipeline = at_focus(pipeline, record)
        form = choose_format(pipeline.format, req, resp, source_of(record))
        made = self._own.find_or_render(
            viewer,
            fallback,
            pipeline,
            form,
            record,
            self._rate_limit.consumer(req),
            caches=req.method != "HEAD",
        )
        name = keys.rendition_name(pipeline.canonical, form.extension)
        etag = etag_of_rendition(record.id, name)
        self._delivery.describe(resp, form, is_public=True, file_name=f"fallback.{form.extension}")
        resp.set_header("ETag", f'"{etag}"')
        resp.set_header("X-Fallback", "1")
        missing_s = origin.settings.missing_s
        resp.set_header(
            "Cache-Control", f"public, max-age={missing_s}" if missing_s else "no-store"
        )
        resp.status = falcon.code_to_http_status(origin.settings.fallback_status)
        self._send_rendition(req, resp, self._own, made, etag, "")


def _caching(origin: Origin, fresh_s: int) -> str:
    stale_s = origin.settings.stale_s
    return (
        f"public, max-age={fresh_s}, "
        f"stale-while-revalidate={min(stale_s, _MOST_REVALIDATING_S)}, stale-if-error={stale_s}"
    )
