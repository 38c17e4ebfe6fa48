"""What may be uploaded: a path, bytes, a file that is open, or a URL for the server to fetch."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from progimage.client.errors import InvalidCall

Source = str | os.PathLike[str] | bytes | BinaryIO
"""A str that begins with http:// or https:// is a URL, any other one a path."""


@dataclass(frozen=True, slots=True)
class Url:
    """A picture for the server to fetch."""

    url: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A picture to read from."""

    file: BinaryIO
    size_bytes: int
    name: str

    def read(self, start: int, size: int) -> bytes:
        """Return `size` bytes from `start` on.

        Raises:
            InvalidCall: the file has become shorter.
        """
        self.file.seek(start)
        data = self.file.read(size)
        if len(data) != size:
            raise InvalidCall(f"{self.name or 'the file'} became shorter while it was read")
        return data


@contextmanager
def opened(source: Source, name: str | None) -> Iterator[Opened | Url]:
    """Open what is to be uploaded.

    Raises:
        InvalidCall: it cannot be read.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        yield Opened(io.BytesIO(source), len(source), name or "")
    elif isinstance(source, str) and source.startswith(("http://", "https://")):
        yield Url(source)
    elif isinstance(source, str | os.PathLike):
        path = Path(source)
        try:
            file = path.open("rb")
        except OSError as error:
            raise InvalidCall(f"{path}: {error.strerror}") from error
        with file:
            yield Opened(file, os.fstat(file.fileno()).st_size, name or path.name)
    elif hasattr(source, "read"):
        yield _of_file(source, name)
    else:
        raise InvalidCall(f"expected a path, bytes, a binary file or a URL, got {type(source)}")


def _of_file(file: BinaryIO, name: str | None) -> Opened:
    if name is None:
        known = getattr(file, "name", "")
        name = Path(known).name if isinstance(known, str) else ""
    if not file.seekable():
        file = io.BytesIO(file.read())
    start = file.tell()
    size_bytes = file.seek(0, io.SEEK_END) - start
    if start:
        # Somebody has read the beginning; what is left is the picture.
        file.seek(start)
        file = io.BytesIO(file.read())
    return Opened(file, size_bytes, name)
