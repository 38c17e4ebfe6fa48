"""What pictures are read from: anything with `read`, and pieces that arrive one by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol


class Source(Protocol):
    """Anything to read bytes from."""

    def read(self, size: int, /) -> bytes: ...


class Pieces:
    """Pieces of bytes, some perhaps empty, as one source."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; none at the end.

        Raises: what the iterator of pieces raises.
        """
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._rest = piece
        data, self._rest = self._rest[:size], self._rest[size:]
        return data
