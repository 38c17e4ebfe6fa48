"""Refresh tokens and API keys: random, kept as hashes only.

    prt_<name>~<id>~<secret>     a refresh token
    pk_<name>~<id>~<secret>      an API key

The name says in which account to look; `~` is in no name. The secret has 256 random
bits, so that a plain hash of it is enough.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

REFRESH, API_KEY = "prt_", "pk_"

_SHAPE = re.compile(r"(prt_|pk_)([a-z0-9._-]{3,32})~([0-9a-f]{32})~([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class SecretToken:
    """A token of this kind, taken apart."""

    kind: str
    name: str
    id: str
    secret: str

    def __str__(self) -> str:
        """Return the token as it is sent."""
        return f"{self.kind}{self.name}~{self.id}~{self.secret}"

    def __repr__(self) -> str:
        """Return it without what nobody should see in a log."""
        return f"Opaque({self.kind!r}, {self.name!r}, {self.id!r})"

    @property
    def sha256(self) -> str:
        """What is kept of the secret."""
        return hashlib.sha256(self.secret.encode()).hexdigest()

    def is_of(self, sha256: str) -> bool:
        """True if this is what was kept; takes the same time for every wrong one."""
        return hmac.compare_digest(self.sha256, sha256)


def new(kind: str, name: str, token_id: str | None = None) -> SecretToken:
    """Return a token with a secret of its own, for something new or for `token_id`."""
    return SecretToken(kind, name, token_id or secrets.token_hex(16), secrets.token_urlsafe(32))


def parse(text: str, kind: str) -> SecretToken | None:
    """Return a token of the kind, None if it cannot be one."""
    match = _SHAPE.fullmatch(text[:200])
    return SecretToken(*match.groups()) if match and match[1] == kind else None
