"""Finds the account that an access token or API key belongs to."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from progimage.access.accounts import secret_tokens
from progimage.access.accounts.access_tokens import KeyRing
from progimage.access.accounts.users import User, Users
from progimage.errors import BadCredentials, NotFound
from progimage.lru import LockedLru

REMEMBERED_S = 10.0
"""After at most this time a change of an account is in effect on every node."""

_REMEMBERED = 10_000

_INVALID = "the credentials are not valid, or no longer valid; sign in with POST /tokens/"


@dataclass(frozen=True, slots=True)
class Identity:
    """An account, and whether an API key identified it."""

    user: User
    is_by_api_key: bool


class Authenticator:
    """Identifies accounts by access tokens and API keys; caches accounts for a short time."""

    def __init__(
        self, users: Users, ring: KeyRing, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._users = users
        self._ring = ring
        self._clock = clock
        self._remembered: LockedLru[str, tuple[float, User]] = LockedLru(_REMEMBERED)

    def identify(self, credential: str) -> Identity:
        """Return the account that an access token or API key belongs to.

        Raises:
            BadCredentials: it is not valid, has expired, or the account is disabled.
        """
        if credential.startswith(secret_tokens.API_KEY):
            key = secret_tokens.parse(credential, secret_tokens.API_KEY)
            if key is None:
                raise BadCredentials(_INVALID)
            return Identity(self._find(key.name, lambda user: _has_key(user, key)), True)
        claims = self._ring.verify(credential)
        return Identity(
            self._find(str(claims["sub"]), lambda user: user.generation == claims.get("gen")), False
        )

    def forget(self, name: str) -> None:
        """Remove an account from the cache, because it was changed on this node."""
        self._remembered.pop(name)

    def _find(self, name: str, fits: Callable[[User], bool]) -> User:
        """Return the account that `fits`.

        If the cached account does not fit, the stored one may, since an API key may have
        been created a moment ago.

        Raises:
            BadCredentials: neither fits.
        """
        remembered = self._recall(name)
        if remembered is not None and not remembered.is_disabled and fits(remembered):
            return remembered
        user = self._read(name)
        if user is None or user.is_disabled or not fits(user):
            raise BadCredentials(_INVALID)
        return user

    def _recall(self, name: str) -> User | None:
        found = self._remembered.get(name)
        if found is None or self._clock() - found[0] >= REMEMBERED_S:
            return None
        return found[1]

    def _read(self, name: str) -> User | None:
        read_at = self._clock()
        try:
            user = self._users.find(name)
        except NotFound:
            self.forget(name)
            return None
        self._remembered.put(name, (read_at, user))
        return user


def _has_key(user: User, token: secret_tokens.SecretToken) -> bool:
    return any(key.id == token.id and token.is_of(key.secret_sha256) for key in user.api_keys)
