"""Where downloads go: a file that appears when it is complete, or an open stream."""

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
    """Writes a download to a file and counts the bytes; `is_temporary` if it can be emptied."""

    file: BinaryIO
    is_temporary: bool
    size_bytes: int = 0

    def write(self, data: bytes, /) -> None:
        """Write some bytes."""
        self.file.write(data)
        self.size_bytes += len(data)

    def restart(self) -> bool:
        """Discard what was written; return False for a stream of the caller that has data."""
        if self.size_bytes and not self.is_temporary:
            return False
        if self.size_bytes:
            self.file.seek(0)
            self.file.truncate()
            self.size_bytes = 0
        return True


@contextmanager
def writing(target: Target) -> Iterator[Writer]:
    """Yield a sink for `target`; a file at a path appears when the block ends without error."""
    if not isinstance(target, str | os.PathLike):
        yield Writer(target, is_temporary=False)
        return
    path = Path(target)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name[:50]}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            yield Writer(file, is_temporary=True)
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(temporary).unlink()
        raise


def _umask() -> int:
    # No call reads it without setting it.
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
