"""What requests of IIIF and Deep Zoom viewers share: finding the picture, sending a part of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import falcon

from progimage.api.auth.authentication import viewer_of
from progimage.api.auth.authorization import Access
from progimage.api.auth.origins import OriginAuthorization
from progimage.api.components import Components
from progimage.api.fronts.iiif.identifier import Identifier
from progimage.api.requests.origin_path import origin_of
from progimage.api.responses.delivery import PRIVATE
from progimage.api.responses.origin import OriginResponder
from progimage.api.responses.rendition import RenditionResponder
from progimage.errors import InvalidRequest, NotFound, TransformNotAllowed
from progimage.imaging.operation import Size
from progimage.imaging.pipeline import Pipeline
from progimage.lru import LockedLru
from progimage.model import Record
from progimage.origins.origins import Origin

Compile = Callable[[Size], tuple[Pipeline, str]]
"""Returns the pipeline for a picture of this size, and the Link header ("" for the usual one)."""

_REMEMBERED_SIZES = 10_000
# Facts about a picture can change: its rights, and whether everybody may see it.
_FACTS_MAX_AGE_S = 60


class Shown(NamedTuple):
    """A picture that the client may see."""

    record: Record
    caching: str


class ViewerResponder:
    """Sends pictures of the library and of origins to viewers."""

    def __init__(
        self,
        parts: Components,
        renditions: RenditionResponder,
        to_origins: OriginResponder,
        origin_authorization: OriginAuthorization,
    ) -> None:
        self._library = parts.library
        self._authorization = parts.authorization
        self._policy = parts.policy
        self._origins = parts.origins
        self._renditions = renditions
        self._to_origins = to_origins
        self._origin_authorization = origin_authorization
        self._sizes: LockedLru[str, Size] = LockedLru(_REMEMBERED_SIZES)

    def find(self, req: falcon.Request, identifier: Identifier) -> Shown:
        """Return the picture, and how long its facts may be cached.

        Raises:
            NotFound: there is no such picture, or the client may not see it.
            InvalidLink: the signature is not valid.
        """
        if identifier.origin:
            origin = origin_of(self._origins, identifier.origin)
            self._check_origin(req, origin, identifier)
            # Keys with equal bytes share a record, which has the file name of one of them.
            name = identifier.key.rpartition("/")[2]
            record = origin.find(identifier.key).record.model_copy(update={"file_name": name})
            if origin.settings.visibility == "private":
                # The copy may be older than the setting.
                record = record.model_copy(update={"visibility": "private"})
        else:
            access = self._access(req, identifier)
            record = self._library.find(access.viewer, identifier.image_id)
            if not access.shows_record:
                record = without_texts(record)
        is_public = record.is_public and identifier.signature is None
        return Shown(record, facts_caching() if is_public else PRIVATE)

    def send(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        identifier: Identifier,
        compile_: Compile,
    ) -> None:
        """Send the rendition that `compile_` returns for the picture.

        Raises:
            NotFound: there is no such picture, or the client may not see it.
            InvalidLink, TransformNotAllowed: the signature or the policy does not allow it.
            InvalidRequest, NotFound: the request does not fit the picture.
            Others: as `RenditionResponder.respond` and `OriginResponder.respond` do.
        """
        if identifier.origin:
            self._send_of_origin(req, resp, identifier, compile_)
            return
        access = self._access(req, identifier)
        image_id, record = identifier.image_id, None
        size = None if identifier.signature else self._sizes.get(image_id)
        if size is None:
            record = self._library.find(access.viewer, image_id)
            size = (record.width, record.height)
            if record.is_public:
                # It never changes: the bytes of an id do not.
                self._sizes.put(image_id, size)
        try:
            pipeline, links = compile_(size)
            self._policy.check(pipeline, is_signed=identifier.signature is not None)
        except (InvalidRequest, NotFound, TransformNotAllowed):
            # The size may be known of a picture that is now private.
            self._sizes.pop(image_id)
            self._library.find(access.viewer, image_id)
            raise
        self._renditions.send(
            req, resp, image_id, pipeline, access, record=record, links=links or None
        )

    def _send_of_origin(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        identifier: Identifier,
        compile_: Compile,
    ) -> None:
        origin = origin_of(self._origins, identifier.origin)
        is_signed = self._check_origin(req, origin, identifier)
        compiled: list[tuple[Pipeline, str]] = []

        def choose(record: Record) -> Pipeline:
            compiled[:] = [compile_((record.width, record.height))]
            return compiled[0][0]

        self._to_origins.respond(req, resp, origin, identifier.key, choose, is_signed=is_signed)
        if compiled[0][1] and resp.get_header("Link"):
            resp.set_header("Link", compiled[0][1])

    def _access(self, req: falcon.Request, identifier: Identifier) -> Access:
        return self._authorization.to_viewers(
            viewer_of(req), identifier.image_id, identifier.signature
        )

    def _check_origin(self, req: falcon.Request, origin: Origin, identifier: Identifier) -> bool:
        return self._origin_authorization.check_viewers(
            viewer_of(req), origin, identifier.key, identifier.signature
        )


def without_texts(record: Record) -> Record:
    """Return a private record with the texts only that links to albums show."""
    if record.is_public:
        return record
    return record.model_copy(update={"description": "", "tags": (), "file_name": "", "rights": ""})


def facts_caching() -> str:
    """Return how public facts may be cached."""
    return f"public, max-age={_FACTS_MAX_AGE_S}"
