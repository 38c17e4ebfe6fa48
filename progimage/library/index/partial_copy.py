"""A copy of a shelf on this node's disk, of which each block is fetched when it is first read.

The copy is a file with holes that all processes of the node share. The checksums say which
blocks are there: each process compares a block before it first reads it, and fetches it if it
is a hole, damaged or half written. So there is no record that could be wrong after a crash,
and several processes may write at once: they write the same bytes.
"""

from __future__ import annotations

import errno
import fcntl
import mmap
import os
import threading
import weakref
import zlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from itertools import groupby
from pathlib import Path

from progimage.errors import StoreUnavailable
from progimage.library.index import header
from progimage.library.index.header import BLOCK
from progimage.library.index.manifest import ShelfInfo
from progimage.stores.deadline import held

DAMAGED = "a part of the index is damaged; its operator runs 'progimage reindex --from-scratch'"
UNUSABLE = "the scratch folder of the index cannot be used"

PIECE = 64
"""The most blocks of a request."""

MANY = 32
"""A shelf that took so many requests is read all over: more blocks are fetched at a time."""

Fetch = Callable[[int, int], bytes]
"""Returns so many bytes of a shelf (the second) from a place on (the first)."""


class PartialCopy:
    """The bytes of a shelf: slices of it are fetched where they are not there yet.

    Args:
        path: the file's.
        first: the first block.
        sums: the checksums of all blocks.
        fetch: reads from the store.
        executor: for several requests at a time.

    Attributes:
        mapped: the file; only true where blocks have been read.
        on_use: called whenever blocks are read that this process has not read before.
    """

    def __init__(
        self,
        path: Path,
        info: ShelfInfo,
        first: bytes,
        sums: Sequence[int],
        fetch: Fetch,
        executor: Executor | None = None,
    ) -> None:
        self._sums = sums
        self._fetch = fetch
        self._executor = executor
        self.on_use: Callable[[], None] = lambda: None
        self._is_known = bytearray(len(sums))
        self._requests = 0
        self._lock = threading.Lock()
        try:
            self._file = _opened(path, info.size_bytes)
            weakref.finalize(self, os.close, self._file).atexit = False
            _write(self._file, first, 0)
            self.mapped = mmap.mmap(self._file, info.size_bytes, access=mmap.ACCESS_READ)
        except OSError as error:
            raise StoreUnavailable(UNUSABLE) from error
        self._is_known[0] = True

    def __getitem__(self, part: slice) -> bytes:
        start, end, _ = part.indices(len(self.mapped))
        self.need(start, end)
        return self.mapped[start:end]

    def need(self, start: int, end: int) -> None:
        """Have these bytes in `mapped`.

        Raises:
            KeyMissing: the shelf was removed from the store.
            StoreUnavailable: bytes are damaged, or the store does not answer.
        """
        first, last = start // BLOCK, -(-end // BLOCK)
        if self._is_known.find(0, first, last) >= 0:
            self.on_use()
            if self._requests >= MANY:
                last = min(max(last, first + PIECE), len(self._sums))
            with held(self._lock):
                self._read(first, last)

    def need_all(self, parts: Iterable[tuple[int, int]]) -> None:
        """Have the bytes of several parts in `mapped`, and ask for them at the same time."""
        numbers = {n for start, end in parts for n in range(start // BLOCK, -(-end // BLOCK))}
        unknown = [number for number in sorted(numbers) if not self._is_known[number]]
        if not unknown:
            return
        self.on_use()
        # Neighbours, whose numbers are as far apart as their places in the list.
        runs = groupby(enumerate(unknown), key=lambda pair: pair[1] - pair[0])
        ranges = [[number for _, number in run] for _, run in runs]

        def read(run: list[int]) -> None:
            self._read(run[0], run[-1] + 1)

        with held(self._lock):
            for _ in self._executor.map(read, ranges) if self._executor else map(read, ranges):
                pass

    def complete(self, is_wanted: Callable[[], bool]) -> bool:
        """Have all bytes in `mapped`; return False if there is nothing to do for now.

        Searches need not wait for this: at times a block is fetched twice.

        Args:
            is_wanted: asked before each request.
        """
        with suppress(OSError):  # Another process has the lock, or the folder has no locks.
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            try:
                for first in range(0, len(self._sums), PIECE):
                    if not is_wanted():
                        return False
                    self._read(first, min(first + PIECE, len(self._sums)))
                return True
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)
        return False

    def _read(self, first: int, last: int) -> None:
        try:
            self._look(first, last)
            while (start := self._is_known.find(0, first, last)) >= 0:
                end = self._is_known.find(1, start, last)
                self._get(start, min(end if end > 0 else last, start + PIECE))
        except OSError as error:
            raise StoreUnavailable(UNUSABLE) from error

    def _look(self, first: int, last: int) -> None:
        """Find the blocks that are in the file."""
        for number in range(first, last):
            if not self._is_known[number]:
                # Not by the map: a hole that is read through it may take memory.
                block = os.pread(self._file, BLOCK, number * BLOCK)
                if zlib.crc32(block) == self._sums[number]:
                    self._is_known[number] = True

    def _get(self, first: int, last: int) -> None:
        """Fetch blocks."""
        self._requests += 1
        start, end = first * BLOCK, min(last * BLOCK, len(self.mapped))
        data = self._fetch(start, end - start)
        if len(data) != end - start:
            raise StoreUnavailable(DAMAGED)
        blocks = memoryview(data)
        for number in range(first, last):
            block = blocks[(number - first) * BLOCK :][:BLOCK]
            if zlib.crc32(block) != self._sums[number]:
                raise StoreUnavailable(DAMAGED)
            _write(self._file, block, number * BLOCK)
            self._is_known[number] = True


def _opened(path: Path, size: int) -> int:
    """Return a descriptor of the file, which has this size then."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
    file = os.open(path, flags, 0o600)
    if os.fstat(file).st_size > size:
        # It is not made shorter: a process that has it mapped would be killed (mmap(2), SIGBUS).
        os.close(file)
        path.unlink(missing_ok=True)
        file = os.open(path, flags | os.O_EXCL, 0o600)
    if os.fstat(file).st_size < size:
        os.ftruncate(file, size)
    return file


def _write(file: int, data: bytes | memoryview, start: int) -> None:
    if os.pwrite(file, data, start) != len(data):
        raise OSError(errno.ENOSPC, "only a part was written")


def open_partial(
    path: Path, info: ShelfInfo, fetch: Fetch, executor: Executor | None = None
) -> PartialCopy | None:
    """Return the copy at a path, which is made if it is not there.

    Returns:
        None if the shelf has to be fetched whole: it has no checksums of blocks, its first
        block is damaged, or the store does not give parts of it.

    Raises:
        KeyMissing: the shelf was removed from the store.
        StoreUnavailable: the folder cannot be used.
    """
    sums, first = None, b""
    with suppress(OSError), path.open("rb") as file:
        first = file.read(BLOCK)
        sums = header.sums_of(first, info.size_bytes, info.crc32)
    if sums is None:
        with suppress(StoreUnavailable):
            first = fetch(0, BLOCK)
            sums = header.sums_of(first, info.size_bytes, info.crc32)
    return PartialCopy(path, info, first, sums, fetch, executor) if sums else None
