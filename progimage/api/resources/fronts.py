"""Requests in the URL grammars of other services."""

from __future__ import annotations

import falcon

from progimage.api.fronts.foreign import Compiled, ForeignSource, ForeignUrl, ForeignUrlError, Size
from progimage.api.fronts.mount import Front
from progimage.api.parts import Parts
from progimage.api.requests.raw_path import checked_key
from progimage.api.responses import problems
from progimage.api.responses.disposition import disposition
from progimage.api.responses.origin_facts import facts
from progimage.api.responses.origin_sizes import OriginSizes
from progimage.errors import (
    InvalidArgument,
    InvalidRequest,
    NotFound,
    OutputTooLarge,
    Overloaded,
    PictureError,
    RateLimited,
)
from progimage.imaging.codecs import formats
from progimage.imaging.pipeline import Pipeline
from progimage.imaging.pipeline_parser import parse
from progimage.model import Record
from progimage.origins.origins import Origin


class FrontResource:
    """Parses the URLs of another service and sends their pictures, with that service's statuses."""

    def __init__(self, parts: Parts) -> None:
        self._origins = parts.origins
        self._responder = parts.to_origins
        self._sizes = OriginSizes(parts)

    # Not in the OpenAPI document, which cannot describe the grammar of another service.
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send the picture of a URL in another service's grammar."""
        mounted = req.context.get("front")
        if mounted is None:
            raise NotFound("there is nothing at this path")
        front, path = mounted
        try:
            self._respond(req, resp, front, front.reader.read(path))
        except ForeignUrlError as error:
            _answer(resp, error.status, str(error))
        except (Overloaded, RateLimited) as error:
            _answer(resp, front.busy_status, str(error))
            resp.set_header("Retry-After", str(error.retry_after_s))
        except (InvalidArgument, OutputTooLarge, PictureError) as error:
            _answer(resp, 422, str(error))

    def _respond(
        self, req: falcon.Request, resp: falcon.Response, front: Front, url: ForeignUrl
    ) -> None:
        name, key = front.origin_of(url.source)
        try:
            key = checked_key(key)
        except InvalidRequest as error:
            raise ForeignUrlError(f"{front.name} URL: {error}", 404) from None
        origin = self._origins[name]
        compiled: list[Compiled] = []

        def choose(record: Record) -> Pipeline | None:
            def measure(steps: str) -> Size:
                return self._sizes.size_after(
                    req, origin, record, parse(steps), is_signed=front.is_signed
                )

            source = ForeignSource(
                (record.width, record.height),
                formats.by_media_type(record.media_type).name,
                measure,
            )
            compiled[:] = [url.compile(source)]
            return compiled[0].pipeline

        if url.is_facts:
            self._send_facts(resp, origin, key)
            return
        self._responder.respond(req, resp, origin, key, choose, is_signed=front.is_signed)
        _name(resp, compiled[0])

    def _send_facts(self, resp: falcon.Response, origin: Origin, key: str) -> None:
        resp.media = facts(origin, origin.find(key))
        resp.set_header("Cache-Control", "no-cache")


def _name(resp: falcon.Response, compiled: Compiled) -> None:
    """Set the file name and the disposition of the URL."""
    is_picture = resp.content_type not in (None, problems.MEDIA_TYPE)
    if not is_picture or not (compiled.file_name or compiled.is_attachment):
        return
    form = formats.by_media_type(str(resp.content_type))
    stem = compiled.file_name.replace("/", "_")[:200] or "picture"
    name = f"{stem}.{form.extension}"
    resp.set_header("Content-Disposition", disposition(name, compiled.is_attachment))


def _answer(resp: falcon.Response, status: int, detail: str) -> None:
    title = "Too busy" if status == 429 else "This URL cannot be served"
    problems.respond(resp, problems.document(status, title, detail, "ForeignUrl"))
