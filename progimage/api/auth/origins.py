"""Authorizes requests for pictures of an origin."""

from __future__ import annotations

from collections.abc import Mapping

from progimage.access.signed_links import LinkSigner, Scope, path_of_iiif, path_of_origin
from progimage.errors import Forbidden, InvalidLink
from progimage.imaging.pipeline import Pipeline
from progimage.model import Viewer
from progimage.origins.origins import Origin
from progimage.origins.sources.source import missing


class OriginAuthorization:
    """Allows requests with a signature, for a public origin, or of a viewer with an account."""

    def __init__(self, signer: LinkSigner | None) -> None:
        self._signer = signer

    def check(
        self,
        viewer: Viewer,
        origin: Origin,
        pipeline: Pipeline | None,
        key: str,
        signature: str | None,
    ) -> bool:
        """Return True if the request is allowed by a signature, False if it needs none.

        Args:
            pipeline: None for the picture itself and for its facts.

        Raises:
            InvalidLink: the signature is not valid.
            OriginMissing: the origin is private, and the viewer has no account.
        """
        paths: dict[Scope, str] = {"this": path_of_origin(origin.name, pipeline, key)}
        return self._check(viewer, origin, key, signature, paths)

    def check_viewers(
        self, viewer: Viewer, origin: Origin, key: str, signature: str | None
    ) -> bool:
        """Return as `check` does, for requests by IIIF or Deep Zoom."""
        paths: dict[Scope, str] = {"any": path_of_iiif(f"origin:{origin.name}:{key}")}
        return self._check(viewer, origin, key, signature, paths)

    def _check(
        self,
        viewer: Viewer,
        origin: Origin,
        key: str,
        signature: str | None,
        paths: Mapping[Scope, str],
    ) -> bool:
        if signature is not None:
            if self._signer is None:
                raise InvalidLink("sig: this service has no key that signs links")
            self._signer.verify(signature, paths)
            return True
        if origin.settings.visibility == "private" and not viewer.name:
            raise missing(key)
        return False


def originals_forbidden(origin: str) -> Forbidden:
    """Return the error for originals of an origin that serves only renditions."""
    return Forbidden(
        f"origin {origin!r} serves renditions, not the pictures themselves; request a "
        "transform, such as thumbnail"
    )
