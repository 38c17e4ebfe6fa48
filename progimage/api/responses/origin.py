"""Answers requests for pictures of origins, for all URL grammars."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from urllib.parse import quote

import falcon

from progimage import keys
from progimage.access.transform_policy import TransformPolicy
from progimage.api.auth.rate_limits import RenderRateLimit
from progimage.api.requests import preconditions
from progimage.api.requests.negotiation import choose_format, source_of
from progimage.api.responses.delivery import Delivery, etag_of_rendition, part_opener, set_timing
from progimage.errors import DamagedOriginal, Forbidden, NotFound, OriginFailed, OriginMissing
from progimage.imaging.codecs import formats
from progimage.imaging.codecs.formats import Format
from progimage.imaging.codecs.written_size import written_size
from progimage.imaging.operation import Size
from progimage.imaging.pipeline import Pipeline, parse
from progimage.library import Library
from progimage.lru import LockedLru
from progimage.model import ANONYMOUS, Record
from progimage.origins.copies import Copies, owner_of, viewer_of
from progimage.origins.origins import Found, Origin
from progimage.renditions.renditions import Rendition, Renditions, at_focus
from progimage.telemetry import metrics

Choose = Callable[[Record], Pipeline | None]
"""Returns the pipeline for a record; None means the picture itself."""

_ATTEMPTS = 3
_REMEMBERED_URLS = 8_192
_REMEMBERED_SIZES = 10_000
# A JPEG in the lowest quality is the quickest to write and to read.
_SMALL = "quality:1"
_KEY = "/!$&'()*+,;=:@-._~"
_PIPELINE = ":=,._-~/@"
_MOST_REVALIDATING_S = 3_600


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
        self._sizes: LockedLru[tuple[str, str], Size] = LockedLru(_REMEMBERED_SIZES)

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
        try:
            for attempt in range(_ATTEMPTS):
                found = origin.find(key)
                try:
                    self._send(
                        req,
                        resp,
                        origin,
                        found,
                        choose,
                        is_signed=is_signed,
                        is_versioned=is_versioned,
                        download=download,
                    )
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

    def size_after(
        self,
        req: falcon.Request,
        origin: Origin,
        record: Record,
        pipeline: Pipeline,
        *,
        is_signed: bool,
    ) -> Size:
        """Return the size of a picture after a pipeline that has to see its pixels.

        The sizes are remembered. A size that is not is read from a small rendition.

        Args:
            record: of a copy of the origin, or of its fallback picture.

        Raises: what a request for the rendition raises.
        """
        known = self._sizes.get((record.id, pipeline.canonical))
        if known is not None:
            return known
        self._policy.check(pipeline, is_signed=is_signed)
        is_copy = record.owner == owner_of(origin.name)
        viewer = viewer_of(origin.name) if is_copy else ANONYMOUS
        small = parse(f"{pipeline.canonical}/{_SMALL}")
        made = (self._renditions if is_copy else self._own).find_or_render(
            viewer,
            record.id,
            small,
            formats.JPEG,
            record,
            self._rate_limit.consumer(req),
            caches=req.method != "HEAD",
        )
        with made.reader as reader:
            if made.timings is not None:
                size = made.timings.width, made.timings.height
            else:
                size = written_size(reader.read())
        self._sizes.put((record.id, pipeline.canonical), size)
        return size

    def _send(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        origin: Origin,
        found: Found,
        choose: Choose,
        *,
        is_signed: bool,
        is_versioned: bool,
        download: str | None,
    ) -> None:
        record = found.record
        pipeline = choose(record)
        if pipeline is None:
            self._send_original(
                req, resp, origin, found, is_versioned=is_versioned, download=download
            )
            return
        self._policy.check(pipeline, is_signed=is_signed)
        pipeline = at_focus(pipeline, record)
        form = choose_format(pipeline.format, req, resp, source_of(record))
        name = keys.rendition_name(pipeline.canonical, form.extension)
        etag = etag_of_rendition(record.id, name)
        canonical = f"{pipeline.canonical}.{form.extension}"
        resp.set_header(
            "Link", f'<{url_of(origin.name, found.pointer.key, canonical)}>; rel="canonical"'
        )
        self._describe(resp, form, origin, found, is_versioned=is_versioned, download=download)
        preconditions.require(req, etag)
        if self._delivery.is_unchanged(req, resp, etag):
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
        *,
        is_versioned: bool,
        download: str | None,
    ) -> None:
        if not origin.settings.originals:
            raise originals_forbidden(origin.name)
        record = found.record
        form = formats.by_media_type(record.media_type)
        self._describe(resp, form, origin, found, is_versioned=is_versioned, download=download)
        preconditions.require(req, record.sha256)
        if self._delivery.is_unchanged(req, resp, record.sha256):
            return
        library = self._copies.library
        resp.set_header("X-Cache", found.state)
        self._delivery.send(
            req,
            resp,
            # The URL of a redirect could not say that a document is to be saved.
            key=None if form.is_vector else keys.FOREIGN + library.key_of_original(record),
            size=record.size_bytes,
            etag=record.sha256,
            is_public=record.is_public,
            open_=lambda start, length: library.open_original(record, start, length),
        )

    def _describe(
        self,
        resp: falcon.Response,
        form: Format,
        origin: Origin,
        found: Found,
        *,
        is_versioned: bool,
        download: str | None,
    ) -> None:
        stem = found.record.file_name.rpartition(".")[0] or found.record.id[:16]
        is_public = found.record.is_public
        self._delivery.describe(
            resp,
            form,
            is_public=is_public,
            file_name=f"{stem}.{form.extension}",
            download=download,
        )
        if found.pointer.modified:
            resp.set_header("Last-Modified", found.pointer.modified)
        if is_public and not is_versioned:
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


def originals_forbidden(origin: str) -> Forbidden:
    """Return the error for originals of an origin that serves only renditions."""
    return Forbidden(
        f"origin {origin!r} serves renditions, not the pictures themselves; request a "
        "transform, such as thumbnail"
    )


@lru_cache(_REMEMBERED_URLS)
def url_of(origin: str, key: str, pipeline: str) -> str:
    """Return the path of a rendition of an origin's picture, or of the picture itself for ""."""
    middle = f"/{quote(pipeline, safe=_PIPELINE)}" if pipeline else ""
    return f"/origins/{origin}{middle}/-/{quote(key, safe=_KEY)}"


def _caching(origin: Origin, fresh_s: int) -> str:
    stale_s = origin.settings.stale_s
    return (
        f"public, max-age={fresh_s}, "
        f"stale-while-revalidate={min(stale_s, _MOST_REVALIDATING_S)}, stale-if-error={stale_s}"
    )
