"""What stands before every picture: signatures and the transform policy, then visibility.

A request is let in by what was understood of it, its id and its parsed pipeline, which
are also what is then looked up and made. Nothing is looked up before: not the cache, not
an ETag. A refusal that depends on the picture looks the same for one that may not be
seen and one that is not there.
"""

from __future__ import annotations

from typing import NamedTuple

from progimage.access.signed_links import (
    Grant,
    LinkSigner,
    path_of_any,
    path_of_original,
    path_of_rendition,
    path_of_transform,
)
from progimage.access.transform_policy import TransformPolicy
from progimage.errors import LinkRefused
from progimage.imaging.pipeline import Pipeline
from progimage.library import Library
from progimage.model import Viewer


class Access(NamedTuple):
    """As whom a request may look, and in seconds since 1970 until when, if by a link."""

    viewer: Viewer
    ends_s: int | None = None


class Authorization:
    """Lets requests for pictures in, by who asks or by a signed link.

    `signer` is None where there is no key: then no signature holds.
    """

    def __init__(
        self, library: Library, policy: TransformPolicy, signer: LinkSigner | None
    ) -> None:
        self._library = library
        self._policy = policy
        self._signer = signer

    def to_original(self, viewer: Viewer, image_id: str, signature: str | None) -> Access:
        """Let in to the original, which is not for the policy to judge.

        Raises:
            LinkRefused: the signature does not hold, and the viewer sees the picture.
            NotFound: it does not hold, and the viewer does not see it, if it is there.
        """
        if signature is None:
            return Access(viewer)
        try:
            grant = self._keys().verify(signature, {"this": path_of_original(image_id)})
        except LinkRefused:
            self._library.find(viewer, image_id)
            raise
        return self._as_owner(image_id, grant)

    def to_rendition(
        self, viewer: Viewer, image_id: str, pipeline: Pipeline, signature: str | None
    ) -> Access:
        """Let in to one rendition.

        Raises:
            TransformRefused: the policy does not allow the pipeline, or not unsigned.
            LinkRefused: the signature does not hold, and the viewer sees the picture, or
                could not have it without a signature anyway.
            NotFound: the signature does not hold, and the viewer does not see the
                picture, if it is there.
        """
        if signature is None:
            self._policy.check(pipeline, is_signed=False)
            return Access(viewer)
        try:
            grant = self._keys().verify(
                signature,
                {"this": path_of_rendition(image_id, pipeline), "any": path_of_any(image_id)},
            )
            if grant.scope == "any":
                _check_any(pipeline)
        except LinkRefused:
            if self._policy.is_open(pipeline):
                self._library.find(viewer, image_id)
            raise
        self._policy.check(pipeline, is_signed=True)
        return self._as_owner(image_id, grant)

    def to_transform(
        self, pipeline: Pipeline, signature: str | None, url: str | None = None
    ) -> None:
        """Let a picture be transformed that is sent along, or fetched from `url`.

        Raises:
            TransformRefused: the policy does not allow the pipeline, or not unsigned.
            LinkRefused: the signature does not hold.
        """
        if signature is not None:
            path = path_of_transform(pipeline, url)
            self._keys().verify(signature, {"this": path})
        self._policy.check(pipeline, is_signed=signature is not None)

    def _keys(self) -> LinkSigner:
        if self._signer is None:
            raise LinkRefused("sig: this service has no key that a link could be signed with")
        return self._signer

    def _as_owner(self, image_id: str, grant: Grant) -> Access:
        """Let the holder of a link see what the picture's owner sees in this one request.

        So much is safe because the signature covers all that the request can show: the
        picture, and by name the others that its pipeline uses.
        """
        record = self._library.find_for_link(image_id)
        return Access(Viewer(name=record.owner), grant.expires_s)


def _check_any(pipeline: Pipeline) -> None:
    """Check that a link to every rendition of a picture covers this one.

    Raises:
        LinkRefused: the rendition shows other pictures, or has the metadata of the
            original, which may say where it was taken.
    """
    if pipeline.references:
        raise LinkRefused(
            "sig: a link to every rendition of a picture covers none that uses other pictures; "
            "those need a link of their own"
        )
    if pipeline.output.options.metadata in ("exif", "all"):
        raise LinkRefused(
            "sig: a link to every rendition of a picture covers none that keeps EXIF; "
            "strip:keep=exif and strip:keep=all need a link of their own"
        )
