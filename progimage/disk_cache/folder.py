"""The files of the disk cache: one copy each, in a folder that all processes of a node share.

    <root>/                         0700
      lock                          held for the moment in which a copy appears, or a
                                    picture is forgotten; its time counts what was forgotten
      ab/<id>.<digest>              a copy: the bytes, then a footer that vouches for them
      ab/<id>.<digest>.<token>.tmp  one that is being written, locked by its writer
      index-<boot>.sqlite           see `ledger`

A copy's access time says when it was asked for, 0 if not since the hand passed; its
modification time, since when it may be trusted, 0 if never. Both are set by us, so that
they hold on any mount. Whatever has another name is not ours and is left alone.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import os
import re
import stat
import struct
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from progimage import keys
from progimage.errors import ConfigError
from progimage.stores import Stat
from progimage.stores.filereader import FileReader

_FOOTER = struct.Struct(">QHHI8s")
_MAGIC = b"PIcopy1\n"
_CHUNK = 1 << 18
# The access time is ours to set; macOS lacks the flag, and counts some reads as questions.
_NOATIME = getattr(os, "O_NOATIME", 0)
_ASKED_NS = 1_000_000_000
_NAME = re.compile(r"[0-9a-f]{64}\.[0-9a-f]{32}(\.[0-9a-f]{16}\.tmp)?")


class Moment(NamedTuple):
    """A moment before the store is asked: what was forgotten by then, and the time."""

    epoch: int
    time_ns: int


class Copy(NamedTuple):
    """A copy that is whole, open at its first byte.

    Since `checked_ns` it may be trusted, at `asked_ns` the store was last asked about it.
    """

    reader: FileReader
    checked_ns: int
    asked_ns: int


class Folder:
    """The folder of one node's copies of what `store_url` holds.

    Args:
        root: made, for us alone, if it is not there.
        store_url: part of every name, so that another store's copies are never ours.
    """

    def __init__(self, root: Path, store_url: str) -> None:
        self.root = root
        self._store_url = store_url

    def prepare(self) -> None:
        """Make what is missing of the folder.

        Raises:
            ConfigError: others may write there, and so plant pictures of theirs.
            OSError: it cannot be made or used.
        """
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = self.root.stat()
        if found.st_uid != os.geteuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise ConfigError(
                "disk_cache.dir: expected a folder that nobody but this server's user can write "
                "to; name one that does not exist yet, and it is made so"
            )
        # Not touched if it is there: its time counts.
        os.close(os.open(self.root / "lock", os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))

    def name(self, key: str) -> str:
        """Return the name of the copy of a rendition, below the root."""
        named = keys.id_and_engine_of_rendition(key)
        image_id = named[0] if named else ""
        digest = hashlib.sha256(f"{self._store_url}\n{key}".encode()).hexdigest()[:32]
        return f"{image_id[:2]}/{image_id}.{digest}"

    def moment(self) -> Moment:
        """Return the present, before the store is asked for what may become a copy."""
        return Moment(int((self.root / "lock").stat().st_mtime), time.time_ns())

    def find(self, key: str) -> Copy | None:
        """Return the copy of a rendition, None if there is none that is whole."""
        try:
            file = io.FileIO(self.root / self.name(key), opener=_open_plain)
        except FileNotFoundError:
            return None
        found = os.fstat(file.fileno())
        stat_ = _verified(file, found, key)
        if stat_ is None:
            file.close()
            return None
        if not found.st_atime_ns:
            with suppress(OSError):  # read-only, and good to read
                os.utime(file.fileno(), ns=(_ASKED_NS, found.st_mtime_ns))
        return Copy(FileReader(file, stat_, 0, None), found.st_mtime_ns, found.st_atime_ns)

    def note(self, copy: Copy, moment: Moment, *, is_checked: bool) -> None:
        """Note that the store was asked about a copy after `moment`, and how it `is_checked`.

        The note is on the open file: one that was forgotten meanwhile stays so.
        """
        checked_ns = moment.time_ns if is_checked else copy.checked_ns
        os.utime(copy.reader.fileno(), ns=(moment.time_ns, checked_ns))

    def draft(self, name: str, token: str) -> io.FileIO:
        """Make an empty file that is to become the copy `name`; it is locked while it is open."""
        path = self._draft(name, token)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        file = io.FileIO(path, "xb", opener=_open_plain)
        fcntl.flock(file, fcntl.LOCK_EX)
        return file

    def publish(self, name: str, token: str, moment: Moment, *, is_checked: bool) -> bool:
        """Let a finished draft be found; False if something was forgotten since `moment`.

        With `is_checked` it counts as checked at that moment, otherwise never.
        """
        path = self._draft(name, token)
        os.utime(path, ns=(0, moment.time_ns if is_checked else 0))
        with self._locked(fcntl.LOCK_SH) as lock:
            if int(os.fstat(lock).st_mtime) != moment.epoch:
                return False
            path.rename(self.root / name)
        return True

    def forget(self, image_id: str) -> None:
        """Remove all copies of a picture's renditions, also those in the making.

        A draft that began before this is never published: which picture it is of does
        not matter, since this is rare and a copy is soon made again.
        """
        try:
            with self._locked(fcntl.LOCK_EX) as lock:
                # Whole seconds, which every file system keeps.
                os.utime(lock, (0, int(os.fstat(lock).st_mtime) + 1))
        except FileNotFoundError:
            return  # without it nobody finds a copy, see `moment`
        folder = self.root / image_id[:2]
        with suppress(FileNotFoundError):
            for name in os.listdir(folder):  # noqa: PTH208 (a folder may have thousands)
                if name.startswith(f"{image_id}.") and not name.endswith(".tmp"):
                    (folder / name).unlink(missing_ok=True)

    def was_asked_for(self, name: str) -> bool:
        """Return whether a copy was asked for since the last time this was called."""
        try:
            found = (self.root / name).stat()
        except FileNotFoundError:
            return False
        if not found.st_atime_ns:
            return False
        with suppress(FileNotFoundError):
            os.utime(self.root / name, ns=(0, found.st_mtime_ns))
        return True

    def remove(self, name: str) -> None:
        """Remove a copy; removing what is absent succeeds."""
        (self.root / name).unlink(missing_ok=True)

    def remove_draft(self, name: str, token: str) -> None:
        """Remove a draft; removing what is absent succeeds."""
        self._draft(name, token).unlink(missing_ok=True)

    def is_being_written(self, name: str, token: str) -> bool:
        """True if the writer of a draft lives."""
        try:
            file = self._draft(name, token).open("rb")
        except FileNotFoundError:
            return False
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def copies(self) -> Iterator[tuple[str, int]]:
        """Yield name and size of every copy, and remove drafts that nobody writes."""
        for shard in (f"{number:02x}" for number in range(256)):
            with suppress(FileNotFoundError), os.scandir(self.root / shard) as entries:
                for entry in entries:
                    match = _NAME.fullmatch(entry.name)
                    if match is None or not entry.is_file(follow_symlinks=False):
                        continue
                    name = f"{shard}/{entry.name.removesuffix(match[1] or '')}"
                    if match[1] is None:
                        yield name, entry.stat(follow_symlinks=False).st_size
                    elif not self.is_being_written(name, match[1][1:-4]):
                        self.remove_draft(name, match[1][1:-4])

    def _draft(self, name: str, token: str) -> Path:
        return self.root / f"{name}.{token}.tmp"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let no other process into a block like this one."""
        root = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(root, fcntl.LOCK_EX)
            yield
        finally:
            os.close(root)

    @contextmanager
    def _locked(self, how: int) -> Iterator[int]:
        # A descriptor of its own: threads that share one would share its lock.
        lock = os.open(self.root / "lock", os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, how)
            yield lock
        finally:
            os.close(lock)


