"""The rules for names and passwords of accounts."""

from __future__ import annotations

import re
import unicodedata

from progimage.errors import InvalidField

MIN_NAME, MAX_NAME = 3, 32
MIN_PASSWORD, MAX_PASSWORD = 10, 256

# Names are parts of keys and tokens, in which `~` and `/` are separators.
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*[a-z0-9]")

# `me` is used in paths and queries; the others would suggest a special role.
RESERVED = frozenset(
    (
        *("admin", "administrator", "all", "anonymous", "anybody", "api", "default"),
        *("everybody", "me", "moderator", "nobody", "none", "null", "official", "operator"),
        *("owner", "private", "progimage", "public", "root", "security", "self", "staff"),
        *("superuser", "support", "system", "undefined", "user", "users", "you"),
    )
)


def is_name(text: str) -> bool:
    """Return True if this can be the name of an account."""
    return MIN_NAME <= len(text) <= MAX_NAME and _NAME.fullmatch(text) is not None


def clean_name(text: str) -> str:
    """Return a name in its stored form: lower case, without typographic variants.

    Only ASCII is allowed, so that no two names look alike in different scripts.

    Raises:
        InvalidField: it is not a valid name; the message has the rules.
    """
    name = unicodedata.normalize("NFKC", text).casefold().strip() if len(text) < 200 else ""
    if not is_name(name):
        raise InvalidField(
            f"username: expected {MIN_NAME} to {MAX_NAME} characters of a-z, 0-9, '.', '_' and "
            "'-', the first and the last a letter or digit"
        )
    if name in RESERVED:
        raise InvalidField(f"username: {name!r} is reserved; choose another")
    return name


def clean_password(text: str, name: str) -> str:
    """Return a new password in Unicode NFC, so that every keyboard produces the same text.

    Raises:
        InvalidField: it is too short, too long or the name itself.
    """
    password = normal_password(text)
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise InvalidField(
            f"password: expected {MIN_PASSWORD} to {MAX_PASSWORD} characters, got {len(password)}"
        )
    if password.casefold() == name or len(set(password)) < 3:
        raise InvalidField("password: too easy to guess; use several words")
    return password


def normal_password(text: str) -> str:
    """Return the form of a password that is compared; a far too long one is cut, and fails."""
    # Cut before normalising, whose time grows with the square of the length.
    return unicodedata.normalize("NFC", text[: 8 * MAX_PASSWORD])
