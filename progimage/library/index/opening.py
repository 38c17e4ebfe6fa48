"""Opening the index of a store as a process needs it."""

from __future__ import annotations

import tempfile
from concurrent.futures import Executor
from pathlib import Path

from progimage.library.index.index import Index
from progimage.library.index.shelf_files import (
    MAX_BYTES,
    ShelfFiles,
    is_on_network,
    scratch_folder,
)
from progimage.library.index.view_reader import SWEEP_AFTER_S
from progimage.stores import HasLocalPath, HasNames, ObjectStore


def open_index(
    store: ObjectStore,
    url: str,
    executor: Executor | None = None,
    *,
    folder: str = "",
    max_bytes: int = MAX_BYTES,
) -> Index:
    """Return the index of a store, with a scratch folder where shelves have to be copied.

    Args:
        url: the store's.
        folder: where scratch folders are; "" is the folder for temporary files.

    Raises:
        StoreUnavailable: the scratch folder cannot be used.
    """
    is_local = isinstance(store, HasLocalPath) and not is_on_network(
        Path(store.local_path("index"))
    )
    if url.startswith("memory:"):
        return Index(store, executor)
    if is_local:
        sweep_after_s = 0.0 if isinstance(store, HasNames) else SWEEP_AFTER_S
        return Index(store, executor, sweep_after_s=sweep_after_s)
    scratch = scratch_folder(Path(folder or tempfile.gettempdir()), url)
    return Index(store, executor, ShelfFiles(store, scratch, max_bytes, executor))
