"""`/images/<id>/links/`: signed links to pictures."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import falcon

from progimage.access.signed_links import Scope, path_of_any, path_of_original, path_of_rendition
from progimage.api.auth.authentication import viewer_of
from progimage.api.openapi import schemas
from progimage.api.openapi.documented import Answer, Content, documented
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
from progimage.api.responses.signed_link import SignedLink
from progimage.errors import Forbidden, InvalidArgument, NoLinkKey, NotFound, TransformNotAllowed
from progimage.model import Record, Viewer


class Links:
    """Signs links to pictures."""

    def __init__(self, parts: Parts) -> None:
        self._library = parts.library
        self._policy = parts.policy
        self._writer = parts.links
        self._settings = parts.settings
        self._limits = parts.limits
        self._model = with_limits(LinkRequest, parts.settings)

    @documented(
        "links",
        "renditions",
        {200: Answer("The link.", {schemas.JSON: SignedLink}, ("Cache-Control",))},
        parameters=(schemas.IMAGE_ID,),
        body=Content(
            {schemas.JSON: partial(with_limits, LinkRequest)},
            examples={schemas.JSON: EXAMPLE},
        ),
        errors=(InvalidArgument, Forbidden, TransformNotAllowed, NoLinkKey, 415),
    )
    def on_post(self, req: falcon.Request, resp: falcon.Response, image_id: str) -> None:
        """Sign a link that shows everybody one rendition of the picture, or all, for a time.

        Only an account that may change the picture can sign links to it. Nothing is
        stored: a link is valid until it expires, or its picture or key is removed.
        """
        viewer = viewer_of(req)
        record = self._library.find_to_edit(viewer, image_id)
        self._writer.require_signer()
        check_media_type(req, (JSON,), LINK_HINT)
        fields = read_json(req, self._settings.upload, self._model)
        if fields.transform == VIEWERS:
            self._policy.check_creation(None, is_account=bool(viewer.name))
            check_viewers(self._settings)
            self._writer.send_for_viewers(req, resp, record.id, fields.expires_in)
            return
        path, scope, address = self._path(viewer, record, fields.transform)
        self._writer.send(
            req, resp, path, fields.expires_in, address=address, scope=scope, image=record.id
        )

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
