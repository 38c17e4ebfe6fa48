"""How the result of a render leaves its process: small ones as bytes, larger ones in a file.

A new file costs more than it seems: it is created, opened by the other process and removed,
each a change of the folder, and the kernel looks for an inode that was not in use lately.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Self, TypeVar, cast

T = TypeVar("T")

_MOST_BYTES = 256 << 10


class ResultFile:
    """A file to write, in memory up to 256 KiB, then at `path`."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._memory: BytesIO | None = BytesIO()
        self._file: BinaryIO = self._memory

    @property
    def data(self) -> bytes | None:
        """All bytes, or None if they are at the path."""
        return self._memory.getvalue() if self._memory else None

    def write(self, data: bytes) -> int:
        """Write `data` at the position."""
        if self._memory and self._memory.tell() + len(data) > _MOST_BYTES:
            position = self._memory.tell()
            self._file = Path(self._path).open("w+b")  # noqa: SIM115 - closed by __exit__
            self._file.write(self._memory.getvalue())
            self._file.seek(position)
            self._memory = None
        return self._file.write(data)

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes from the position, or all that follow."""
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to another position, and return it."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the position."""
        return self._file.tell()

    def flush(self) -> None:
        """Nothing is needed before the file is closed."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        if self._memory is None:
            self._file.close()


def returned(path: str, work: Callable[[BinaryIO], T]) -> tuple[T, bytes | None]:
    """Let `work` write a file; return its result and the bytes, or None if they are at `path`."""
    with ResultFile(path) as file:
        made = work(cast("BinaryIO", file))
        return made, file.data
