"""A range of a file, as the reader of an object."""

from __future__ import annotations

import io
import zlib
from typing import Self

from progimage.errors import StoreUnavailable
from progimage.stores.folder.disk import disk_faults, saved_checksum
from progimage.stores.object_store import Stat

_CHUNK_BYTES = 1 << 20


class FileReader:
    """A range of one file, open: it outlives the file's replacement and deletion."""

    def __init__(self, file: io.FileIO, stat: Stat, start: int, length: int | None) -> None:
        self._file = file
        self.stat = stat
        self.narrow(start, length)

    def narrow(self, start: int, length: int | None) -> None:
        """Go to `start`, and end after `length` bytes or with the object."""
        there = max(self.stat.size - start, 0)
        self._left = there if length is None else min(length, there)
        with disk_faults():
            self._file.seek(start)

    def verify(self) -> bool:
        """See `Verifiable`; reads the file once, and goes to its beginning."""
        with disk_faults():
            expected = saved_checksum(self._file.fileno())
            if expected is None:
                return True
            checksum, left = 0, self.stat.size
            self._file.seek(0)
            while left and (chunk := self._file.read(min(left, _CHUNK_BYTES))):
                checksum = zlib.crc32(chunk, checksum)
                left -= len(chunk)
            self._file.seek(0)
        return not left and checksum == expected

    def read(self, size: int = -1, /) -> bytes:
        """Return `size` bytes, or all that is left if it is negative; b"" at the end."""
        wanted = self._left if size < 0 else min(size, self._left)
        chunks = []
        while wanted:  # one read(2) gives at most 2 GiB
            with disk_faults():
                chunk = self._file.read(wanted)
            if not chunk:
                raise StoreUnavailable("the store's file ends before its size")
            chunks.append(chunk)
            wanted -= len(chunk)
            self._left -= len(chunk)
        return b"".join(chunks)

    def fileno(self) -> int:
        """Return the descriptor, positioned at the next byte, for sendfile."""
        return self._file.fileno()

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
