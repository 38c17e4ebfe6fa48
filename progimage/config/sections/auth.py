"""Accounts, and the keys that sign access tokens and links."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr, model_validator

from progimage.config.sections.base import Section

DEVELOPMENT = "development"
"""The value of `auth.secret` that stands for a random secret in the store."""

SIGN_INS = 4
"""Sign-ins at the same time in one web process; hashing a password is slow on purpose."""

_SHORT = "expected a secret of at least 32 bytes, such as 'openssl rand -hex 32' makes"


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
    """Accounts, and how their tokens are signed."""

    mode: Literal["off", "optional", "required"] = Field(
        default="off",
        description='"off": no accounts; everything is public and everybody may change it. '
        '"optional": signed-in users can have pictures of their own, also private ones; without '
        'a token everything is as in "off". "required": public pictures can be read without a '
        "token, everything else needs one.",
    )
    secret: SecretStr = Field(
        default=SecretStr(""),
        description="Signs access tokens: 32 bytes or more, the same on every node, such as "
        '`openssl rand -hex 32` makes. "development": a random one that is stored in the store.',
    )
    keys: tuple[AuthKey, ...] = Field(
        default=(),
        description='More valid keys, {kid = "2026", secret = "…"} or {kid = "ed", ed25519 = '
        '"<PEM>"}: to change keys without signing accounts out, or to sign with Ed25519. Without '
        "`secret` the first one signs.",
    )
    registration: Literal["open", "admin", "closed"] = Field(
        default="admin",
        description='Who may create accounts by HTTP: "open" (everybody), "admin", or "closed" '
        "(use `progimage user add`).",
    )
    access_lifetime_s: int = Field(
        default=900, ge=30, le=86_400, description="How long an access token is valid."
    )
    refresh_lifetime_s: int = Field(
        default=2_592_000,
        ge=60,
        le=31_536_000,
        description="How long a session lasts that is not used.",
    )

    @model_validator(mode="after")
    def _has_a_key_where_it_needs_one(self) -> Auth:
        secret = self.secret.get_secret_value()
        if secret not in ("", DEVELOPMENT) and _is_short(self.secret):
            raise ValueError(f"auth.secret: {_SHORT}")
        if self.mode != "off" and not secret and not self.keys:
            raise ValueError(
                f"auth.mode: {self.mode!r} needs a key to sign tokens with: set auth.secret "
                "or auth.keys ('openssl rand -hex 32' makes a secret), or, to try it out, "
                'auth.secret = "development"'
            )
        return self
