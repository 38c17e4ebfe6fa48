"""Refresh tokens and API keys: random, stored only as hashes.

    prt_<name>~<id>~<secret>     a refresh token
    pk_<name>~<id>~<secret>      an API key

The name is that of the account; no name contains `~`. The secret has 256 random bits, so
a plain hash of it is enough.
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
    """The parts of a refresh token or API key."""

    kind: str
    name: str
    id: str
    secret: str

    def __str__(self) -> str:
        """Return the token as it is sent."""
        return f"{self.kind}{self.name}~{self.id}~{self.secret}"

    def __repr__(self) -> str:
        """Return the token without its secret, for logs."""
        return f"SecretToken({self.kind!r}, {self.name!r}, {self.id!r})"

    @property
    def sha256(self) -> str:
        """The hash of the secret, as it is stored."""
        return hashlib.sha256(self.secret.encode()).hexdigest()

    def is_of(self, sha256: str) -> bool:
        """Return True if the stored hash is that of this token, in constant time."""
        return hmac.compare_digest(self.sha256, sha256)


def new(kind: str, name: str, token_id: str | None = None) -> SecretToken:
    """Return a token with a new secret, with a new id or with `token_id`."""
    return SecretToken(kind, name, token_id or secrets.token_hex(16), secrets.token_urlsafe(32))


def parse(text: str, kind: str) -> SecretToken | None:
    """Return the parts of a token of `kind`, None if the text is not one."""
    match = _SHAPE.fullmatch(text[:200])
    return SecretToken(*match.groups()) if match and match[1] == kind else None
