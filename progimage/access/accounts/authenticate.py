"""Whom a credential belongs to."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from progimage.access.accounts import secret_tokens
from progimage.access.accounts.access_tokens import KeyRing
from progimage.access.accounts.users import User, Users
from progimage.errors import BadCredentials, NotFound

REMEMBERED_S = 10.0
"""What is changed of an account holds on every node after so long at the latest."""

_REMEMBERED = 10_000

_NOT_GOOD = "the credentials are not good, or not any more; sign in with POST /tokens/"


@dataclass(frozen=True, slots=True)
class Identity:
    """An account that a request was proven to come from, and by what."""

    user: User
    is_by_api_key: bool


class Authenticator:
    """Tells whom access tokens and API keys belong to; remembers accounts for a while."""

    def __init__(
        self, users: Users, ring: KeyRing, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._users = users
        self._ring = ring
        self._clock = clock
        self._remembered: OrderedDict[str, tuple[float, User]] = OrderedDict()
        self._lock = Lock()

    def of(self, credential: str) -> Identity:
        """Return whom an access token or API key belongs to.

        Raises:
            BadCredentials: nobody, or nobody who may use it now.
        """
        if credential.startswith(secret_tokens.API_KEY):
            key = secret_tokens.parse(credential, secret_tokens.API_KEY)
            if key is None:
                raise BadCredentials(_NOT_GOOD)
            return Identity(self._who(key.name, lambda user: _has_key(user, key)), True)
        claims = self._ring.verify(credential)
        return Identity(
            self._who(str(claims["sub"]), lambda user: user.generation == claims.get("gen")), False
        )

    def forget(self, name: str) -> None:
        """Look at an account anew the next time: it was changed here."""
        with self._lock:
            self._remembered.pop(name, None)

    def _who(self, name: str, fits: Callable[[User], bool]) -> User:
        """Return the account if the credential fits it.

        What does not fit the account as it is remembered may fit it as it is by now:
        a key that was made a moment ago.
        """
        remembered = self._recall(name)
        if remembered is not None and not remembered.is_disabled and fits(remembered):
            return remembered
        user = self._read(name)
        if user is None or user.is_disabled or not fits(user):
            raise BadCredentials(_NOT_GOOD)
        return user

    def _recall(self, name: str) -> User | None:
        with self._lock:
            read_at, user = self._remembered.get(name, (0.0, None))
        is_fresh = user is not None and self._clock() - read_at < REMEMBERED_S
        return user if is_fresh else None

    def _read(self, name: str) -> User | None:
        read_at = self._clock()
        try:
            user = self._users.find(name)
        except NotFound:
            self.forget(name)
            return None
        with self._lock:
            self._remembered[name] = (read_at, user)
            self._remembered.move_to_end(name)
            if len(self._remembered) > _REMEMBERED:
                self._remembered.popitem(last=False)
        return user


def _has_key(user: User, token: secret_tokens.SecretToken) -> bool:
    return any(key.id == token.id and token.is_of(key.secret_sha256) for key in user.api_keys)
