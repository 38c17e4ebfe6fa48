"""Webhooks: receivers of events."""

from __future__ import annotations

import base64
import binascii
from typing import get_args

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from progimage.config.sections.base import Section
from progimage.model import EventKind

PREFIX = "whsec_"
# Standard Webhooks 1.0.0, "Signature scheme": 192 to 512 bits.
_BYTES = range(24, 65)


class Webhook(Section):
    """A web server that is informed of events."""

    url: str = Field(
        pattern=r"^https?://\S+$", max_length=2_000, description="Where events are sent (POST)."
    )
    secret: SecretStr = Field(
        description="Signs the events: `whsec_` and base64 of 24 to 64 random bytes, as "
        '`echo "whsec_$(openssl rand -base64 32)"` prints it.',
    )
    old_secret: SecretStr = Field(
        default=SecretStr(""),
        description="A former secret that also signs, until the receiver has the new one.",
    )
    events: tuple[EventKind, ...] = Field(
        default=get_args(EventKind), min_length=1, description="Which events are sent."
    )
    timeout_s: float = Field(
        default=15.0, gt=0, le=60, description="How long the receiver may take to answer."
    )
    concurrent: int = Field(
        default=4, ge=1, le=32, description="How many events are sent at the same time."
    )
    max_waiting: int = Field(
        default=100_000,
        ge=1,
        le=1_000_000,
        description="The most events that wait. Beyond that, the events that would wait longest "
        "are given up; as many given-up events are stored for `progimage webhooks retry`.",
    )
    allow_private_addresses: bool = Field(
        default=False, description="Whether the receiver may be in a private network."
    )

    @field_validator("secret", "old_secret")
    @classmethod
    def _is_a_key(cls, value: SecretStr, field: ValidationInfo) -> SecretStr:
        if value or field.field_name == "secret":
            key_of(value)
        return value

    @property
    def keys(self) -> tuple[bytes, ...]:
        """The keys that sign, the current one first."""
        return tuple(key_of(secret) for secret in (self.secret, self.old_secret) if secret)


def key_of(secret: SecretStr) -> bytes:
    """Return the key in a secret.

    Raises:
        ValueError: it has another form than Standard Webhooks 1.0.0 gives secrets.
    """
    text = secret.get_secret_value()
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith(PREFIX) or len(key) not in _BYTES:
        raise ValueError(
            "expected whsec_ and base64 of 24 to 64 bytes, such as "
            '`echo "whsec_$(openssl rand -base64 32)"` prints'
        )
    return key
