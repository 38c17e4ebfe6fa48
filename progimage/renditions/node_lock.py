"""A lock that one of the processes of this machine holds at a time, for work on one key."""

from __future__ import annotations

import fcntl
import os
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Keys that share a file wait for each other needlessly, which is rare; the files stay.
_FILES = 64


@contextmanager
def node_lock(key: str, folder: Path | None = None) -> Iterator[None]:
    """Hold the lock of `key` while the block runs; the kernel releases that of a dead process.

    Where no lock can be had, such as on a full disk, the block runs all the same: two
    processes then do the same work.

    Args:
        folder: contains the files; by default one of this user in the temporary folder.
    """
    try:
        file = _opened(key, folder or Path(tempfile.gettempdir()) / f".progimage-{os.getuid()}")
    except OSError:
        yield
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


def _opened(key: str, folder: Path) -> int:
    folder.mkdir(mode=0o700, exist_ok=True)
    name = folder / f"lock-{zlib.crc32(key.encode()) % _FILES}"
    return os.open(name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