def footer(stat_: Stat, crc: int) -> bytes:
    """Return what stands behind the bytes of a copy; `crc` is their CRC-32."""
    said = stat_.etag.encode() + stat_.key.encode()
    lengths = (stat_.size, len(stat_.etag.encode()), len(stat_.key.encode()))
    return said + _FOOTER.pack(*lengths, zlib.crc32(said, crc), _MAGIC)


def _verified(file: io.FileIO, found: os.stat_result, key: str) -> Stat | None:
    """Return what a copy is of, None unless it is whole and of `key`."""
    end = found.st_size - _FOOTER.size
    if end < 0:
        return None
    tail = os.pread(file.fileno(), _FOOTER.size, end).ljust(_FOOTER.size)
    size, etag_length, key_length, crc, magic = _FOOTER.unpack(tail)
    said = etag_length + key_length
    if magic != _MAGIC or size + said != end:
        return None
    names = os.pread(file.fileno(), said, size)
    if names[etag_length:] != key.encode():
        return None
    seen, left = 0, size
    while left and (chunk := file.read(min(left, _CHUNK))):
        seen, left = zlib.crc32(chunk, seen), left - len(chunk)
    if left or zlib.crc32(names, seen) != crc:
        return None
    # A copy that vouches for itself was written by us: its etag is text.
    modified = datetime.fromtimestamp(found.st_mtime, UTC)
    return Stat(key, size, names[:etag_length].decode(), modified)


def _open_plain(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | _NOATIME, 0o600)
