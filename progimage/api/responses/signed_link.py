"""Answers with signed links."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote

import falcon
from pydantic import Field

from progimage.access.signed_links import LinkSigner, Scope, path_of_iiif
from progimage.api.fronts.iiif.identifier import read_identifier
from progimage.api.requests.query import SIGNATURE
from progimage.api.responses.hal import Urls
from progimage.api.responses.json_document import JsonDocument
from progimage.errors import NoLinkKey
from progimage.telemetry import audit


class SignedLink(JsonDocument):
    """A signed link."""

    url: str = Field(description="The link; with `templated` a template of RFC 6570.")
    expires: datetime
    templated: bool = False


class LinkWriter:
    """Signs links, notes them in the audit log, and answers with them.

    Args:
        signer: None if the service has no key; then it writes no links.
    """

    def __init__(self, signer: LinkSigner | None, urls: Urls) -> None:
        self._signer = signer
        self._urls = urls

    def require_signer(self) -> LinkSigner:
        """Return the signer; raise `NoLinkKey` if there is none."""
        if self._signer is None:
            raise NoLinkKey(
                "this service has no key to sign links with; its operator can set auth.secret"
            )
        return self._signer

    def send(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        path: str,
        expires_in_s: int,
        *,
        address: str | None = None,
        scope: Scope = "this",
        **audited: str,
    ) -> None:
        """Answer with a link whose signature is in the query.

        Args:
            path: the text to sign.
            address: the path of the link, a template if the scope is `any`; by default `path`.
            audited: what the audit log says about the link beside its path and its end.

        Raises:
            NoLinkKey: the service has no key.
        """
        token, expires = self._sign(path, expires_in_s, scope, audited)
        url = f"{self._urls.absolute(req, address or path)}?{SIGNATURE}={token}"
        _send(resp, SignedLink(url=url, expires=expires, templated=scope == "any"))

    def send_for_viewers(
        self, req: falcon.Request, resp: falcon.Response, name: str, expires_in_s: int
    ) -> None:
        """Answer with the address of a picture's IIIF facts, signed for all parts of the picture.

        Args:
            name: the IIIF identifier of the picture, not percent-encoded.

        Raises:
            NoLinkKey: the service has no key.
        """
        token, expires = self._sign(path_of_iiif(name), expires_in_s, "any", {})
        segment = read_identifier(quote(name, safe=""), token).segment
        url = self._urls.absolute(req, f"/iiif/3/{segment}/info.json")
        _send(resp, SignedLink(url=url, expires=expires))

    def _sign(
        self, path: str, expires_in_s: int, scope: Scope, audited: dict[str, str]
    ) -> tuple[str, datetime]:
        token, expires = self.require_signer().sign(path, expires_in_s, scope)
        audit.record("link", "ok", **audited, path=path, until=expires.isoformat())
        return token, expires


def _send(resp: falcon.Response, link: SignedLink) -> None:
    resp.media = link.model_dump(mode="json", exclude_defaults=True)
    resp.set_header("Cache-Control", "no-store")  # no cache may keep it
