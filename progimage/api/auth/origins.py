"""Who may see the pictures of an origin."""

from __future__ import annotations

from progimage.access.signed_links import LinkSigner, path_of_origin
from progimage.errors import LinkRefused
from progimage.imaging.pipeline import Pipeline
from progimage.model import Viewer
from progimage.origins.origins import Origin
from progimage.origins.sources.source import missing


class OriginAuthorization:
    """Lets in by a signature, or because the origin is public, or the viewer has an account."""

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
        """Return whether the request is let in by a signature.

        Args:
            pipeline: None for the picture itself and for what is known of it.

        Raises:
            LinkRefused: the signature is not valid.
            OriginMissing: the origin is private, and the viewer has no account.
        """
        if signature is not None:
            if self._signer is None:
                raise LinkRefused("sig: this service has no key that signs links")
            path = path_of_origin(origin.name, pipeline, key)
            self._signer.verify(signature, {"this": path})
            return True
        if origin.settings.visibility == "private" and not viewer.name:
            raise missing(key)
        return False
