"""Where downloads go: memory, a file that appears when it is whole, or an open stream."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

Target = str | os.PathLike[str] | BinaryIO


@dataclass(slots=True)
class Writer:
    """Counts what passes to a file."""

    file: BinaryIO
    is_ours: bool
    size_bytes: int = 0

    def write(self, data: bytes, /) -> None:
        """Pass some bytes on."""
        self.file.write(data)
        self.size_bytes += len(data)

    def restart(self) -> bool:
        """Begin again; what has gone into somebody else's stream cannot be taken back."""
        if self.size_bytes and not self.is_ours:
            return False
        if self.size_bytes:
            self.file.seek(0)
            self.file.truncate()
            self.size_bytes = 0
        return True


@contextmanager
def writing(target: Target) -> Iterator[Writer]:
    """Give a sink for `target`; a path gets its file once all has arrived."""
    if not isinstance(target, str | os.PathLike):
        yield Writer(target, is_ours=False)
        return
    path = Path(target)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name[:50]}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            yield Writer(file, is_ours=True)
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(temporary).unlink()
        raise


def _umask() -> int:
    # There is no call that only reads it.
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
