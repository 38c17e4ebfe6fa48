"""Access tokens: JSON Web Tokens (RFC 7519), signed and verified by a ring of keys.

The first key signs and all keys verify, so that keys can be replaced without signing accounts
out. Each key has one algorithm; the algorithm that a token names is never used
(RFC 8725, sections 3.1 and 3.2).
"""

from __future__ import annotations

import io
import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from progimage import keys
from progimage.config import DEVELOPMENT, Auth
from progimage.config.clock_skew import APART_S
from progimage.errors import BadCredentials, ConfigError, Conflict
from progimage.stores import ABSENT, ObjectStore

ISSUER = "progimage"
TYPE = "at+jwt"
"""The type of access tokens (RFC 9068, section 2.1); other tokens have other types."""

MAX_TOKEN = 4_096
# Tolerance for the clocks of other nodes: a new token may seem to come from the future. There
# is none for the expiry, since it would make every token valid for longer.
_LEEWAY_S = 5

_REQUIRED = ["exp", "iat", "nbf", "iss", "aud", "sub"]


@dataclass(frozen=True, slots=True)
class Key:
    """A key of the ring; `signing` is None if it can only verify."""

    kid: str
    algorithm: str
    signing: bytes | Ed25519PrivateKey | None
    verifying: bytes | Ed25519PublicKey

    @property
    def secret(self) -> bytes | None:
        """The bytes to derive other keys from; None for a public key."""
        if isinstance(self.signing, Ed25519PrivateKey):
            return self.signing.private_bytes_raw()
        return self.signing


class KeyRing:
    """Signs and verifies tokens; the first key of `ring` signs."""

    def __init__(self, ring: Sequence[Key]) -> None:
        if len({key.kid for key in ring}) < len(ring):
            raise ConfigError("auth.keys: two keys have the same kid")
        if not ring or ring[0].signing is None:
            raise ConfigError("auth.keys: the first key signs, so it needs a private half")
        self._signer = ring[0]
        self._by_kid = {key.kid: key for key in ring}

    def sign(self, claims: dict[str, Any]) -> str:
        """Return a token with `claims`, which contain its times."""
        signer = self._signer
        assert signer.signing is not None  # noqa: S101 - checked in __init__
        return jwt.encode(
            {**claims, "iss": ISSUER, "aud": ISSUER},
            signer.signing,
            algorithm=signer.algorithm,
            headers={"kid": signer.kid, "typ": TYPE},
        )

    def verify(self, token: str) -> dict[str, Any]:
        """Return the claims of a token.

        Raises:
            BadCredentials: it is not a token of this service, or not valid now.
        """
        try:
            if len(token) > MAX_TOKEN:
                raise jwt.DecodeError
            header = jwt.get_unverified_header(token)
            key = self._by_kid[str(header.get("kid"))]
            if header.get("typ") != TYPE or header.get("alg") != key.algorithm:
                raise jwt.InvalidAlgorithmError
            claims: dict[str, Any] = jwt.decode(
                token,
                key.verifying,
                algorithms=[key.algorithm],
                audience=ISSUER,
                issuer=ISSUER,
                leeway=APART_S,
                options={"require": _REQUIRED, "strict_aud": True},
            )
            if int(claims["exp"]) <= time.time() - _LEEWAY_S:
                raise jwt.ExpiredSignatureError
        except jwt.ExpiredSignatureError:
            raise BadCredentials(
                "the access token has expired; send the refresh token to POST /tokens/"
            ) from None
        except (jwt.PyJWTError, KeyError, ValueError, RecursionError):
            raise BadCredentials(
                "the access token is not a valid token of this service; sign in with POST /tokens/"
            ) from None
        return claims


def key_ring(settings: Auth, store: ObjectStore) -> KeyRing:
    """Return the keys of the settings; if accounts are off, a random one.

    Raises:
        ConfigError: a key is malformed.
    """
    if settings.mode == "off":
        return KeyRing([_hs256("off", secrets.token_bytes(32))])
    return KeyRing(_ring(settings, store))


def ring_secrets(settings: Auth, store: ObjectStore) -> dict[str, bytes]:
    """Return the secrets of the ring by kid, the newest first, also if accounts are off.

    Other keys are derived from them; they must not sign anything directly.

    Raises:
        ConfigError: a key is malformed.
    """
    ring = _ring(settings, store)
    return {key.kid: key.secret for key in ring if key.secret is not None}


def _ring(settings: Auth, store: ObjectStore) -> list[Key]:
    ring = [
        _ed25519(key.kid, key.ed25519.get_secret_value())
        if key.ed25519 is not None
        else _hs256(key.kid, (key.secret.get_secret_value() if key.secret else "").encode())
        for key in settings.keys
    ]
    secret = settings.secret.get_secret_value()
    if secret:
        data = _development_secret(store) if secret == DEVELOPMENT else secret.encode()
        ring.insert(0, _hs256("default", data))
    return ring


def _hs256(kid: str, secret: bytes) -> Key:
    return Key(kid, "HS256", secret, secret)


def _ed25519(kid: str, pem: str) -> Key:
    """Return the key of a PEM text; a public one can only verify.

    Raises:
        ConfigError: it is not an Ed25519 key.
    """
    try:
        if "PRIVATE" in pem:
            private = load_pem_private_key(pem.encode(), None)
            if isinstance(private, Ed25519PrivateKey):
                return Key(kid, "EdDSA", private, private.public_key())
        else:
            public = load_pem_public_key(pem.encode())
            if isinstance(public, Ed25519PublicKey):
                return Key(kid, "EdDSA", None, public)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        pass
    raise ConfigError(
        f"auth.keys: {kid}: expected an Ed25519 key in PEM without a password, as "
        "'openssl genpkey -algorithm ed25519' makes it"
    )


def _development_secret(store: ObjectStore) -> bytes:
    """Return the random secret of a store, which its first node creates."""
    data = io.BytesIO(secrets.token_hex(32).encode())
    with suppress(Conflict):
        store.put(keys.DEVELOPMENT_KEY, data, media_type="text/plain", expect=ABSENT)
    with store.open(keys.DEVELOPMENT_KEY) as reader:
        return reader.read()
