"""`/images/<id>/links/`: signed links to pictures."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache, partial
from typing import TypeVar
from urllib.parse import quote

import falcon
from pydantic import Field, StrictInt, create_model

from progimage.access.signed_links import (
    LinkSigner,
    Scope,
    path_of_any,
    path_of_iiif,
    path_of_original,
    path_of_rendition,
)
from progimage.access.transform_policy import TransformPolicy
from progimage.api.auth.authentication import viewer_of
from progimage.api.fronts.iiif.identifier import read_identifier
from progimage.api.openapi import schemas
from progimage.api.openapi.documented import Answer, Content, documented
from progimage.api.requests.json_body import JsonBody, read_json
from progimage.api.requests.media_type import JSON, check_media_type
from progimage.api.requests.query import SIGNATURE
from progimage.api.responses.hal import Urls
from progimage.api.responses.json_document import JsonDocument
from progimage.config import Settings
from progimage.errors import (
    Forbidden,
    InvalidArgument,
    InvalidField,
    InvalidRequest,
    NoLinkKey,
    NotFound,
    StoreUnavailable,
    TransformRefused,
)
from progimage.imaging.limits import Limits
from progimage.imaging.pipeline import Pipeline, parse
from progimage.library import Library
from progimage.model import Record, Viewer
from progimage.telemetry import audit

ORIGINAL, ANY, VIEWERS = "original", "*", "iiif"
DEFAULT_EXPIRES_S = 3600

LINK_HINT = (
    "send application/json that says where the link leads, such as "
    '{"transform": "thumbnail.webp", "expires_in": 3600}'
)


class Lifetime(JsonBody):
    """The lifetime of a link."""

    expires_in: StrictInt = Field(
        default=DEFAULT_EXPIRES_S, ge=1, description="Seconds until the link expires."
    )


class LinkRequest(Lifetime):
    """The target and the lifetime of a link."""

    transform: str = Field(
        default=ORIGINAL,
        description="A pipeline, as it follows the id in a URL; `original` for the picture as it "
        "was uploaded; `*` for every rendition, but not the original; `iiif` for viewers: "
        "facts, tiles and manifest of the picture.",
    )


Request = TypeVar("Request", bound=Lifetime)


def with_limits(model: type[Request], settings: Settings) -> type[Request]:
    """Return a model of a request for a link, with the limits of the settings."""
    return _bounded(model, settings.links.max_expires_s)


@lru_cache
def _bounded(model: type[Request], longest_s: int) -> type[Request]:
    bounded = Field(
        default=min(DEFAULT_EXPIRES_S, longest_s),
        ge=1,
        le=longest_s,
        description=Lifetime.model_fields["expires_in"].description,
    )
    return create_model(model.__name__, __base__=model, expires_in=(StrictInt, bounded))


class SignedLink(JsonDocument):
    """A signed link."""

    url: str = Field(description="The link; with `templated` a template of RFC 6570.")
    expires: datetime
    templated: bool = False


def no_key() -> NoLinkKey:
    """Return the error of a service that cannot sign links."""
    return NoLinkKey("this service has no key to sign links with; its operator can set auth.secret")


def parse_transform(transform: str, settings: Settings, limits: Limits) -> Pipeline:
    """Return the pipeline to sign; raise `InvalidField` if nothing is in it."""
    pipeline = parse(transform, presets=settings.presets, limits=limits)
    if not str(pipeline):
        raise InvalidField(
            "transform: the pipeline is empty; write 'original', or a format as in 'format:png'"
        )
    return pipeline


def send_link(resp: falcon.Response, url: str, expires: datetime, *, templated: bool) -> None:
    """Answer with a signed link, which no cache may keep."""
    link = SignedLink(url=url, expires=expires, templated=templated)
    resp.media = link.model_dump(mode="json", exclude_defaults=True)
    resp.set_header("Cache-Control", "no-store")


def check_viewers(settings: Settings) -> None:
    """Raise `InvalidField` if the service serves no viewers."""
    if not settings.iiif.enabled:
        raise InvalidField("transform: 'iiif' is not served here (iiif.enabled is false)")


def sign_for_viewers(
    req: falcon.Request,
    resp: falcon.Response,
    urls: Urls,
    signer: LinkSigner,
    name: str,
    expires_in_s: int,
) -> None:
    """Answer with the address of a picture's IIIF facts, signed for every part of the picture.

    Args:
        name: the IIIF identifier of the picture, not percent-encoded.
    """
    path = path_of_iiif(name)
    token, expires = signer.sign(path, expires_in_s, "any")
    audit.record("link", path=path, until=expires.isoformat())
    segment = read_identifier(quote(name, safe=""), token).segment
    send_link(resp, urls.absolute(req, f"/iiif/3/{segment}/info.json"), expires, templated=False)


class Links:
    """Signs links to pictures; `signer` is None if there is no key."""

    def __init__(
        self,
        library: Library,
        policy: TransformPolicy,
        signer: LinkSigner | None,
        settings: Settings,
        limits: Limits,
        urls: Urls,
    ) -> None:
        self._urls = urls
        self._library = library
        self._policy = policy
        self._signer = signer
        self._settings = settings
        self._limits = limits
        self._model = with_limits(LinkRequest, settings)

    @documented(
        "links",
        "renditions",
        {200: Answer("The link.", {schemas.JSON: SignedLink}, ("Cache-Control",))},
        parameters=(schemas.IMAGE_ID,),
        body=Content(
            {schemas.JSON: partial(with_limits, LinkRequest)},
            examples={schemas.JSON: {"transform": "thumbnail.webp", "expires_in": 3600}},
        ),
        errors=(
            InvalidRequest,
            InvalidArgument,
            InvalidField,
            NotFound,
            Forbidden,
            TransformRefused,
            NoLinkKey,
            StoreUnavailable,
            415,
        ),
    )
    def on_post(self, req: falcon.Request, resp: falcon.Response, image_id: str) -> None:
        """Sign a link that shows everybody one rendition of the picture, or all, for a time.

        Only an account that may change the picture can sign links to it. Nothing is
        stored: a link is valid until it expires, or its picture or key is removed.
        """
        viewer = viewer_of(req)
        record = self._library.find_to_edit(viewer, image_id)
        if self._signer is None:
            raise no_key()
        check_media_type(req, (JSON,), LINK_HINT)
        fields = read_json(req, self._settings.upload, self._model)
        if fields.transform == VIEWERS:
            self._policy.check_creation(None, is_account=bool(viewer.name))
            check_viewers(self._settings)
            sign_for_viewers(req, resp, self._urls, self._signer, record.id, fields.expires_in)
            return
        path, scope, address = self._path(viewer, record, fields.transform)
        token, expires = self._signer.sign(path, fields.expires_in, scope)
        audit.record("link", image=record.id, path=path, until=expires.isoformat())
        url = self._urls.absolute(req, address)
        send_link(resp, f"{url}?{SIGNATURE}={token}", expires, templated=scope == "any")

    def _path(self, viewer: Viewer, record: Record, transform: str) -> tuple[str, Scope, str]:
        """Return the path to sign, the scope of the signature, and the path of the link."""
        if transform == ORIGINAL:
            path = path_of_original(record.id)
            return path, "this", path
        if transform == ANY:
            self._policy.check_creation(None, is_account=bool(viewer.name))
            return path_of_any(record.id), "any", f"/images/{record.id}/{{+pipeline}}"
        pipeline = parse_transform(transform, self._settings, self._limits)
        self._policy.check_creation(pipeline, is_account=bool(viewer.name))
        for other in sorted(pipeline.references):
            try:
                self._library.find(Viewer(name=record.owner), other)
            except NotFound as error:
                raise InvalidArgument(f"transform: uses another picture: {error}") from None
        path = path_of_rendition(record.id, pipeline)
        return path, "this", path


def reserved(presets: Mapping[str, str]) -> list[str]:
    """Return the names of presets that have another meaning in URLs or links."""
    return sorted({ORIGINAL, VIEWERS, "links", "metadata", "renders", "srcset"} & presets.keys())
