"""`/on_demand/<pipeline>`: transform the picture in the request, or at a URL; nothing is kept."""

from __future__ import annotations

from contextlib import ExitStack

import falcon

from progimage.api.auth.authentication import author_of, viewer_of
from progimage.api.components import Components
from progimage.api.openapi import schemas
from progimage.api.openapi.documented import Answer, Content, Parameter, documented
from progimage.api.requests.negotiation import Source, choose_format
from progimage.api.requests.query import signed_pairs
from progimage.api.requests.submission import read_submission
from progimage.api.resources.images import UPLOAD_ERRORS
from progimage.api.resources.renditions import RENDER_ERRORS
from progimage.api.responses.delivery import tell_timing
from progimage.errors import DownloadRefused, InvalidRequest, PictureError
from progimage.imaging.codecs import formats
from progimage.imaging.pipeline import Pipeline, parse
from progimage.ingest.download.downloader import VIA
from progimage.ingest.ingest import Staged
from progimage.stores.temp_files import TemporaryReader

_URL = Parameter(
    "url",
    "Address of the picture; http or https, on a public address.",
    {"type": "string", "format": "uri", "maxLength": 8192},
    required=True,
    example="https://www.example.com/harbour.jpg",
)


class OnDemand:
    """A pipeline over a picture that is sent along, or fetched."""

    def __init__(self, parts: Components) -> None:
        self._ingest = parts.ingest
        self._renditions = parts.renditions
        self._delivery = parts.delivery
        self._settings = parts.settings
        self._limits = parts.limits
        self._admission = parts.uploading
        self._authorization = parts.authorization
        self._rate_limit = parts.render_rate_limit

    @documented(
        "on_demand_of_url",
        "renditions",
        {200: Answer("The result.", schemas.PICTURES, ("Content-Disposition", "Server-Timing"))},
        parameters=(schemas.PIPELINE, schemas.ARGUMENTS, _URL, schemas.SIGNATURE, schemas.ACCEPT),
        errors=(*UPLOAD_ERRORS, *RENDER_ERRORS),
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response, path: str) -> None:
        """Send what the pipeline makes of the picture at `url`."""
        author_of(req)
        # A service that is asked for what itself is to make would go round in circles,
        # each of them holding a thread.
        if any(hop.split()[1:2] == [VIA] for hop in (req.get_header("Via") or "").split(",")):
            raise DownloadRefused("url: one on-demand transform may not ask for another")
        said, signature = signed_pairs(req)
        said, url = _split(said)
        if url is None:
            raise InvalidRequest(
                "url: expected the address of a picture, percent-encoded; to send the picture "
                "itself use POST"
            )
        pipeline = self._let_in(req, path, said, signature, url)
        with self._admission.admit(), self._ingest.fetch(url) as staged:
            self._transform(req, resp, staged, pipeline)

    @documented(
        "on_demand",
        "renditions",
        {200: Answer("The result.", schemas.PICTURES, ("Content-Disposition", "Server-Timing"))},
        parameters=(schemas.PIPELINE, schemas.ARGUMENTS, schemas.SIGNATURE, schemas.ACCEPT),
        body=Content(schemas.uploads(), "One picture."),
        errors=(*UPLOAD_ERRORS, *RENDER_ERRORS),
    )
    def on_post(self, req: falcon.Request, resp: falcon.Response, path: str) -> None:
        """Send what the pipeline makes of the picture in the body, or at `url`."""
        if not req.content_type and not req.content_length and "url" in req.params:
            self.on_get(req, resp, path)
            return
        said, signature = signed_pairs(req)
        pipeline = self._let_in(req, path, said, signature)
        with self._admission.admit(), ExitStack() as stack:
            sent = read_submission(req, self._ingest, self._settings.upload, stack)
            if len(sent.pictures) != 1:
                raise InvalidRequest("image: send exactly one picture to transform")
            staged = sent.pictures[0]
            if isinstance(staged, PictureError):
                raise staged
            self._transform(req, resp, staged, pipeline)

    def _let_in(
        self,
        req: falcon.Request,
        path: str,
        said: list[tuple[str, str]],
        signature: str | None,
        url: str | None = None,
    ) -> Pipeline:
        """Return the pipeline, if the authorization opens for it and the client can pay."""
        pipeline = parse(path, said, presets=self._settings.presets, limits=self._limits)
        self._authorization.to_transform(pipeline, signature, url)
        self._rate_limit.consumer(req)()
        return pipeline

    def _transform(
        self, req: falcon.Request, resp: falcon.Response, staged: Staged, pipeline: Pipeline
    ) -> None:
        facts = self._ingest.inspect(staged)
        source = Source(formats.by_name(facts.format), facts.has_alpha, facts.frames > 1)
        form = choose_format(pipeline.format, req, resp, source)
        made, result = self._renditions.transform(staged.path, viewer_of(req), pipeline, form)
        reader = TemporaryReader(result)
        if req.method == "HEAD":
            reader.close()
        self._delivery.describe(
            resp, form, is_public=False, file_name=f"{staged.sha256[:16]}.{form.extension}"
        )
        tell_timing(resp, made)
        resp.set_stream(reader, reader.stat.size)


def _split(said: list[tuple[str, str]]) -> tuple[list[tuple[str, str]], str | None]:
    """Part the query into the arguments of the pipeline and the URL."""
    urls = [value for name, value in said if name == "url"]
    if len(urls) > 1:
        raise InvalidRequest("url: given twice")
    return [pair for pair in said if pair[0] != "url"], urls[0] if urls else None
