"""Creating and changing accounts, and their API keys."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from progimage.access.accounts import secret_tokens
from progimage.access.accounts.names import clean_name, clean_password
from progimage.access.accounts.passwords import Passwords
from progimage.access.accounts.sign_in import disabled, signed_out
from progimage.access.accounts.throttle import Throttle
from progimage.access.accounts.users import ApiKey, User, Users
from progimage.errors import BadCredentials, InvalidField, NotFound
from progimage.telemetry import audit

MAX_API_KEYS = 20
MAX_LABEL = 100


class Administration:
    """Changes accounts; each change is one write."""

    def __init__(
        self,
        users: Users,
        passwords: Passwords,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._users = users
        self._passwords = passwords
        self._clock = clock
        self._guesses = Throttle(10, 300)

    def add(self, username: str, password: str, *, is_admin: bool = False) -> User:
        """Create an account.

        Raises:
            InvalidField: the name or the password is not allowed.
            NameTaken: there is an account of this name.
        """
        name, now = clean_name(username), self._clock()
        user = User(
            name=name,
            password_hash=self._passwords.hash(clean_password(password, name)),
            is_admin=is_admin,
            # Tokens of an erased account of the same name must not be valid.
            generation=int(now.timestamp() * 1000),
            created=now,
        )
        self._users.create(user)
        audit.record("account", account=name, created=True, is_admin=is_admin)
        return user

    def set_disabled(self, name: str, is_disabled: bool) -> User:
        """Disable an account, or enable it again; its pictures and API keys stay.

        Raises:
            NotFound: there is no account of this name.
        """

        def changed(user: User) -> User:
            if is_disabled:
                return disabled(user)
            return user.model_copy(update={"is_disabled": False})

        user = self._users.change(name, changed)
        audit.record("account", account=name, disabled=is_disabled)
        return user

    def set_password(self, name: str, password: str, known: str | None = None) -> None:
        """Change the password of an account; all its sessions end.

        Args:
            known: the current password, None if it does not have to be proved.

        Raises:
            NotFound: there is no such account.
            InvalidField: the new password is not allowed.
            BadCredentials: `known` is wrong.
            TooManyAttempts: it was wrong too often.
        """
        user = self._users.find(name)
        if known is not None:
            self._guesses.attempt(name)
            if not self._passwords.match(user.password_hash, known):
                audit.record("password", "failed", account=name)
                raise BadCredentials("password_now: wrong password")
        password_hash = self._passwords.hash(clean_password(password, name))

        def changed(current: User) -> User:
            if known is not None and current.password_hash != user.password_hash:
                raise BadCredentials("password_now: another request has changed the password")
            return signed_out(current).model_copy(update={"password_hash": password_hash})

        self._users.change(name, changed)
        audit.record("password", account=name)

    def add_api_key(self, name: str, label: str) -> tuple[ApiKey, str]:
        """Return a new API key and its text, which is not stored.

        Raises:
            InvalidField: the label is not allowed, or there are too many keys.
        """
        if not 1 <= len(label.strip()) <= MAX_LABEL or not label.isprintable():
            raise InvalidField(f"label: expected 1 to {MAX_LABEL} printable characters")
        token = secret_tokens.new(secret_tokens.API_KEY, name)
        key = ApiKey(
            id=token.id,
            label=label.strip(),
            secret_sha256=token.sha256,
            created=self._clock(),
        )

        def changed(user: User) -> User:
            if len(user.api_keys) >= MAX_API_KEYS:
                raise InvalidField(f"an account may have {MAX_API_KEYS} API keys; revoke one first")
            return user.model_copy(update={"api_keys": (*user.api_keys, key)})

        self._users.change(name, changed)
        audit.record("api key", account=name, key=key.id, created=True)
        return key, str(token)

    def revoke_api_key(self, name: str, key_id: str) -> None:
        """Revoke an API key.

        Raises:
            NotFound: the account has no key of this id.
        """

        def changed(user: User) -> User:
            left = tuple(key for key in user.api_keys if key.id != key_id)
            if len(left) == len(user.api_keys):
                raise NotFound("there is no such API key; it may have been revoked")
            return user.model_copy(update={"api_keys": left})

        self._users.change(name, changed)
        audit.record("api key", account=name, key=key_id, revoked=True)
