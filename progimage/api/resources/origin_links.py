"""`/origins/<name>/links/-/<key>`: signed links to pictures of an origin."""

from __future__ import annotations

from functools import partial

import falcon

from progimage.access.signed_links import path_of_origin
from progimage.api.auth.authentication import author_of
from progimage.api.auth.origins import originals_forbidden
from progimage.api.openapi import schemas
from progimage.api.openapi.documented import Answer, Content, documented, in_path
from progimage.api.parts import Parts
from progimage.api.requests.json_body import read_json
from progimage.api.requests.links import (
    ANY,
    EXAMPLE,
    LINK_HINT,
    ORIGINAL,
    VIEWERS,
    LinkRequest,
    check_viewers,
    parse_transform,
    with_limits,
)
from progimage.api.requests.media_type import JSON, check_media_type
from progimage.api.requests.origin_path import key_of, origin_of
from progimage.api.requests.raw_path import raw_path
from progimage.api.resources.origins import NAME
from progimage.api.responses.origin_url import url_of
from progimage.api.responses.signed_link import SignedLink
from progimage.errors import Forbidden, InvalidField, NoLinkKey, TransformNotAllowed
from progimage.imaging.pipeline import Pipeline

_KEY = in_path("key", "The picture's key at its origin, percent-encoded.", "2024/boat.jpg")


class OriginLinks:
    """Signs links to pictures of origins."""

    def __init__(self, parts: Parts) -> None:
        self._origins = parts.origins
        self._authorization = parts.origin_authorization
        self._policy = parts.policy
        self._writer = parts.links
        self._settings = parts.settings
        self._limits = parts.limits
        self._model = with_limits(LinkRequest, parts.settings)

    @documented(
        "origin_links",
        "origins",
        {200: Answer("The link.", {schemas.JSON: SignedLink}, ("Cache-Control",))},
        parameters=(NAME, _KEY),
        body=Content(
            {schemas.JSON: partial(with_limits, LinkRequest)},
            examples={schemas.JSON: EXAMPLE},
        ),
        errors=(Forbidden, TransformNotAllowed, NoLinkKey, 415),
    )
    def on_post(self, req: falcon.Request, resp: falcon.Response, name: str, key: str) -> None:
        """Sign a link that shows everybody one rendition of an origin's picture for a time.

        Private origins, and transforms that are not open to everybody, need an account.
        Nothing is stored, and the link is signed even if the picture does not exist.
        """
        author = author_of(req)
        origin = origin_of(self._origins, name)
        key = key_of(raw_path(req), name)
        self._authorization.check(author, origin, None, key, None)
        self._writer.require_signer()
        check_media_type(req, (JSON,), LINK_HINT)
        fields = read_json(req, self._settings.upload, self._model)
        if fields.transform == VIEWERS:
            self._policy.check_creation(None, is_account=bool(author.name))
            check_viewers(self._settings)
            identifier = f"origin:{name}:{key}"
            self._writer.send_for_viewers(req, resp, identifier, fields.expires_in)
            return
        pipeline = self._pipeline(fields.transform)
        if pipeline is None and not origin.settings.originals:
            raise originals_forbidden(name)
        self._policy.check_creation(pipeline, is_account=bool(author.name))
        path = path_of_origin(name, pipeline, key)
        address = url_of(name, key, "" if pipeline is None else str(pipeline))
        self._writer.send(req, resp, path, fields.expires_in, address=address)

    def _pipeline(self, transform: str) -> Pipeline | None:
        if transform == ORIGINAL:
            return None
        if transform == ANY:
            raise InvalidField(
                "transform: a link to a picture of an origin names one transform, not '*'"
            )
        return parse_transform(transform, self._settings, self._limits)
