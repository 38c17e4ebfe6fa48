"""The files of the disk cache: one copy each, in a folder that all processes of a node share.

    <root>/                         0700
      lock                          held for the moment in which a copy appears, or a
                                    picture is forgotten; its time counts forgotten pictures
      ab/<id>.<digest>              a copy: the bytes, then a footer with their checksum
      ab/<id>.<digest>.<token>.tmp  one that is being written, locked by its writer
      index-<boot>.sqlite           see `eviction`

A copy's access time is when it was last requested, 0 if not since the hand passed. Its
modification time is when it was last checked, 0 if never. This module sets both, so that
they are right on any mount. Files with other names are left alone.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import os
import re
import stat
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from progimage.errors import ConfigError
from progimage.renditions.disk_cache.footer import id_of, verified
from progimage.stores.folder.reader import FileReader

# The access time is set here only; macOS lacks the flag, and counts some reads as requests.
_NOATIME = getattr(os, "O_NOATIME", 0)
_REQUESTED_NS = 1_000_000_000
_NAME = re.compile(r"[0-9a-f]{64}\.[0-9a-f]{32}(\.[0-9a-f]{16}\.tmp)?")


class Moment(NamedTuple):
    """A moment before a request to the store: the count of forgotten pictures, and the time."""

    epoch: int
    time_ns: int


class Copy(NamedTuple):
    """A copy that is whole, open at its first byte.

    It was checked at `checked_ns`, and the store was last asked about it at `validated_ns`.
    """

    reader: FileReader
    checked_ns: int
    validated_ns: int


class Folder:
    """The folder of one node's copies of what `store_url` holds.

    Args:
        root: made if it is missing, for this user only.
        store_url: part of every name, so that copies from another store are never used.
    """

    def __init__(self, root: Path, store_url: str) -> None:
        self.root = root
        self._store_url = store_url

    def prepare(self) -> None:
        """Make the folder and its lock if they are missing.

        Raises:
            ConfigError: other users may write there, and could plant pictures.
            OSError: it cannot be made or used.
        """
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = self.root.stat()
        if found.st_uid != os.geteuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise ConfigError(
                "disk_cache.dir: expected a folder that only this server's user can write to; "
                "name one that does not exist yet, and it is made so"
            )
        # An existing file keeps its time, which is the count.
        os.close(os.open(self.root / "lock", os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))

    def name(self, key: str) -> str:
        """Return the name of the copy of a rendition, below the root."""
        image_id = id_of(key)
        digest = hashlib.sha256(f"{self._store_url}\n{key}".encode()).hexdigest()[:32]
        return f"{image_id[:2]}/{image_id}.{digest}"

    def moment(self) -> Moment:
        """Return the present moment; call it before the request to the store."""
        return Moment(int((self.root / "lock").stat().st_mtime), time.time_ns())

    def find(self, key: str) -> Copy | None:
        """Return the copy of a rendition, None if there is none that is whole."""
        try:
            file = io.FileIO(self.root / self.name(key), opener=_open_plain)
        except FileNotFoundError:
            return None
        with ExitStack() as unless_good:
            unless_good.enter_context(file)
            found = os.fstat(file.fileno())
            stat_ = verified(file, found, key)
            if stat_ is None:
                return None
            if not found.st_atime_ns:
                with suppress(OSError):  # read-only, and good to read
                    os.utime(file.fileno(), ns=(_REQUESTED_NS, found.st_mtime_ns))
            unless_good.pop_all()
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
        """Remove all copies of a picture's renditions, also those being written.

        A draft that began before this is never published: which picture it is of does
        not matter, since this is rare and a copy is soon made again.
        """
        try:
            with self._locked(fcntl.LOCK_EX) as lock:
                # Whole seconds, which every file system keeps.
                os.utime(lock, (0, int(os.fstat(lock).st_mtime) + 1))
        except FileNotFoundError:
            return  # without the lock no copy is found, see `moment`
        folder = self.root / image_id[:2]
        with suppress(FileNotFoundError):
            for name in os.listdir(folder):  # noqa: PTH208 (a folder may have thousands)
                if name.startswith(f"{image_id}.") and not name.endswith(".tmp"):
                    (folder / name).unlink(missing_ok=True)

    def was_requested(self, name: str) -> bool:
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
        """True if the writer of a draft is alive."""
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
        """Yield name and size of every copy, and remove drafts whose writer is gone."""
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


def _open_plain(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | _NOATIME, 0o600)
