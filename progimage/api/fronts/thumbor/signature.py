"""thumbor's signatures: URL-safe base64 of an HMAC of the path behind them.

thumbor uses SHA-1; imagor also SHA-256 and SHA-512, which may be truncated. Sources:
thumbor documentation, "Security"; imagor README, "URL Signature".
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from urllib.parse import unquote

_HASHES = ("sha1", "sha256", "sha512")
# No shorter signature is accepted than imagor's users commonly truncate to.
_SHORTEST = 28


def sign(path: str, key: str, kind: str = "sha1") -> str:
    """Return the signature of `path`, without a leading slash."""
    digest = hmac.digest(key.encode(), path.encode(), kind)
    return base64.urlsafe_b64encode(digest).decode()


def is_signed(signature: str, path: str, keys: Sequence[str]) -> bool:
    """Return whether one of `keys` signed `path`, as it was sent or percent-decoded."""
    sent = unquote(signature)
    if len(sent) < _SHORTEST or not sent.isascii():
        return False
    matches = [
        hmac.compare_digest(sign(text, key, kind)[: len(sent)], sent)
        for key in keys
        for kind in _HASHES
        for text in {path, unquote(path)}
    ]
    return any(matches)
