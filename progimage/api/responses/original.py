"""Answers requests for originals, for all URLs that lead to one."""

from __future__ import annotations

import falcon

from progimage.api.auth.authentication import viewer_of
from progimage.api.components import Components
from progimage.api.requests import preconditions
from progimage.api.requests.query import PictureQuery
from progimage.imaging.codecs import formats


class OriginalResponder:
    """Sends originals of the library, byte for byte."""

    def __init__(self, parts: Components) -> None:
        self._library = parts.library
        self._delivery = parts.delivery
        self._authorization = parts.authorization

    def respond(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        image_id: str,
        query: PictureQuery,
        *,
        can_change: bool = False,
    ) -> None:
        """Send the original of `image_id`; 304 or a part of it if the headers say so.

        Args:
            can_change: the URL can show another picture later.

        Raises:
            NotFound: there is no such picture, or the client may not see it.
            InvalidLink: the signature is not valid.
            DamagedOriginal: the stored bytes are missing or have another size.
        """
        access = self._authorization.to_original(viewer_of(req), image_id, query.signature)
        record = self._library.find(access.viewer, image_id)
        form = formats.by_media_type(record.media_type)
        name = record.file_name or f"{record.id[:16]}.{form.extension}"
        self._delivery.describe(
            resp,
            form,
            is_public=record.is_public,
            file_name=name,
            download=query.download,
            ends_s=access.ends_s,
            can_change=can_change,
        )
        preconditions.require(req, record.sha256, record.created)
        if self._delivery.is_unchanged(req, resp, record.sha256, record.created):
            return
        if self._delivery.hands_over:
            self._library.originals.check(record)
        self._delivery.send(
            req,
            resp,
            # The URL of a redirect could not say that a document is to be saved.
            key=None if form.is_vector else self._library.originals.key(record),
            size=record.size_bytes,
            etag=record.sha256,
            is_public=record.is_public,
            open_=lambda start, length: self._library.originals.open(record, start, length),
            ends_s=access.ends_s,
        )
