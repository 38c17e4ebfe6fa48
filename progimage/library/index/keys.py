"""Every key of the index.

    index/live/<position>-<generation>-<revision>-<token>   an announcement; without content
    index/live/manifest                                     which shelves there are; swapped
    index/shelves/<name>                                    a shelf; immutable

An announcement says that a picture is about to have this revision. `<token>` is drawn again
for each, so that removing one never removes another's. The manifest sorts after all
announcements, so a listing that comes in pages meets it last.
"""

from __future__ import annotations

import re
import secrets
from functools import lru_cache
from typing import NamedTuple

from progimage.library.index import positions
from progimage.library.index.positions import Position
from progimage.model import Record

INDEX = "index/"
LIVE = "index/live/"
MANIFEST = "index/live/manifest"
SHELVES = "index/shelves/"

_ANNOUNCEMENT = re.compile(
    r"index/live/([0-7]{18}-[0-9a-f]{64})-([0-9a-z]+)-([1-9][0-9]{0,9})-[0-9a-f]{8}"
)
_SHELF = re.compile(r"index/shelves/([0-9a-f]{24})")


class Announcement(NamedTuple):
    """A revision that a picture is about to have, or has by now."""

    position: Position
    generation: str
    revision: int


def new_announcement(record: Record) -> str:
    """Return the key of a new announcement of a record."""
    at = positions.to_text(positions.position(record.created, record.id))
    return f"{LIVE}{at}-{record.generation}-{record.revision}-{secrets.token_hex(4)}"


@lru_cache(4_000)
def announcement(key: str) -> Announcement | None:
    """Return what a key announces, None if it is no announcement."""
    match = _ANNOUNCEMENT.fullmatch(key)
    at = positions.from_text(match[1]) if match else None
    return Announcement(at, match[2], int(match[3])) if match and at else None


def new_shelf() -> str:
    """Return a name that no other shelf has."""
    return secrets.token_hex(12)


def shelf(name: str) -> str:
    """Return the key of a shelf."""
    return f"{SHELVES}{name}"


def name_of_shelf(key: str) -> str | None:
    """Return the name of a shelf, None if the key is not a shelf's."""
    match = _SHELF.fullmatch(key)
    return match[1] if match else None


def is_known(key: str) -> bool:
    """True for every key that this module can build."""
    return key == MANIFEST or announcement(key) is not None or name_of_shelf(key) is not None
