"""imgproxy's signatures: URL-safe base64 of HMAC-SHA256(key, salt + path).

Source: imgproxy documentation, "Signing a URL". A signature may be truncated; a server
that allows it says to how many bytes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

SIZE = hashlib.sha256().digest_size


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A key and a salt that sign paths together."""

    key: bytes
    salt: bytes

    def sign(self, path: str, size: int = SIZE) -> str:
        """Return the signature of `path`, which begins with a slash, cut to `size` bytes."""
        digest = hmac.digest(self.key, self.salt + path.encode(), "sha256")[:size]
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def is_signed(signature: str, path: str, pairs: Sequence[KeyPair], size: int = SIZE) -> bool:
    """Return True if one of `pairs` signed `path`, which begins with a slash."""
    try:
        sent = base64.b64decode(
            signature.rstrip("=") + "=" * (-len(signature.rstrip("=")) % 4),
            altchars=b"-_",
            validate=True,
        )
    except (binascii.Error, ValueError):
        return False
    message = path.encode()
    # Every pair is tried, so that the time does not reveal which one failed.
    matches = [
        hmac.compare_digest(sent, hmac.digest(pair.key, pair.salt + message, "sha256")[:size])
        for pair in pairs
    ]
    return any(matches)
