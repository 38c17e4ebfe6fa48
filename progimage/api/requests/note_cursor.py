"""Cursors of lists whose entries are notes in the store: the key of the last entry of a page."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable

from progimage.errors import InvalidRequest

_MAX_CURSOR = 400


def encoded(key: str) -> str:
    """Return the cursor that continues behind a note."""
    return base64.urlsafe_b64encode(key.encode()).decode()


def decoded(cursor: str | None, prefix: str, id_of: Callable[[str], str | None], what: str) -> str:
    """Return the key to continue behind, "" for the first page.

    Args:
        prefix: of the notes of this owner.
        id_of: the id in the key of a note, None for other keys.
        what: an entry of the list, for the error.

    Raises:
        InvalidRequest: the cursor is of no note of this owner.
    """
    if cursor is None:
        return ""
    try:
        key = base64.b64decode(cursor[:_MAX_CURSOR], altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        key = ""
    if id_of(key) is None or not key.startswith(prefix):
        raise InvalidRequest(
            "cursor: expected the cursor in 'next' of an earlier answer; "
            f"leave it out to begin with the first {what}"
        )
    return key
