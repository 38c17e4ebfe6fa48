"""Making accounts, changing what they may, and their API keys."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from progimage.access.accounts import secret_tokens
from progimage.access.accounts.names import clean_name, clean_password
from progimage.access.accounts.passwords import Passwords
from progimage.access.accounts.sign_in import shut_out, signed_out
from progimage.access.accounts.throttle import Throttle
from progimage.access.accounts.users import ApiKey, User, Users
from progimage.errors import BadCredentials, InvalidField, NotFound
from progimage.telemetry import audit

MAX_API_KEYS = 20
MAX_LABEL = 100


class Administration:
    """Changes to accounts; each is one write."""

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
        """Make an account.

        Raises:
            InvalidField: the name or the password will not do.
            NameTaken: there is one of this name.
        """
        name, now = clean_name(username), self._clock()
        user = User(
            name=name,
            password_hash=self._passwords.hash(clean_password(password, name)),
            is_admin=is_admin,
            # Tokens of an account of this name that was erased are good no longer.
            generation=int(now.timestamp() * 1000),
            created=now,
        )
        self._users.create(user)
        audit.record("account", account=name, made=True, is_admin=is_admin)
        return user

    def set_disabled(self, name: str, is_disabled: bool) -> User:
        """Shut an account out, or let it in again. It keeps its pictures and API keys.

        Raises:
            NotFound: there is none of this name.
        """

        def changed(user: User) -> User:
            if is_disabled:
                return shut_out(user)
            return user.model_copy(update={"is_disabled": False})

        user = self._users.change(name, changed)
        audit.record("account", account=name, disabled=is_disabled)
        return user

    def set_password(self, name: str, password: str, known: str | None = None) -> None:
        """Give an account another password; all its sessions end.

        With `known`, only if that is its password until now.

        Raises:
            NotFound, InvalidField: there is no such account, or the password will not do.
            BadCredentials: `known` is wrong.
            TooManyAttempts: it was wrong too often.
        """
        user = self._users.find(name)
        if known is not None:
            self._guesses.attempt(name)
            if not self._passwords.match(user.password_hash, known):
                audit.record("password", "failed", account=name)
                raise BadCredentials("password_now: this is not the password")
        password_hash = self._passwords.hash(clean_password(password, name))

        def changed(current: User) -> User:
            if known is not None and current.password_hash != user.password_hash:
                raise BadCredentials("password_now: this is not the password any more")
            return signed_out(current).model_copy(update={"password_hash": password_hash})

        self._users.change(name, changed)
        audit.record("password", account=name)

    def add_api_key(self, name: str, label: str) -> tuple[ApiKey, str]:
        """Return a new API key and its text, which cannot be had again.

        Raises:
            InvalidField: the label will not do, or there are too many keys.
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
                raise InvalidField(
                    f"an account may have {MAX_API_KEYS} API keys; revoke one that is not used"
                )
            return user.model_copy(update={"api_keys": (*user.api_keys, key)})

        self._users.change(name, changed)
        audit.record("api key", account=name, key=key.id, made=True)
        return key, str(token)

    def revoke_api_key(self, name: str, key_id: str) -> None:
        """Make an API key useless; raises `NotFound` if the account has none of this id."""

        def changed(user: User) -> User:
            left = tuple(key for key in user.api_keys if key.id != key_id)
            if len(left) == len(user.api_keys):
                raise NotFound("there is no such API key; it may have been revoked")
            return user.model_copy(update={"api_keys": left})

        self._users.change(name, changed)
        audit.record("api key", account=name, key=key_id, revoked=True)
