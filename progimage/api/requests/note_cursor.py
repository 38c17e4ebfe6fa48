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
        prefix, id_of, what: as for `_decoded`.

    Raises:
        InvalidRequest: the cursor is of no note of this owner.
    """
    after = _decoded(parameters.one("cursor"), prefix, id_of, what)
    found = list(islice(read(after), limit + 1))
    following = None
    if len(found) > limit:
        cursor = base64.urlsafe_b64encode(found[limit - 1][0].encode()).decode()
        following = parameters.encoded(("cursor",), cursor=cursor)
    return [entry for _, entry in found[:limit]], following


def _decoded(cursor: str | None, prefix: str, id_of: Callable[[str], str | None], what: str) -> str:
    """Return the note to continue after, "" for the first page.

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
