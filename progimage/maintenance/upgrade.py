"""Bring a store that an older release wrote to the format of this one.

Releases before 0.2 wrote no marker. Such a store gets one after every step from its format to the
current one. An interrupted upgrade can be repeated, because the marker is written last.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from progimage import keys
from progimage.errors import ConfigError
from progimage.library.index.index import Index
from progimage.maintenance.reindex import reindex
from progimage.stores import ObjectStore, json_objects
from progimage.stores.marker import (
    FIRST_FORMAT,
    FORMAT,
    StoreMarker,
    check_format,
    new_marker,
    read_marker,
    write_marker,
)
from progimage.stores.opening import holds_data_of_a_store

Step = Callable[[ObjectStore], None]

# Records read at the same time, within the connections that a store has by default.
_THREADS = 16


def _build_index(store: ObjectStore) -> None:
    """Build the index of format 2, which has shelves instead of empty objects."""
    with ThreadPoolExecutor(_THREADS) as threads:
        reindex(Index(store, threads))


STEPS: dict[int, Step] = {1: _build_index}
"""The steps from each format to the next one. A step may run more than once."""


def upgrade(store: ObjectStore) -> StoreMarker:
    """Bring `store` to the current format; return its marker.

    Raises:
        ConfigError: there is no store, or a newer release wrote it.
    """
    marker = read_marker(store)
    if marker is None and not holds_data_of_a_store(store):
        raise ConfigError(
            "store: there is nothing to upgrade; is it the right folder or prefix? "
            "'progimage create-store' creates a new store"
        )
    before = FIRST_FORMAT if marker is None else marker.format
    if marker is not None and before >= FORMAT:
        check_format(marker)
        return marker
    for number in range(before, FORMAT):
        STEPS[number](store)
    if marker is None:
        return write_marker(store, new_marker())
    upgraded = marker.model_copy(update={"format": FORMAT})
    etag = store.stat(keys.STORE_MARKER).etag
    json_objects.save(store, keys.STORE_MARKER, upgraded, etag)
    return upgraded
