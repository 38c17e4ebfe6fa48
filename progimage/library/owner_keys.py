"""The store keys of what an owner has beside pictures: albums, trash, external ids, usage.

    albums/<id>.json                       an album: its fields and the ids of its pictures
    album-lists/<owner>/<order>-<id>       an album in its owner's list; empty
    trash/<owner>/<order>-<id>             a picture in the trash; empty
    external/<owner>/ab/<sha256>.json      the picture that an external id leads to
    usage/<owner>.json                     how many pictures an account has, and its own quota

`<owner>` is `_` for what belongs to no account.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime

from progimage import keys

TRASH = "trash/"
USAGE = "usage/"
EXTERNAL_IDS = "external/"
ALBUMS = "albums/"
ALBUM_LISTS = "album-lists/"

NO_OWNER = "_"
"""Stands for the default owner in keys; no account can have this name."""

# So that times sort from the latest to the earliest.
_LATEST_S = 9_999_999_999

_EXTERNAL_ID_KEY = re.compile(
    r"external/(?:_|[a-z0-9][a-z0-9._-]*)/[0-9a-f]{2}/([0-9a-f]{64})\.json"
)
_OWNER = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")


def is_owner(text: str) -> bool:
    """Return True if `text` can be the name of an owner in a key."""
    return text == NO_OWNER or _OWNER.fullmatch(text) is not None


def trash_of(owner: str) -> str:
    """Return the prefix of the notes of the pictures that an owner has in the trash."""
    return f"{TRASH}{owner or NO_OWNER}/"


def trash_note(owner: str, expires: datetime, image_id: str) -> str:
    """Return the key of the note of a picture in the trash; the last to expire sorts first."""
    return f"{trash_of(owner)}{_LATEST_S - int(expires.timestamp()):010}-{image_id}"


id_of_trash_note = keys.reader(r"trash/(?:_|[a-z0-9][a-z0-9._-]*)/[0-9]{10}-([0-9a-f]{64})")
"""Return the id of the picture if `key` is the note of one in the trash."""


def usage(owner: str) -> str:
    """Return the key of the count of an account's pictures."""
    return f"{USAGE}{owner}.json"


def external_ids_of(owner: str) -> str:
    """Return the prefix of the pointers of an owner's external ids."""
    return f"{EXTERNAL_IDS}{owner or NO_OWNER}/"


def external_id(owner: str, text: str) -> str:
    """Return the key of the pointer of an external id, which can have any characters."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f"{external_ids_of(owner)}{digest[:2]}/{digest}.json"


def is_external_id(key: str) -> bool:
    """Return True if `key` is that of the pointer of an external id."""
    return _EXTERNAL_ID_KEY.fullmatch(key) is not None


def album(album_id: str) -> str:
    """Return the key of an album."""
    return f"{ALBUMS}{album_id}.json"


id_of_album = keys.reader(r"albums/([0-9a-f]{32})\.json")
"""Return the id if `key` is an album's."""


def albums_of(owner: str) -> str:
    """Return the prefix of the list of an owner's albums."""
    return f"{ALBUM_LISTS}{owner or NO_OWNER}/"


def album_note(owner: str, created: datetime, album_id: str) -> str:
    """Return the key of an album in its owner's list; the newest sorts first."""
    return f"{albums_of(owner)}{_LATEST_S - int(created.timestamp()):010}-{album_id}"


id_of_album_note = keys.reader(r"album-lists/(?:_|[a-z0-9][a-z0-9._-]*)/[0-9]{10}-([0-9a-f]{32})")
"""Return the id of the album if `key` is one in an owner's list."""
