"""Signed links: a client with one may see one rendition of a picture, or all, for a time.

A link is a path of the service with one more field in its query:

    sig = "v1." kid "." expires "." scope "." mac

`kid` names a key of the key ring, `expires` is a time in seconds since 1970, `scope` is
`this` (only the named path) or `any` (every rendition of the picture),
and `mac` is the unpadded base64url of HMAC-SHA256, under that link key, of

    "progimage-link-v1" LF kid LF expires LF scope LF path

`path` is not the text of the URL but its canonical form after parsing, so that a
signature cannot be valid for a second reading of the same URL.

A link key is HMAC-SHA256 of the fixed text `progimage/link-key/v1` under a secret of the
key ring. It signs no other kind of token and reveals nothing about the secret, so it can
be given to a back end that signs links itself.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from progimage.config.clock_skew import APART_S
from progimage.errors import InvalidLink, LinkExpired
from progimage.imaging.pipeline import Pipeline

Scope = Literal["this", "any"]

_LABEL = b"progimage/link-key/v1"
# Eleven digits reach to the year 5138 and leave no room for leading zeros, signs or spaces.
TOKEN = re.compile(
    r"v1\.(?P<kid>[A-Za-z0-9._-]{1,64})\.(?P<expires>[1-9][0-9]{0,10})"
    r"\.(?P<scope>this|any)\.(?P<mac>[A-Za-z0-9_-]{43})"
)


class Grant(NamedTuple):
    """The rights of a valid signature: when it expires, and its scope."""

    expires_s: int
    scope: Scope


def link_key(secret: bytes) -> bytes:
    """Return the key for signing links, derived from a secret of the key ring."""
    return hmac.digest(secret, _LABEL, hashlib.sha256)


def path_of_origin(origin: str, pipeline: Pipeline | None, key: str) -> str:
    """Return the text that is signed for a picture of an origin; `key` is not percent-encoded."""
    middle = f"/{pipeline}" if pipeline is not None else ""
    return f"/origins/{origin}{middle}/-/{key}"


def path_of_original(image_id: str) -> str:
    """Return the text that is signed for the original of a picture."""
    return f"/images/{image_id}/"


def path_of_any(image_id: str) -> str:
    """Return the text that is signed for every rendition of a picture."""
    return f"/images/{image_id}/*"


def path_of_album(album_id: str) -> str:
    """Return the text that is signed for an album with its pictures."""
    return f"/albums/{album_id}/"


def path_of_iiif(identifier: str) -> str:
    """Return the text that is signed for a picture in viewers: its tiles, facts and manifest.

    Args:
        identifier: a picture's id, or `origin:<name>:<key>` with the key as it is.
    """
    return f"/iiif/{identifier}/*"


def path_of_rendition(image_id: str, pipeline: Pipeline) -> str:
    """Return the text that is signed for one rendition: its canonical path with the format.

    The empty pipeline has no text. It gets "-", which no URL is parsed as, so that it can
    neither be signed nor be confused with the original, which still has its metadata.
    """
    text = str(pipeline)
    return f"/images/{image_id}{'' if text.startswith('.') else '/'}{text or '-'}"


def path_of_transform(pipeline: Pipeline, url: str | None = None) -> str:
    """Return the text that is signed for a transform of a sent picture, or of the one at `url`.

    The decoded URL is at the end, so nothing in it can be read as another part of the
    signed text.
    """
    return f"/on_demand/{str(pipeline) or '-'}{'' if url is None else f'?url={url}'}"


class LinkSigner:
    """Signs links with the newest key of a ring, and verifies those of every key in it."""

    def __init__(
        self,
        link_keys: Mapping[str, bytes],
        kid: str,
        max_expires_s: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._keys = dict(link_keys)
        self._kid = kid
        self._max_expires_s = max_expires_s
        self._clock = clock

    def sign(self, path: str, expires_in_s: int, scope: Scope = "this") -> tuple[str, datetime]:
        """Return a signature for a canonical path, and when it expires."""
        expires_s = int(self._clock()) + expires_in_s
        mac = _mac(self._keys[self._kid], self._kid, str(expires_s), scope, path)
        token = f"v1.{self._kid}.{expires_s}.{scope}.{mac}"
        return token, datetime.fromtimestamp(expires_s, UTC)

    def verify(self, token: str, paths: Mapping[Scope, str]) -> Grant:
        """Return the rights of `token` for the canonical path of its scope.

        Raises:
            LinkExpired: it was valid for this path, but has expired.
            InvalidLink: it is malformed, altered, for another path, made with a key that is
                not in the ring, or expires too far in the future.
        """
        match = TOKEN.fullmatch(token)
        if match is None:
            raise InvalidLink("sig: this is not a signature; use the link without changes")
        scope: Scope = "any" if match["scope"] == "any" else "this"
        key, path = self._keys.get(match["kid"]), paths.get(scope)
        if key is None or path is None:
            raise _other(path or next(iter(paths.values())))
        # Texts are compared, not bytes: base64 has several spellings of the same bytes.
        expected = _mac(key, match["kid"], match["expires"], scope, path)
        if not hmac.compare_digest(expected, match["mac"]):
            raise _other(path)
        expires_s, now_s = int(match["expires"]), self._clock()
        if expires_s <= now_s:
            ended = datetime.fromtimestamp(expires_s, UTC)
            raise LinkExpired(
                f"sig: this link expired at {ended:%Y-%m-%dT%H:%M:%SZ}; get a new one"
            )
        if expires_s > now_s + self._max_expires_s + APART_S:
            raise InvalidLink(
                f"sig: this link expires later than links.max_expires_s "
                f"({self._max_expires_s:,} seconds) allows; expires counts in whole seconds"
            )
        return Grant(expires_s, scope)


def _other(path: str) -> InvalidLink:
    """Return an error that names the text to sign, which back ends often spell differently."""
    return InvalidLink(
        f"sig: this signature is not for {path}, or was altered, or its key is no longer in use; "
        "use the link without changes"
    )


def _mac(key: bytes, kid: str, expires: str, scope: Scope, path: str) -> str:
    text = "\n".join(("progimage-link-v1", kid, expires, scope, path))
    mac = hmac.digest(key, text.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(mac).decode().rstrip("=")
