"""What a folder store needs of the disk: plain faults, locks, durable folders."""

# Paths stay plain text here, for descriptors, exact flags and hot loops.
# ruff: noqa: PTH102, PTH112, PTH116, PTH120, PTH208

from __future__ import annotations

import errno
import fcntl
import os
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from progimage.errors import StoreFull, StoreUnavailable

_FAULTS = {
    errno.ENOSPC: "the store's disk is full",
    errno.EDQUOT: "the store's disk quota is used up",
    errno.EFBIG: "the file is larger than the store's file system allows",
    errno.EROFS: "the store's file system is read-only",
    errno.EACCES: "this user has no access to the store's folder",
    errno.EPERM: "the store's file system forbids this (it must support hard links)",
    errno.EOPNOTSUPP: "the store's file system lacks hard links or locks",
    errno.EXDEV: "the store's folder spans several file systems",
    errno.EIO: "the store's disk reports an I/O error",
    errno.ESTALE: "the store's network file system lost the file's handle",
    errno.ETIMEDOUT: "the store's network file system does not answer",
    errno.EMFILE: "this process has too many files open",
    errno.ENFILE: "this machine has too many files open",
    errno.ENOENT: "the store's folder is gone",
    errno.ENOLCK: "the store's file system has no locks left",
}

_STRIPES = 256

# An extended attribute: ext4, XFS and others have them, NFS since 4.2, Amazon EFS has not.
_CHECKSUM = "user.progimage.crc32"
_MAX_KNOWN_FOLDERS = 100_000


@contextmanager
def disk_faults() -> Iterator[None]:
    """Raise `StoreUnavailable`, naming the fault and no path, for any `OSError`.

    It is a `StoreFull` where there is no room for blocks, inodes or by a quota.
    """
    try:
        yield
    except OSError as error:
        number = error.errno or 0
        name = errno.errorcode.get(number, "unknown error")
        fault = _FAULTS.get(number, f"the store's disk failed with {name}")
        kind = StoreFull if number in (errno.ENOSPC, errno.EDQUOT) else StoreUnavailable
        raise kind(fault) from error


def make_durable(folder: str) -> None:
    """Make `folder` and the parents it lacks; their entries survive a power cut."""
    if os.path.isdir(folder):
        return
    parent = os.path.dirname(folder)
    make_durable(parent)
    with suppress(FileExistsError):
        os.mkdir(folder)
    _flush(parent)


def save_checksum(file: int, checksum: int) -> None:
    """Attach the CRC-32 of its content to an open file, where the file system can."""
    with suppress(OSError):
        os.setxattr(file, _CHECKSUM, f"{checksum:08x}".encode())


def saved_checksum(file: int) -> int | None:
    """Return the CRC-32 that is attached to an open file, None if there is none."""
    try:
        return int(os.getxattr(file, _CHECKSUM), 16)
    except (OSError, ValueError):
        return None


def date_precisely(file: int) -> None:
    """Give an open file the time of this machine's clock, in nanoseconds.

    The kernel dates files by its tick, some milliseconds long, in which a file can be
    replaced twice with the same inode number; this clock distinguishes the two versions.
    """
    now_ns = time.time_ns()
    os.utime(file, ns=(now_ns, now_ns))


def _flush(folder: str) -> int:
    """Flush the entries of `folder`; return its inode number."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
        return os.fstat(file).st_ino
    finally:
        os.close(file)


class StripedLocks:
    """Exclusive locks by key, between threads, processes and NFS clients.

    A key is hashed onto one of 256 files, so the lock files do not pile up, and writers rarely
    wait for one another. flock belongs to an open file description,
    and each holder opens the file again: threads exclude each other too. Linux
    carries flock over NFS since 2.6.12.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def make(self) -> None:
        """Make the folder and all its files."""
        make_durable(self._folder)
        there = set(os.listdir(self._folder))
        for name in (f"{number:02x}" for number in range(_STRIPES)):
            if name not in there:
                os.close(self._open(name))

    @contextmanager
    def hold(self, key: str) -> Iterator[None]:
        """Hold the lock of `key`; the lock of a holder that is killed is released."""
        lock = self._open(f"{zlib.crc32(key.encode()) % _STRIPES:02x}")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                yield
            finally:
                # A child forked meanwhile keeps a copy of the descriptor, so that
                # closing ours alone would leave the lock held for as long as it lives.
                fcntl.flock(lock, fcntl.LOCK_UN)
        finally:
            os.close(lock)

    def _open(self, name: str) -> int:
        # NFS grants an exclusive lock only on a file that is open for writing.
        return os.open(f"{self._folder}/{name}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)


class DurableFolders:
    """Makes the entries of folders, and the folders themselves, survive a power cut."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._known: set[tuple[str, int]] = set()

    def make(self, path: str) -> None:
        """Make one folder, unless something of that name is there already."""
        try:
            os.mkdir(path)
        except FileExistsError:
            return
        inode = os.stat(path).st_ino
        with self._lock:
            self._known.discard((path, inode))  # a removed folder's number is used again

    def sync(self, path: str) -> None:
        """Flush the entries of the folder `path`, and its own entry and its parents'.

        Another process may have made the folder a moment ago and not have flushed
        it yet, so the first use in this process flushes the way up to the root.
        A folder that is gone took its entries with it: nothing is left to flush.
        """
        try:
            identity = (path, _flush(path))
        except FileNotFoundError:
            return
        with self._lock:
            if identity in self._known:
                return
        if path != self._root:
            self.sync(os.path.dirname(path))
        with self._lock:
            if len(self._known) >= _MAX_KNOWN_FOLDERS:
                self._known.clear()
            self._known.add(identity)
