"""Half-written files: under the folder for uploads until they are whole and on the disk."""

# Paths stay plain text here, as in `store`.
# ruff: noqa: PTH108

from __future__ import annotations

import os
import secrets
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

from progimage.stores.folder.disk import date_precisely, disk_faults, save_checksum

CHUNK_BYTES = 1 << 20


@contextmanager
def draft(
    folder: str, first: bytes, source: BinaryIO, mode: int
) -> Iterator[tuple[str, os.stat_result]]:
    """Write `first` and the rest of `source` to a durable file for the time of the block.

    The block gets its path and facts, and may rename or link it.
    """
    path = f"{folder}/{secrets.token_hex(16)}"
    with disk_faults():
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        try:
            chunk, checksum = first, 0
            while chunk:
                with disk_faults():
                    write_all(file, chunk)
                checksum = zlib.crc32(chunk, checksum)
                chunk = source.read(CHUNK_BYTES)
            with disk_faults():
                save_checksum(file, checksum)
                date_precisely(file)
                os.fsync(file)
                facts = os.fstat(file)
        finally:
            os.close(file)
        yield path, facts
    finally:
        # Renamed, or else removed here; what resists waits for `remove_stale`.
        with suppress(OSError):
            os.unlink(path)


def remove_stale(folder: str, older_than_s: float) -> int:
    """Remove the files that were not written to for this time; return how many."""
    limit_ns = time.time_ns() - int(older_than_s * 1e9)
    removed = 0
    with disk_faults(), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                if entry.stat(follow_symlinks=False).st_mtime_ns < limit_ns:
                    os.unlink(entry.path)
                    removed += 1
    return removed


def write_all(file: int, chunk: bytes) -> None:
    """Write all bytes to an open file; one call of the system may take a part of them."""
    view = memoryview(chunk)
    while view:
        view = view[os.write(file, view) :]
