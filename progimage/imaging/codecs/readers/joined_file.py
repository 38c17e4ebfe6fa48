"""Bytes in memory, followed by the rest of a file, as one file."""

from __future__ import annotations

from io import SEEK_CUR, SEEK_END, SEEK_SET, RawIOBase
from typing import Any, BinaryIO


class JoinedFile(RawIOBase):
    """A file of `head` and of what `file` has from `start` on; `file` stays open.

    Nothing but `head` is held in memory.
    """

    def __init__(self, head: bytes, file: BinaryIO, start: int) -> None:
        self._head = head
        self._file = file
        self._start = start
        self._at = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        """Move to a place, counted from the beginning, from here or from the end."""
        if whence == SEEK_CUR:
            offset += self._at
        elif whence == SEEK_END:
            offset += len(self._head) + self._file.seek(0, SEEK_END) - self._start
        self._at = max(0, offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Read into `buffer`; return how many bytes that were, 0 at the end."""
        room = memoryview(buffer).cast("B")
        part = self._head[self._at : self._at + len(room)]
        if not part:
            self._file.seek(self._start + self._at - len(self._head))
            part = self._file.read(len(room))
        room[: len(part)] = part
        self._at += len(part)
        return len(part)
