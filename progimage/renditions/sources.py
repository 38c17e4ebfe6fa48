"""The pictures that a render works on, as files that a worker process can open."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from progimage import keys
from progimage.errors import KeyMissing
from progimage.library import Library
from progimage.library.originals import read_verified
from progimage.model import Record
from progimage.stores import HasLocalPath, ObjectStore
from progimage.stores.temp_files import TempFolder

_CHUNK_BYTES = 1 << 20


@dataclass(slots=True)
class Sources:
    """Files that hold originals, or working copies, while the `with` block lasts.

    `contents` notes what is in temporary files: workers know again what they have decoded,
    though each render has another file. `has_damaged` says that a picture among them was
    known to be damaged when it was uploaded. `others` gives the pictures that pipelines name
    beside their own, where they are in another part of the store.
    """

    store: ObjectStore
    library: Library
    scratch: TempFolder
    others: Sources | None = None
    contents: dict[str, str] = field(default_factory=dict)
    has_damaged: bool = False
    _temporary: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._temporary.close()
        if self.others is not None:
            self.others.__exit__(*exc)

    def path(self, record: Record) -> Path:
        """Return a file that holds the picture's original.

        Raises:
            NotFound: the picture was removed since its record was read.
            DamagedOriginal: the bytes are not those that the record describes.
        """
        self.has_damaged = self.has_damaged or record.damaged
        if isinstance(self.store, HasLocalPath):
            with self.library.originals.open(record) as reader:
                read_verified(record, reader)
            return Path(self.store.local_path(keys.original(record.id, record.generation)))
        path = self.temporary()
        self.contents[os.fspath(path)] = f"{record.id}/{record.generation}"
        with self.library.originals.open(record) as reader, path.open("xb") as file:
            read_verified(record, reader, file.write)
        return path

    def copy(self, key: str) -> Path | None:
        """Return a file that holds the working copy under `key`; None if there is none."""
        # Every render comes here; `isinstance` of a protocol takes as long as the look itself.
        if local_path := getattr(self.store, "local_path", None):
            path = local_path(key)
            return Path(path) if os.path.exists(path) else None  # noqa: PTH110
        try:
            reader = self.store.open(key)
        except KeyMissing:
            return None
        path = self.temporary()
        self.contents[os.fspath(path)] = key
        with reader, path.open("xb") as file:
            while chunk := reader.read(_CHUNK_BYTES):
                file.write(chunk)
        return path

    def temporary(self) -> Path:
        """Return the name of a file that does not exist yet, removed with the block's end."""
        path = self.scratch.path()
        self._temporary.callback(path.unlink, missing_ok=True)
        return path

    def paths(self, records: Iterable[Record]) -> dict[str, str]:
        """Return such a file for each picture that a pipeline names, by its id."""
        if self.others is None:
            return {record.id: os.fspath(self.path(record)) for record in records}
        found = self.others.paths(records)
        self.contents.update(self.others.contents)
        self.has_damaged = self.has_damaged or self.others.has_damaged
        return found
