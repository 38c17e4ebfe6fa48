"""The memory-mapped files of the Prometheus library, with disk blocks allocated in advance.

The library grows a file without blocks (truncate). On a full disk the kernel then has no
block for the first write to the mapping and ends the process with SIGBUS. Here blocks
are allocated before they are mapped. Values that do not fit on the disk, or have no
folder, stay in the memory of their process and are missing in the sum over all processes.
"""

from __future__ import annotations

import mmap
import os
from pathlib import Path
from typing import Any

from prometheus_client import mmap_dict, values

# The library has no types for it.
_Mapped: Any = mmap_dict.MmapedDict


class AllocatedDict(_Mapped):
    """The library's dictionary of doubles, which writes only to allocated disk blocks."""

    _f: Any
    _m: Any

    def __init__(self, filename: str, read_mode: bool = False) -> None:
        self._in_memory: dict[str, tuple[float, float]] = {}
        self._is_mapped = False
        try:
            if not read_mode:
                _allocate(filename)
            super().__init__(filename, read_mode)
            self._is_mapped = True
        except OSError:
            self._f = self._m = None

    @property
    def is_all_on_disk(self) -> bool:
        """True if every value is in the file."""
        return self._is_mapped and not self._in_memory

    def read_value(self, key: str) -> tuple[float, float]:
        """Return a value and its time; a new value is 0."""
        if self._has_room(key):
            value, timestamp = super().read_value(key)
            return value, timestamp
        return self._in_memory.setdefault(key, (0.0, 0.0))

    def write_value(self, key: str, value: float, timestamp: float) -> None:
        """Set a value."""
        if self._has_room(key):
            super().write_value(key, value, timestamp)
        else:
            self._in_memory[key] = (value, timestamp)

    def _has_room(self, key: str) -> bool:
        """Return True if the key is in the file, or can be added to it."""
        if not self._is_mapped or key in self._in_memory:
            return False
        if key in self._positions:
            return True
        # An entry is its length, the padded key and two doubles.
        needed = self._used + 4 + len(key.encode()) + 8 + 16
        if needed <= self._capacity:
            return True
        try:
            os.posix_fallocate(self._f.fileno(), 0, 2 * self._capacity)
        except OSError:
            return False
        self._capacity *= 2
        self._m = mmap.mmap(self._f.fileno(), self._capacity)
        return self._has_room(key)


def install() -> None:
    """Make the library use this class for the files of all processes."""
    vars(values)["MmapedDict"] = AllocatedDict


def _allocate(filename: str) -> None:
    """Allocate blocks for the whole file, at least for the initial length of the library."""
    with Path(filename).open("ab") as file:
        length = max(os.fstat(file.fileno()).st_size, mmap_dict._INITIAL_MMAP_SIZE)
        os.posix_fallocate(file.fileno(), 0, length)
