"""Accounts in the store: read, created and changed by compare-and-swap."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from pydantic import ConfigDict

from progimage import keys
from progimage.access.accounts.names import is_name
from progimage.errors import Conflict, DamagedRecord, KeyMissing, NameTaken, NotFound, Overloaded
from progimage.model import Frozen
from progimage.stores import ABSENT, ObjectStore, exists, json_objects

_ATTEMPTS = 8


class Stored(Frozen):
    """Base of stored values; fields that a newer version added are stored again unchanged."""

    model_config = ConfigDict(frozen=True, extra="allow")


class Session(Stored):
    """A session: begun with the password, renewed by refresh tokens.

    Attributes:
        id: 32 hex digits.
        secret_sha256: of the only refresh token that is valid.
    """

    id: str
    secret_sha256: str
    created: datetime
    used: datetime
    expires: datetime


class ApiKey(Stored):
    """A credential for programs, valid until it is revoked."""

    id: str
    label: str
    secret_sha256: str
    created: datetime


class User(Stored):
    """An account.

    Attributes:
        password_hash: in the format of argon2.
        generation: access tokens of an earlier generation are not valid.
        revision: grows with each change, so that no two versions are equal.
    """

    name: str
    password_hash: str
    is_admin: bool = False
    is_disabled: bool = False
    generation: int = 1
    revision: int = 1
    created: datetime
    sessions: tuple[Session, ...] = ()
    api_keys: tuple[ApiKey, ...] = ()


class Users:
    """The accounts of one store."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def find(self, name: str) -> User:
        """Return an account.

        Raises:
            NotFound: there is no account of this name.
            DamagedRecord: it cannot be read.
        """
        return self._read(name)[0]

    def create(self, user: User) -> None:
        """Store a new account.

        Raises:
            NameTaken: there is an account of its name.
        """
        try:
            self._write(user, expect=ABSENT)
        except Conflict:
            raise NameTaken(f"username: {user.name!r} is taken; choose another") from None

    def change(self, name: str, change: Callable[[User], User]) -> User:
        """Replace an account with the result of `change` for its current version.

        `change` is called again if another process changed the account meanwhile. Its
        errors are passed on; if it returns its argument, nothing is written.

        Raises:
            NotFound: there is no such account.
            Overloaded: too many other requests are changing it.
        """
        for _ in range(_ATTEMPTS):
            user, etag = self._read(name)
            changed = change(user)
            if changed == user:
                return user
            changed = changed.model_copy(update={"revision": user.revision + 1})
            try:
                self._write(changed, expect=etag)
            except Conflict:
                continue
            return changed
        raise Overloaded("this account is being changed by other requests; try again")

    def remove(self, name: str) -> bool:
        """Remove an account and free its name; return True if there was one."""
        if not exists(self._store, keys.user(name)):
            return False
        self._store.delete(keys.user(name))
        return True

    def all(self) -> Iterator[User]:
        """Yield every account that can be read, in the order of names."""
        for stat in self._store.list(keys.USERS):
            if (name := keys.name_of_user(stat.key)) is None:
                continue
            try:
                yield self.find(name)
            except (NotFound, DamagedRecord):
                continue

    def _read(self, name: str) -> tuple[User, str]:
        if not is_name(name):
            raise NotFound("there is no account of that name")
        try:
            complaint = f"the record of the account {name!r} is damaged"
            return json_objects.load(self._store, keys.user(name), User, complaint)
        except KeyMissing:
            raise NotFound(f"there is no account named {name!r}") from None

    def _write(self, user: User, expect: str) -> None:
        json_objects.save(self._store, keys.user(user.name), user, expect)
