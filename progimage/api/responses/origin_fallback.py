"""Sends the fallback picture of an origin, where its own is missing or cannot be fetched."""

from __future__ import annotations

from collections.abc import Callable

import falcon

from progimage import keys
from progimage.api.components import Components
from progimage.api.requests.negotiation import choose_format, source_of
from progimage.api.responses.delivery import Delivery, etag_of_rendition, part_opener, set_timing
from progimage.config import Origin as OriginSettings
from progimage.imaging.pipeline import Pipeline
from progimage.model import ANONYMOUS, Record
from progimage.renditions.cache import Rendition
from progimage.renditions.render_request import at_focus
from progimage.renditions.renditions import Renditions
from progimage.telemetry import metrics

Choose = Callable[[Record], Pipeline | None]
"""Returns the pipeline for a record; None means the picture itself."""


class FallbackResponder:
    """Sends public pictures of the library in place of those of origins."""

    def __init__(self, parts: Components) -> None:
        self._delivery = parts.delivery
        self._policy = parts.policy
        self._rate_limit = parts.render_rate_limit
        self._library = parts.library
        self._renditions = parts.renditions

    def send(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        settings: OriginSettings,
        choose: Choose,
        *,
        is_signed: bool,
    ) -> None:
        """Send the fallback picture with the requested pipeline.

        Raises:
            NotFound: there is no such picture, or it is not public.
            TransformNotAllowed: the transform policy does not allow the pipeline.
        """
        record = self._library.find(ANONYMOUS, settings.fallback)
        pipeline = choose(record) or Pipeline()
        self._policy.check(pipeline, is_signed=is_signed)
        pipeline = at_focus(pipeline, record)
        form = choose_format(pipeline.format, req, resp, source_of(record))
        made = self._renditions.find_or_render(
            ANONYMOUS,
            record.id,
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
        missing_s = settings.missing_s
        resp.set_header(
            "Cache-Control", f"public, max-age={missing_s}" if missing_s else "no-store"
        )
        resp.status = falcon.code_to_http_status(settings.fallback_status)
        send_rendition(
            self._delivery, req, resp, self._renditions, made, etag, "", is_public=made.is_public
        )


def send_rendition(
    delivery: Delivery,
    req: falcon.Request,
    resp: falcon.Response,
    renditions: Renditions,
    made: Rendition,
    etag: str,
    prefix: str,
    *,
    is_public: bool,
) -> None:
    """Send a rendition.

    Args:
        prefix: of the part of the store that has it; "" for the library.
        is_public: caches may share the answer.
    """
    with part_opener(renditions, made) as open_:
        set_timing(resp, made.timings)
        metrics.rendition(hit=made.timings is None)
        delivery.send(
            req,
            resp,
            key=None if made.key is None else prefix + made.key,
            size=made.reader.stat.size,
            etag=etag,
            is_public=is_public,
            open_=open_,
        )
