"""The marker of a store: the object that says which store this is and in which format.

It is written once, by a command that creates a store on purpose. Where it is missing
there is no store: a disk that is not mounted or a mistyped prefix then is an error and
not an empty library.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import ClassVar

from progimage import keys
from progimage.errors import ConfigError, Conflict, DamagedRecord
from progimage.stores import json_objects
from progimage.stores.object_store import ObjectStore

FORMAT = 2
"""The format that this release reads and writes.

Raise it when an older release could not work with stores of this one, or this one not with
stores of an older one; then `progimage.maintenance.upgrade` needs a step.
"""

FIRST_FORMAT = 1
"""The format of stores of releases before 0.2, which wrote no marker."""


class StoreMarker(json_objects.JsonObject):
    """The content of the marker.

    Attributes:
        id: 32 random hex digits; the identity of the store.
        format: of its keys and records; see `FORMAT`.
        created: when the store was created or adopted.
    """

    noun: ClassVar[str] = "store"

    id: str
    format: int
    created: datetime


def new_marker() -> StoreMarker:
    """Return a marker with an identity of its own and the current format."""
    return StoreMarker(id=secrets.token_hex(16), format=FORMAT, created=datetime.now(UTC))


def read_marker(store: ObjectStore) -> StoreMarker | None:
    """Return the marker, or None where there is none.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        return json_objects.find(store, keys.STORE_MARKER, StoreMarker)
    except DamagedRecord:
        raise ConfigError(
            f"store: its marker {keys.STORE_MARKER} is damaged; restore it from a back-up, or "
            "remove it and run 'progimage upgrade-store'"
        ) from None


def write_marker(store: ObjectStore, marker: StoreMarker) -> StoreMarker:
    """Write a marker where there is none; return the one that is there afterwards."""
    try:
        json_objects.create(store, keys.STORE_MARKER, marker)
    except Conflict:
        return read_marker(store) or marker
    return marker


def check_format(marker: StoreMarker) -> None:
    """Raise `ConfigError` unless this release works with the format of the store."""
    if marker.format > FORMAT:
        raise ConfigError(
            f"store: it has format {marker.format} of a newer release and this one works with "
            f"format {FORMAT}; upgrade ProgImage"
        )
    if marker.format < FORMAT:
        raise ConfigError(
            f"store: it has format {marker.format} of an older release and this one works with "
            f"format {FORMAT}; stop all servers and run 'progimage upgrade-store'"
        )
