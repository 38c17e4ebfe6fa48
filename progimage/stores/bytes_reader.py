"""A reader of bytes in memory."""

from __future__ import annotations

import io
from datetime import UTC, datetime

from progimage.stores.object_store import Stat


class BytesReader(io.BytesIO):
    """A `Reader` over some bytes, with the `stat` of their object, or of no object."""

    def __init__(self, data: bytes, stat: Stat | None = None) -> None:
        super().__init__(data)
        self.stat = stat or Stat(key="", size=len(data), etag="", modified=datetime.now(UTC))
        self.file = self

    def narrowed(self, start: int, length: int | None) -> BytesReader:
        """Return a reader of `length` bytes from `start`, or to the end."""
        return BytesReader(self.getvalue()[start : None if length is None else start + length])
