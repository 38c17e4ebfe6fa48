"""What can be uploaded: a path, bytes, an open file, or a URL for the server to fetch."""

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
"""A string that begins with http:// or https:// is a URL, any other string is a path."""


@dataclass(frozen=True, slots=True)
class Url:
    """An image for the server to fetch."""

    url: str


@dataclass(frozen=True, slots=True)
class Opened:
    """An image to read from."""

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
    """Open what is to be uploaded, under `name` or else its own file name.

    Raises:
        InvalidCall: it cannot be read, or its name is not valid UTF-8.
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
            size_bytes = os.fstat(file.fileno()).st_size
            yield Opened(file, size_bytes, _checked(name or path.name))
    elif hasattr(source, "read"):
        yield _of_file(source, name)
    else:
        raise InvalidCall(f"expected a path, bytes, a binary file or a URL, got {type(source)}")


def _of_file(file: BinaryIO, name: str | None) -> Opened:
    if name is None:
        path = getattr(file, "name", "")
        name = Path(path).name if isinstance(path, str) else ""
    if not file.seekable():
        file = io.BytesIO(file.read())
    start = file.tell()
    size_bytes = file.seek(0, io.SEEK_END) - start
    if start:
        # The caller has read the beginning; the image is what follows.
        file.seek(start)
        file = io.BytesIO(file.read())
    return Opened(file, size_bytes, _checked(name))


def _checked(name: str) -> str:
    try:
        name.encode()
    except UnicodeEncodeError:
        # Python has the bytes of such a name as surrogates, which cannot be sent.
        shown = name.encode("utf-8", "backslashreplace").decode()
        raise InvalidCall(f"{shown}: the file name is not valid UTF-8; give another name") from None
    return name
