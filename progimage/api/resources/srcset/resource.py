"""`/images/<id>/srcset`: the addresses and the HTML of a picture in several widths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import falcon

from progimage.access.signed_links import LinkSigner
from progimage.api.auth.authentication import viewer_of
from progimage.api.openapi import schemas
from progimage.api.openapi.documented import Answer, documented
from progimage.api.parts import Parts
from progimage.api.requests.query import SIGNATURE, pairs
from progimage.api.requests.search import QueryParameters
from progimage.api.requests.widths import Wanted, sizes_of, widths_of
from progimage.api.resources.srcset.candidates import (
    candidates_of,
    formats_of,
    size_after,
    with_width,
)
from progimage.api.resources.srcset.documents import (
    MAX_PIPELINE,
    PARAMETERS,
    Srcset,
    SrcsetImage,
    SrcsetSource,
)
from progimage.api.responses import responsive
from progimage.api.responses.delivery import CONTENT_POLICY
from progimage.api.responses.responsive import Candidate
from progimage.errors import (
    Forbidden,
    InvalidArgument,
    InvalidRequest,
    NoLinkKey,
    NotFound,
    OutputTooLarge,
    TransformNotAllowed,
)
from progimage.imaging.codecs import formats
from progimage.imaging.codecs.pages import check_page
from progimage.imaging.output_limits import check_pipeline
from progimage.imaging.pipeline import AUTO, Pipeline
from progimage.imaging.pipeline_parser import parse
from progimage.library.records import can_edit, forbidden
from progimage.model import Record, Viewer
from progimage.telemetry import audit


@dataclass(frozen=True, slots=True)
class _Signing:
    """How addresses get their signature."""

    signer: LinkSigner
    expires_in_s: int


class SrcsetResource:
    """Writes the addresses of renditions of several widths."""

    def __init__(self, parts: Parts) -> None:
        self._library = parts.library
        self._policy = parts.policy
        self._writer = parts.links
        self._presets = parts.settings.presets
        self._max_expires_s = parts.settings.links.max_expires_s
        self._limits = parts.limits
        self._urls = parts.urls

    @documented(
        "srcset",
        "renditions",
        {
            200: Answer(
                "The addresses, and HTML with them.",
                {schemas.JSON: Srcset, "text/html": {"type": "string"}},
                ("Cache-Control", "Vary"),
            )
        },
        parameters=(schemas.IMAGE_ID, *PARAMETERS),
        errors=(InvalidArgument, OutputTooLarge, Forbidden, TransformNotAllowed, NoLinkKey),
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response, image_id: str) -> None:
        """Send the addresses of the picture in several widths, with `srcset` and HTML for a page.

        Where a rendition is only shown by a signature, the addresses are signed; only an account
        that may change the picture gets them. Nothing is rendered or stored.
        """
        viewer = viewer_of(req)
        record = self._library.find(viewer, image_id)
        parameters = QueryParameters(pairs(req), PARAMETERS)
        is_html = _is_html(req, parameters)
        pipeline = self._pipeline(parameters)
        before = size_after(pipeline, (record.width, record.height))
        own = before[0] if before else record.width
        wanted = widths_of(parameters, own, self._limits.max_output_side)
        resized = [with_width(pipeline, each.width) for each in wanted]
        self._check(record, resized[-1])
        signing = self._signing(viewer, record, resized, parameters)
        document = self._document(req, record, pipeline, parameters, wanted, signing)
        resp.set_header("Cache-Control", "no-store" if signing else "private, no-cache")
        resp.set_header("Vary", "Accept, Authorization")
        if is_html:
            resp.content_type = "text/html; charset=utf-8"
            # Only text: opened as a page it must not load or run anything.
            resp.set_header("Content-Security-Policy", CONTENT_POLICY)
            resp.text = f"{document.picture}\n"
        else:
            resp.media = document.json_object()

    def _pipeline(self, parameters: QueryParameters) -> Pipeline:
        text = parameters.one("pipeline") or ""
        if len(text) > MAX_PIPELINE:
            raise InvalidRequest(
                f"pipeline: expected at most {MAX_PIPELINE:,} characters, got {len(text):,}"
            )
        return parse(text, presets=self._presets, limits=self._limits)

    def _check(self, record: Record, widest: Pipeline) -> None:
        """Raise `OutputTooLarge`, `InvalidArgument` or `InvalidRequest` if a render would do so."""
        # As a URL is read, which counts the steps.
        parse(str(widest), limits=self._limits)
        page, form = widest.output.page, formats.by_media_type(record.media_type)
        check_page(page, form, record.frames if form.is_animated else record.pages)
        frames = record.frames if page == 1 else 1
        check_pipeline(widest, (record.width, record.height), frames, self._limits)

    def _signing(
        self,
        viewer: Viewer,
        record: Record,
        resized: Sequence[Pipeline],
        parameters: QueryParameters,
    ) -> _Signing | None:
        """Return how to sign, None where no signature is needed.

        Raises:
            TransformNotAllowed, Forbidden: the client may not sign such links.
            NoLinkKey: the service cannot sign.
        """
        expires_in_s = parameters.whole_number("expires_in", self._max_expires_s)
        others = [self._other(viewer, each) for each in sorted(resized[0].references)]
        is_shown = all(each.is_public for each in (record, *others))
        if is_shown and (self._policy.mode != "signed" or all(map(self._policy.is_open, resized))):
            for pipeline in resized:
                self._policy.check(pipeline, is_signed=False)
            return None
        for pipeline in resized:
            self._policy.check_creation(pipeline, is_account=bool(viewer.name))
        for each in (record, *others):
            if not each.is_public and each.owner != record.owner:
                raise InvalidArgument("pipeline: uses a private picture of another owner")
        if not can_edit(viewer, record):
            raise forbidden(record.id)
        signer = self._writer.require_signer()
        audit.record("link", image=record.id, pipeline=str(resized[-1]), seconds=str(expires_in_s))
        return _Signing(signer, expires_in_s)

    def _other(self, viewer: Viewer, image_id: str) -> Record:
        try:
            return self._library.find(viewer, image_id)
        except NotFound as error:
            raise InvalidArgument(f"pipeline: uses another picture: {error}") from None

    def _document(
        self,
        req: falcon.Request,
        record: Record,
        pipeline: Pipeline,
        parameters: QueryParameters,
        wanted: Sequence[Wanted],
        signing: _Signing | None,
    ) -> Srcset:
        expires: datetime | None = None

        def url(path: str) -> str:
            nonlocal expires
            if signing is None:
                return self._urls.absolute(req, path)
            token, ends = signing.signer.sign(path, signing.expires_in_s)
            expires = min(expires or ends, ends)
            return f"{self._urls.absolute(req, path)}?{SIGNATURE}={token}"

        def in_format(name: str) -> list[Candidate]:
            return candidates_of(record, pipeline, name, wanted, url)

        chosen = pipeline.format or AUTO
        candidates = in_format(chosen)
        names = formats_of(record) if chosen == AUTO else [chosen]
        sources = [in_format(name) for name in names]
        sizes = sizes_of(parameters)
        # By density the first one has the size on the page.
        place = 0 if "width" in parameters else -1
        image = responsive.img(candidates, candidates[place], sizes, record.alt)
        classic = responsive.img(sources[-1], sources[-1][place], sizes, record.alt)
        return Srcset(
            images=[SrcsetImage.model_validate(each) for each in candidates],
            srcset=responsive.srcset(candidates),
            sizes=sizes,
            sources=[
                SrcsetSource(type=str(each[0].media_type), srcset=responsive.srcset(each))
                for each in sources
            ],
            img=image,
            picture=responsive.picture(sources[:-1], sizes, classic),
            expires=expires,
        )


def _is_html(req: falcon.Request, parameters: QueryParameters) -> bool:
    form = parameters.one("format")
    if form not in (None, "json", "html"):
        raise InvalidRequest(
            "format: expected json or html, the form of this answer; the format of the pictures "
            "is the extension of the pipeline, as in pipeline=grayscale.webp"
        )
    if form is None:
        return req.client_prefers((schemas.JSON, "text/html")) == "text/html"
    return form == "html"
