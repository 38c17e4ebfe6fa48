"""A reader of bytes in memory that are no object of their own."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Self

from progimage.stores.object_store import Stat


class BytesReader:
    """A `Reader` over some bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.file = io.BytesIO(data)
        self.stat = Stat(key="", size=len(data), etag="", modified=datetime.now(UTC))

    def narrowed(self, start: int, length: int | None) -> BytesReader:
        """Return a reader of `length` bytes from `start`, or to the end."""
        return BytesReader(self._data[start : None if length is None else start + length])

    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes, or all that are left."""
        return self.file.read(size)

    def close(self) -> None:
        """Nothing is open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        return None
