"""Accounts for tests, made without a sign-in: hashing passwords takes its time."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

from progimage.access.accounts.administration import Administration
from progimage.access.accounts.passwords import Passwords
from progimage.access.accounts.users import User, Users
from progimage.errors import NameTaken
from progimage.stores import ObjectStore

SECRET = "thirty-two bytes or more of secret"
AUTH = {"mode": "optional", "secret": SECRET}
PASSWORD = "correct horse battery"


def account(store: ObjectStore, name: str, **fields: object) -> User:
    """Make an account without a usable password."""
    user = User(name=name, password_hash="", created=datetime.now(UTC), **fields)
    Users(store).create(user)
    return user


def headers_of(store: ObjectStore, name: str, **fields: object) -> dict[str, str]:
    """Return the headers of requests by an account, which is made if need be."""
    with suppress(NameTaken):
        account(store, name, **fields)
    _, key = Administration(Users(store), Passwords()).add_api_key(name, "tests")
    return {"Authorization": f"Bearer {key}"}
