"""Pages of lists whose entries have notes in the store; a cursor is the note of the last entry."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable
from itertools import islice
from typing import TypeVar

from progimage.api.requests.search import QueryParameters
from progimage.errors import InvalidRequest

_MAX_CURSOR = 400

Entry = TypeVar("Entry")


def page(
    parameters: QueryParameters,
    limit: int,
    read: Callable[[str], Iterable[tuple[str, Entry]]],
    prefix: str,
    id_of: Callable[[str], str | None],
    what: str,
) -> tuple[list[Entry], str | None]:
    """Return the entries of a page, and the query of the next page; None at the end.

    Args:
        limit: the most entries of the page.
        read: returns the entries after a note, each with its own note.
        prefix: of the notes of this owner.
        id_of: the id in the key of a note, None for other keys.
        what: as for `decoded`.

    Raises:
        InvalidRequest: the cursor is of no note of this owner.
    """

    def is_note(key: str) -> bool:
        return id_of(key) is not None and key.startswith(prefix)

    after = decoded(parameters.one("cursor"), is_note, what)
    found = list(islice(read(after), limit + 1))
    following = None
    if len(found) > limit:
        following = parameters.encoded(("cursor",), cursor=encoded(found[limit - 1][0]))
    return [entry for _, entry in found[:limit]], following


def encoded(text: str) -> str:
    """Return the cursor of a text."""
    return base64.urlsafe_b64encode(text.encode()).decode()


def decoded(cursor: str | None, is_valid: Callable[[str], bool], what: str) -> str:
    """Return the text of a cursor, "" without one.

    Args:
        what: an entry of the list, for the error.

    Raises:
        InvalidRequest: it is no cursor, or its text is not valid.
    """
    if cursor is None:
        return ""
    try:
        text = base64.b64decode(cursor[:_MAX_CURSOR], altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        text = ""
    if not is_valid(text):
        raise InvalidRequest(
            "cursor: expected the cursor in 'next' of an earlier answer; "
            f"leave it out to begin with the first {what}"
        )
    return text
