"""Answers requests for pictures of origins, for all URL grammars."""

from __future__ import annotations

from typing import NamedTuple

import falcon

from progimage import keys
from progimage.api.auth.origins import originals_forbidden
from progimage.api.components import Components
from progimage.api.requests import preconditions
from progimage.api.requests.negotiation import choose_format, source_of
from progimage.api.responses.delivery import etag_of_rendition, not_modified
from progimage.api.responses.origin_fallback import Choose, FallbackResponder, send_rendition
from progimage.api.responses.origin_url import url_of
from progimage.errors import DamagedOriginal, NotFound, OriginFailed, OriginMissing
from progimage.imaging.codecs import formats
from progimage.imaging.codecs.format import Format
from progimage.model import ANONYMOUS, Record
from progimage.origins.copies import is_copy, viewer_of
from progimage.origins.origins import Found, Origin
from progimage.renditions.render_request import at_focus

_ATTEMPTS = 3
_MOST_REVALIDATING_S = 3_600


class _Answer(NamedTuple):
    """A picture of an origin that a request asks for; see `OriginResponder.respond`."""

    req: falcon.Request
    resp: falcon.Response
    origin: Origin
    found: Found
    is_signed: bool
    is_versioned: bool
    download: str | None


class OriginResponder:
    """Sends pictures of origins: renditions, or the pictures themselves if that is allowed."""

    def __init__(self, parts: Components) -> None:
        self._copies = parts.copies
        self._renditions = parts.foreign_renditions
        self._delivery = parts.delivery
        self._policy = parts.policy
        self._rate_limit = parts.render_rate_limit
        self._library = parts.library
        # For pictures of origins that are in the library.
        self._own = parts.renditions
        self._fallback = FallbackResponder(parts)

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
            TransformNotAllowed: the transform policy does not allow the pipeline.
        """
        try:
            for attempt in range(_ATTEMPTS):
                found = origin.find(key)
                try:
                    self._send(
                        _Answer(req, resp, origin, found, is_signed, is_versioned, download), choose
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
            self._fallback.send(req, resp, origin.settings, choose, is_signed=is_signed)

    def _send(self, answer: _Answer, choose: Choose) -> None:
        req, resp, origin, found = answer[:4]
        record = found.record
        pipeline = choose(record)
        if pipeline is None:
            self._send_original(answer)
            return
        self._policy.check(pipeline, is_signed=answer.is_signed)
        pipeline = at_focus(pipeline, record)
        form = choose_format(pipeline.format, req, resp, source_of(record))
        name = keys.rendition_name(pipeline.canonical, form.extension)
        etag = etag_of_rendition(record.id, name)
        canonical = f"{pipeline.canonical}.{form.extension}"
        resp.set_header(
            "Link", f'<{url_of(origin.name, found.pointer.key, canonical)}>; rel="canonical"'
        )
        self._describe(answer, form)
        preconditions.require(req, etag)
        if self._is_unchanged(answer, etag):
            return
        # Pipelines can name other pictures, of which everybody may use the public ones.
        renditions, prefix, viewer = self._own, "", ANONYMOUS
        if is_copy(record, origin.name):
            renditions, prefix = self._renditions, keys.FOREIGN
            viewer = viewer_of(origin.name)
        made = renditions.find_public(record.id, pipeline, form)
        if made is None:
            # HEAD requests cost their client nothing, so they must not fill the cache.
            made = renditions.find_or_render(
                viewer,
                record.id,
                pipeline,
                form,
                record,
                self._rate_limit.consumer(req),
                caches=req.method != "HEAD",
            )
        is_public = made.is_public and _is_public(origin, record)
        send_rendition(
            self._delivery, req, resp, renditions, made, etag, prefix, is_public=is_public
        )
        if found.state in ("stale", "renewed"):
            resp.set_header("X-Cache", found.state)

    def _is_unchanged(self, answer: _Answer, etag: str) -> bool:
        """Set the ETag; set a 304 and return True if the client has this version.

        If-Modified-Since has to be the date that was sent: a file of an earlier date may have
        taken the place of the one that the client knows.
        """
        req, resp, _, found = answer[:4]
        since = req.get_header("If-Modified-Since")
        if self._delivery.is_unchanged(req, resp, etag):
            return True
        if since and since == found.pointer.modified and not req.get_header("If-None-Match"):
            not_modified(resp)
            return True
        return False

    def _send_original(self, answer: _Answer) -> None:
        req, resp, origin, found = answer[:4]
        if not origin.settings.originals:
            raise originals_forbidden(origin.name)
        record = found.record
        form = formats.by_media_type(record.media_type)
        self._describe(answer, form)
        preconditions.require(req, record.sha256)
        if self._is_unchanged(answer, record.sha256):
            return
        library, prefix = self._library, ""
        if is_copy(record, origin.name):
            library, prefix = self._copies.library, keys.FOREIGN
        resp.set_header("X-Cache", found.state)
        self._delivery.send(
            req,
            resp,
            # The URL of a redirect could not say that a document is to be saved.
            key=None if form.is_vector else prefix + library.originals.key(record),
            size=record.size_bytes,
            etag=record.sha256,
            is_public=_is_public(origin, record),
            open_=lambda start, length: library.originals.open(record, start, length),
        )

    def _describe(self, answer: _Answer, form: Format) -> None:
        _, resp, origin, found = answer[:4]
        stem = found.record.file_name.rpartition(".")[0] or found.record.id[:16]
        is_public = _is_public(origin, found.record)
        self._delivery.describe(
            resp,
            form,
            is_public=is_public,
            file_name=f"{stem}.{form.extension}",
            download=answer.download,
        )
        if found.pointer.modified:
            resp.set_header("Last-Modified", found.pointer.modified)
        if is_public and not answer.is_versioned:
            resp.set_header("Cache-Control", _caching(origin, found.fresh_s))


def _is_public(origin: Origin, record: Record) -> bool:
    """Return whether caches may share the picture.

    The record may be older than the setting, or be that of a public picture of the library.
    """
    return record.is_public and origin.settings.visibility == "public"


def _caching(origin: Origin, fresh_s: int) -> str:
    stale_s = origin.settings.stale_s
    return (
        f"public, max-age={fresh_s}, "
        f"stale-while-revalidate={min(stale_s, _MOST_REVALIDATING_S)}, stale-if-error={stale_s}"
    )
