"""Signing in with a password, and renewing sessions with refresh tokens.

    sign in     password -> a new session, its refresh token, an access token
    refresh     refresh token -> the next refresh token, an access token
    end         one session, or all of an account with every access token

A refresh token is valid once. If one is used again, there are two copies of it, and one
may be stolen: the session ends (RFC 9700, section 4.14.2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from progimage.access.accounts import secret_tokens
from progimage.access.accounts.access_tokens import KeyRing
from progimage.access.accounts.names import clean_name
from progimage.access.accounts.passwords import Passwords
from progimage.access.accounts.throttle import Throttle
from progimage.access.accounts.users import Session, User, Users
from progimage.config.networks import site_of
from progimage.errors import BadCredentials, InvalidField, NotFound
from progimage.telemetry import audit

MAX_SESSIONS = 50
"""The most sessions of one account; at the limit the least recently used one ends."""

_WRONG = "wrong user name or password"
_SPENT = "the refresh token is not valid, or no longer valid; sign in with the password"


@dataclass(frozen=True, slots=True)
class Grant:
    """The tokens of a session."""

    session_id: str
    access_token: str
    expires_in: int
    refresh_token: str


class SignIn:
    """Begins, renews and ends sessions."""

    def __init__(
        self,
        users: Users,
        passwords: Passwords,
        ring: KeyRing,
        *,
        access_lifetime_s: int,
        refresh_lifetime_s: int,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._users = users
        self._passwords = passwords
        self._ring = ring
        self._access_lifetime_s = access_lifetime_s
        self._refresh_lifetime = timedelta(seconds=refresh_lifetime_s)
        self._clock = clock
        # Limits for one client at one account, one client at all accounts, all clients at one.
        self._by_both = Throttle(10, 300)
        self._by_site = Throttle(60, 300)
        self._by_name = Throttle(100, 300)

    def by_password(self, username: str, password: str, address: str) -> Grant:
        """Begin a session.

        Raises:
            BadCredentials: the name or the password is wrong, or the account is disabled;
                the error and its timing are the same for all three.
            TooManyAttempts: too many failed, for this account or from this address.
            Overloaded: too many sign-ins are waiting.
        """
        user = self._known(username)
        name, site = user.name if user else username[:64].casefold(), site_of(address)
        attempts = (
            (self._by_both, f"{name} {site}"),
            (self._by_site, site),
            (self._by_name, name),
        )
        for throttle, key in attempts:
            throttle.attempt(key)
        is_right = self._passwords.match(user.password_hash if user else None, password)
        if user is None or not is_right or user.is_disabled:
            audit.record("sign-in", "failed", account=name)
            raise BadCredentials(_WRONG)
        for throttle, key in attempts:
            throttle.forgive(key)
        token = secret_tokens.new(secret_tokens.REFRESH, user.name)
        grant = self._grant(self._users.change(user.name, self._with_session(user, token)), token)
        audit.record("sign-in", account=user.name, session=token.id)
        return grant

    def by_refresh_token(self, text: str) -> Grant:
        """Renew a session.

        Raises:
            BadCredentials: the token is malformed or was used, or its session has ended.
        """
        token = secret_tokens.parse(text, secret_tokens.REFRESH)
        if token is None:
            raise BadCredentials(_SPENT)
        successor = secret_tokens.new(secret_tokens.REFRESH, token.name, token.id)
        try:
            user = self._users.change(token.name, self._with_successor(token, successor))
        except NotFound:
            raise BadCredentials(_SPENT) from None
        if not any(successor.is_of(session.secret_sha256) for session in user.sessions):
            audit.record("session", "denied", account=token.name, session=token.id, reused=True)
            raise BadCredentials(_SPENT)
        return self._grant(user, successor)

    def end(self, name: str, session_id: str) -> None:
        """End a session; its access tokens stay valid until they expire.

        Raises:
            NotFound: the account has no such session.
        """

        def ended(user: User) -> User:
            left = tuple(session for session in user.sessions if session.id != session_id)
            if len(left) == len(user.sessions):
                raise NotFound("there is no such session; it may have ended")
            return user.model_copy(update={"sessions": left})

        self._users.change(name, ended)
        audit.record("session", account=name, session=session_id, ended=True)

    def end_all(self, name: str) -> None:
        """End every session and every access token of an account."""
        self._users.change(name, signed_out)
        audit.record("session", account=name, ended=True)

    def _known(self, username: str) -> User | None:
        try:
            return self._users.find(clean_name(username))
        except (InvalidField, NotFound):
            return None

    def _with_session(self, seen: User, token: secret_tokens.SecretToken) -> Callable[[User], User]:
        def change(user: User) -> User:
            if user.is_disabled or user.password_hash != seen.password_hash:
                raise BadCredentials(_WRONG)
            now = self._clock()
            session = Session(
                id=token.id,
                secret_sha256=token.sha256,
                created=now,
                used=now,
                expires=now + self._refresh_lifetime,
            )
            alive = [old for old in user.sessions if old.expires > now]
            recent = sorted(alive, key=lambda old: old.used)[-(MAX_SESSIONS - 1) :]
            return user.model_copy(update={"sessions": (*recent, session)})

        return change

    def _with_successor(
        self, token: secret_tokens.SecretToken, successor: secret_tokens.SecretToken
    ) -> Callable[[User], User]:
        def change(user: User) -> User:
            now = self._clock()
            session = next((s for s in user.sessions if s.id == token.id), None)
            if session is None or session.expires <= now or user.is_disabled:
                raise BadCredentials(_SPENT)
            others = tuple(s for s in user.sessions if s.id != token.id)
            if not token.is_of(session.secret_sha256):
                return user.model_copy(update={"sessions": others})
            renewed = session.model_copy(
                update={
                    "secret_sha256": successor.sha256,
                    "used": now,
                    "expires": now + self._refresh_lifetime,
                }
            )
            return user.model_copy(update={"sessions": (*others, renewed)})

        return change

    def _grant(self, user: User, token: secret_tokens.SecretToken) -> Grant:
        now = int(self._clock().timestamp())
        claims = {
            "sub": user.name,
            "gen": user.generation,
            "iat": now,
            "nbf": now,
            "exp": now + self._access_lifetime_s,
        }
        return Grant(token.id, self._ring.sign(claims), self._access_lifetime_s, str(token))


def disabled(user: User) -> User:
    """Return the account disabled, and signed out."""
    return user if user.is_disabled else signed_out(user).model_copy(update={"is_disabled": True})


def signed_out(user: User) -> User:
    """Return the account without sessions, and in a new generation."""
    return user.model_copy(update={"sessions": (), "generation": user.generation + 1})
