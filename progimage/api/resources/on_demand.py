"""`/on_demand/<pipeline>`: transform a picture that is sent, or at a URL; nothing is stored."""

from __future__ import annotations

from contextlib import ExitStack

import falcon

from progimage.api.auth.authentication import author_of, viewer_of
from progimage.api.components import Components
from progimage.api.openapi import schemas
from progimage.api.openapi.documented import Answer, Content, Parameter, documented
from progimage.api.requests.negotiation import Source, choose_format
from progimage.api.requests.query import Pairs, picture_query
from progimage.api.requests.submission import read_submission
from progimage.api.resources.images import UPLOAD_ERRORS
from progimage.api.resources.renditions import RENDER_ERRORS
from progimage.api.responses.delivery import set_body, set_timing
from progimage.errors import DownloadNotAllowed, InvalidRequest, PictureError
from progimage.imaging.codecs import formats
from progimage.imaging.pipeline import Pipeline
from progimage.imaging.pipeline_parser import parse
from progimage.ingest.download.downloader import VIA
from progimage.ingest.ingest import Staged

_URL = Parameter(
    "url",
    "Address of the picture; http or https, on a public address.",
    {"type": "string", "format": "uri", "maxLength": 8192},
    required=True,
    example="https://www.example.com/harbour.jpg",
)


class OnDemand:
    """Applies a pipeline to a picture in the body, or at a URL."""

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
        parameters=(
            schemas.PIPELINE,
            schemas.ARGUMENTS,
            _URL,
            schemas.SIGNATURE,
            schemas.DOWNLOAD,
            schemas.ACCEPT,
        ),
        errors=(*UPLOAD_ERRORS, *RENDER_ERRORS),
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response, path: str) -> None:
        """Send the result of the pipeline for the picture at `url`."""
        author_of(req)
        # The service could fetch its own on-demand transforms in a loop, and each request in it
        # would occupy a thread.
        if any(hop.split()[1:2] == [VIA] for hop in (req.get_header("Via") or "").split(",")):
            raise DownloadNotAllowed("url: an on-demand transform may not request another one")
        query = picture_query(req)
        arguments, url = _without_url(query.arguments)
        if not url:
            raise InvalidRequest(
                "url: expected the address of a picture, percent-encoded; to send the picture "
                "itself use POST"
            )
        pipeline = self._admit(req, path, arguments, query.signature, url)
        with self._admission.admit(), self._ingest.fetch(url) as staged:
            self._transform(req, resp, staged, pipeline, query.download)

    @documented(
        "on_demand",
        "renditions",
        {200: Answer("The result.", schemas.PICTURES, ("Content-Disposition", "Server-Timing"))},
        parameters=(
            schemas.PIPELINE,
            schemas.ARGUMENTS,
            schemas.SIGNATURE,
            schemas.DOWNLOAD,
            schemas.ACCEPT,
        ),
        body=Content({**schemas.FORM, **schemas.RAW}, "One picture."),
        errors=(*UPLOAD_ERRORS, *RENDER_ERRORS),
    )
    def on_post(self, req: falcon.Request, resp: falcon.Response, path: str) -> None:
        """Send the result of the pipeline for the picture in the body, or at `url`.

        JSON is accepted too, as at `POST /`.
        """
        if not req.content_type and not req.content_length and "url" in req.params:
            self.on_get(req, resp, path)
            return
        query = picture_query(req)
        pipeline = self._admit(req, path, query.arguments, query.signature)
        with self._admission.admit(), ExitStack() as stack:
            sent = read_submission(req, self._ingest, self._settings.upload, stack)
            if len(sent.pictures) != 1:
                raise InvalidRequest("image: send exactly one picture to transform")
            staged = sent.pictures[0]
            if isinstance(staged, PictureError):
                raise staged
            self._transform(req, resp, staged, pipeline, query.download)

    def _admit(
        self,
        req: falcon.Request,
        path: str,
        arguments: Pairs,
        signature: str | None,
        url: str | None = None,
    ) -> Pipeline:
        """Return the pipeline, if the client may request it and has renders left.

        Raises:
            TransformNotAllowed, InvalidLink: the policy or the signature does not allow it.
            RateLimited: the client has used up its renders.
        """
        pipeline = parse(path, arguments, presets=self._settings.presets, limits=self._limits)
        self._authorization.to_transform(pipeline, signature, url)
        self._rate_limit.consumer(req)()
        return pipeline

    def _transform(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        staged: Staged,
        pipeline: Pipeline,
        download: str | None,
    ) -> None:
        facts = self._ingest.inspect(staged)
        source = Source(formats.by_name(facts.format), facts.has_alpha, facts.frames > 1)
        form = choose_format(pipeline.format, req, resp, source)
        made, reader = self._renditions.transform(staged.path, viewer_of(req), pipeline, form)
        self._delivery.describe(
            resp,
            form,
            is_public=False,
            file_name=f"{staged.sha256[:16]}.{form.extension}",
            download=download,
        )
        set_timing(resp, made)
        resp.set_header("Content-Length", str(reader.stat.size))
        if req.method == "HEAD":
            reader.close()
        else:
            set_body(resp, reader, reader.stat.size)


def _without_url(query: Pairs) -> tuple[Pairs, str]:
    """Return the arguments of the pipeline, and the URL; "" without one."""
    urls = [value.strip() for name, value in query if name == "url"]
    if len(urls) > 1:
        raise InvalidRequest("url: given twice")
    return tuple(pair for pair in query if pair[0] != "url"), urls[0] if urls else ""
