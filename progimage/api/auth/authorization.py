"""Authorizes every request for a picture: signature, transform policy, then visibility.

It authorizes the id and the parsed pipeline of a request, and the same two are looked up
and rendered afterwards. Before that no cache and no ETag is read. An error that depends on
the picture is the same for a hidden picture and a missing one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from progimage.access.signed_links import (
    Grant,
    LinkSigner,
    Scope,
    path_of_any,
    path_of_iiif,
    path_of_original,
    path_of_rendition,
    path_of_transform,
)
from progimage.access.transform_policy import TransformPolicy
from progimage.errors import InvalidLink
from progimage.imaging.pipeline import Pipeline
from progimage.library import Library
from progimage.model import Viewer


class Access(NamedTuple):
    """The viewer that a request acts as.

    Attributes:
        ends_s: when its link expires, in seconds since 1970; None without one.
        shows_record: False for a link of an album, which shows a picture and its title only.
    """

    viewer: Viewer
    ends_s: int | None = None
    shows_record: bool = True


class Authorization:
    """Decides which pictures a request may see, by its viewer or by its signed link.

    Args:
        signer: None if there is no key; then no signature is valid.
    """

    def __init__(
        self, library: Library, policy: TransformPolicy, signer: LinkSigner | None
    ) -> None:
        self._library = library
        self._policy = policy
        self._signer = signer

    def to_original(self, viewer: Viewer, image_id: str, signature: str | None) -> Access:
        """Authorize a request for an original; the transform policy does not concern it.

        Raises:
            InvalidLink: the signature is not valid, and the viewer may see the picture.
            NotFound: the signature is not valid, and there is no picture that the viewer
                may see.
        """
        if signature is None:
            return Access(viewer)
        return self._by_link(viewer, image_id, signature, {"this": path_of_original(image_id)})

    def to_rendition(
        self, viewer: Viewer, image_id: str, pipeline: Pipeline, signature: str | None
    ) -> Access:
        """Authorize a request for one rendition.

        Raises:
            TransformNotAllowed: the policy does not allow the pipeline, or not unsigned.
            InvalidLink: the signature is not valid, and the viewer may see the picture, or
                the policy needs a signature for this pipeline anyway.
            NotFound: the signature is not valid, and there is no picture that the viewer
                may see.
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
        except InvalidLink:
            if self._policy.is_open(pipeline):
                self._library.find(viewer, image_id)
            raise
        self._policy.check(pipeline, is_signed=True)
        return self._as_owner(image_id, grant)

    def to_viewers(self, viewer: Viewer, image_id: str, signature: str | None) -> Access:
        """Authorize a request for a picture by IIIF or Deep Zoom; the policy is not checked.

        Raises:
            InvalidLink: the signature is not valid, and the viewer may see the picture.
            NotFound: the signature is not valid, and there is no picture that the viewer
                may see.
        """
        if signature is None:
            return Access(viewer)
        path = path_of_iiif(image_id)
        return self._by_link(viewer, image_id, signature, {"any": path, "this": path}, "any")

    def to_transform(
        self, pipeline: Pipeline, signature: str | None, url: str | None = None
    ) -> None:
        """Authorize the transform of a picture that is sent along, or fetched from `url`.

        Raises:
            TransformNotAllowed: the policy does not allow the pipeline, or not unsigned.
            InvalidLink: the signature is not valid.
        """
        if signature is not None:
            path = path_of_transform(pipeline, url)
            self._keys().verify(signature, {"this": path})
        self._policy.check(pipeline, is_signed=signature is not None)

    def _keys(self) -> LinkSigner:
        if self._signer is None:
            raise InvalidLink("sig: this service has no key to sign links with")
        return self._signer

    def _by_link(
        self,
        viewer: Viewer,
        image_id: str,
        signature: str,
        paths: Mapping[Scope, str],
        showing: Scope = "this",
    ) -> Access:
        """Verify a signature for one of `paths`.

        If it is not valid, the error says so only if `viewer` may see the picture.

        Args:
            showing: the scope of links that also show the record.
        """
        try:
            grant = self._keys().verify(signature, paths)
        except InvalidLink:
            self._library.find(viewer, image_id)
            raise
        access = self._as_owner(image_id, grant)
        return access._replace(shows_record=grant.scope == showing)

    def _as_owner(self, image_id: str, grant: Grant) -> Access:
        """Let the request see what the picture's owner may see.

        This is safe because the signature covers everything that the request can show:
        the picture, and by id the others that its pipeline uses.
        """
        record = self._library.find_for_link(image_id)
        return Access(Viewer(name=record.owner), grant.expires_s)


def _check_any(pipeline: Pipeline) -> None:
    """Check that a link to every rendition of a picture covers this one.

    Raises:
        InvalidLink: the rendition shows other pictures, or has the metadata of the
            original, which may say where it was taken.
    """
    if pipeline.references:
        raise InvalidLink(
            "sig: a link to all renditions is not valid for one that uses other pictures; "
            "those need a link of their own"
        )
    if pipeline.output.options.metadata in ("exif", "all"):
        raise InvalidLink(
            "sig: a link to all renditions is not valid for one with EXIF; "
            "strip:keep=exif and strip:keep=all need a link of their own"
        )
