"""The section of accounts, and the keys that tokens and links are signed with."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr, model_validator

from progimage.config.sections import Section

DEVELOPMENT = "development"
"""The secret that stands for one drawn at random and kept in the store."""

SIGN_INS = 4
"""Requests that may wait for a password to be hashed at a time in one web process."""

_SHORT = "expected a secret of at least 32 bytes, as 'openssl rand -hex 32' makes it"


def _is_short(secret: SecretStr) -> bool:
    return len(secret.get_secret_value().encode()) < 32


class AuthKey(Section):
    """One key for access tokens: a secret of 32 bytes or more, or an Ed25519 key in PEM."""

    kid: str = Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")
    secret: SecretStr | None = None
    ed25519: SecretStr | None = None

    @model_validator(mode="after")
    def _is_one_good_key(self) -> AuthKey:
        if (self.secret is None) == (self.ed25519 is None):
            raise ValueError("expected either secret or ed25519")
        if self.secret is not None and _is_short(self.secret):
            raise ValueError(_SHORT)
        return self


class Auth(Section):
    """Accounts: whether there are any, and how their tokens are signed."""

    mode: Literal["off", "optional", "required"] = "off"
    secret: SecretStr = SecretStr("")
    keys: tuple[AuthKey, ...] = ()
    registration: Literal["open", "admin", "closed"] = "admin"
    access_lifetime_s: int = Field(default=900, ge=30, le=86_400)
    refresh_lifetime_s: int = Field(default=2_592_000, ge=60, le=31_536_000)

    @model_validator(mode="after")
    def _has_a_key_where_it_needs_one(self) -> Auth:
        secret = self.secret.get_secret_value()
        if secret not in ("", DEVELOPMENT) and _is_short(self.secret):
            raise ValueError(f"auth.secret: {_SHORT}")
        if self.mode != "off" and not secret and not self.keys:
            raise ValueError(
                f"auth.mode: {self.mode!r} needs a key that tokens are signed with: set "
                "auth.secret or auth.keys ('openssl rand -hex 32' makes a secret), or for "
                'development auth.secret = "development"'
            )
        return self
