"""Objects as plain files under one folder: a local disk, NFS or EFS."""

# Paths stay plain text here, for descriptors, exact flags and hot loops.
# ruff: noqa: PTH100, PTH104, PTH106, PTH108, PTH112, PTH116, PTH118, PTH120

from __future__ import annotations

import io
import os
import stat as modes
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, TypeVar

from progimage import keys
from progimage.errors import BadKey, StoreUnavailable
from progimage.stores.folder.disk import (
    DurableFolders,
    StripedLocks,
    date_precisely,
    disk_faults,
    make_durable,
)
from progimage.stores.folder.drafts import CHUNK_BYTES, draft, remove_stale
from progimage.stores.folder.modes import mode_of
from progimage.stores.folder.reader import FileReader
from progimage.stores.folder.walk import names, walk
from progimage.stores.key_rules import check_key, check_prefix, conflict, missing, shown
from progimage.stores.object_store import ABSENT, Stat

_ATTEMPTS = 100

T = TypeVar("T")


class FilesystemStore:
    """An `ObjectStore` in a folder, safe for many processes and many NFS clients.

    A key is its file's path; beside the objects the folder has `.tmp`, for uploads under
    way, and `.locks`. With `creates`, these and `root` are made now if they are missing.

    A new file is written under `.tmp`, flushed, then linked (to create) or renamed
    (to replace) onto its key, and the key's folder is flushed. Replacing and
    deleting hold the key's lock for the moment they compare and act; creating
    needs none, because the link fails when the key exists. The file system must
    support hard links and flock. Of disposable objects the folder is not flushed: a power
    cut may take them, but never leaves a part of one.

    The deletion of the last object in a folder removes the folder.
    """

    def __init__(self, root: Path, *, creates: bool = True) -> None:
        self._root = os.path.abspath(root)
        self._uploads = os.path.join(self._root, ".tmp")
        self._locks = StripedLocks(os.path.join(self._root, ".locks"))
        if creates:
            self.prepare()
        self._folders = DurableFolders(self._root)

    def prepare(self) -> None:
        """Make the folders of the store's own.

        All locks are made at once: a deletion must not need an inode on a full disk.
        """
        with disk_faults():
            make_durable(self._uploads)
            self._locks.make()

    def put(
        self,
        key: str,
        source: BinaryIO,
        *,
        media_type: str,  # noqa: ARG002 (only S3 has a place for it)
        expect: str | None = None,
    ) -> Stat:
        path = self.local_path(key)
        if expect is not None:
            with disk_faults():
                self._require(key, path, expect)  # before copying in vain
        first = source.read(CHUNK_BYTES)
        if not first and expect in (None, ABSENT):
            created = self._create_empty(key, path)
            if created:
                return created
            if expect == ABSENT:
                raise conflict(key)
        with draft(self._uploads, first, source, mode_of(key)) as (upload, facts), disk_faults():
            try:
                self._settle(key, path, lambda: self._place(key, upload, path, expect))
            except FileExistsError:
                raise conflict(key) from None
            if not keys.is_disposable(key):
                self._folders.sync(os.path.dirname(path))
        return _stat(key, facts)

    def open(self, key: str, start: int = 0, length: int | None = None) -> FileReader:
        path = self.local_path(key)
        with disk_faults():
            try:
                file = io.FileIO(path)
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                raise missing(key) from None
            return FileReader(file, _stat(key, os.fstat(file.fileno())), start, length)

    def stat(self, key: str) -> Stat:
        facts = self._look(self.local_path(key))
        if facts is None:
            raise missing(key)
        return _stat(key, facts)

    def delete(self, key: str, *, expect: str | None = None) -> None:
        path = self.local_path(key)
        with disk_faults():
            with self._locks.hold(key):
                facts = self._look(path)
                if facts is None:
                    return
                if expect is not None:
                    self._require(key, path, expect)
                os.unlink(path)
            folder = os.path.dirname(path)
            while folder != self._root:
                try:
                    os.rmdir(folder)
                except FileNotFoundError:
                    pass  # another deletion was faster
                except OSError:
                    break
                folder = os.path.dirname(folder)
            self._folders.sync(folder)

    def list(self, prefix: str, after: str = "") -> Iterator[Stat]:
        check_prefix(prefix)
        check_prefix(after)
        return self._stats(walk(self._root, prefix, after))

    def names(self, prefix: str, known: Container[str] = ()) -> Sequence[str]:
        """Return the keys that `list` yields, in no order, without a look at each file.

        Args:
            known: keys that this has returned before, which are not checked again.
        """
        check_prefix(prefix)
        return names(self._root, prefix, known)

    def local_path(self, key: str) -> str:
        """Return the path of the object's file, whether or not it exists."""
        check_key(key)
        return f"{self._root}/{key}"

    def remove_stale_uploads(self, older_than_s: float) -> int:
        """Remove half-written files of killed processes; return how many.

        An upload under way is touched by every chunk it writes, so a slow one is
        safe while no chunk takes `older_than_s` seconds.
        """
        return remove_stale(self._uploads, older_than_s)

    def _create_empty(self, key: str, path: str) -> Stat | None:
        """Create an empty file at once: without content it cannot be half written."""

        def create() -> Stat:
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
            try:
                date_precisely(file)
                return _stat(key, os.fstat(file))
            finally:
                os.close(file)

        with disk_faults():
            try:
                created = self._settle(key, path, create)
            except FileExistsError:
                return None
            self._folders.sync(os.path.dirname(path))
            return created

    def _place(self, key: str, upload: str, path: str, expect: str | None) -> None:
        if expect == ABSENT:
            try:
                os.link(upload, path)
            except FileExistsError:
                # An NFS server may have made the link and lost its answer; the client
                # asks again, and only the number of links shows whose file is there.
                if os.stat(upload).st_nlink == 1:
                    raise
            return
        with self._locks.hold(key):
            if expect is not None:
                self._require(key, path, expect)
            os.rename(upload, path)

    def _settle(self, key: str, path: str, act: Callable[[], T]) -> T:
        """Run `act`, making the key's folder as often as racing deletions remove it.

        Raises:
            FileExistsError: `act` met an object under the key.
        """
        for _ in range(_ATTEMPTS):
            try:
                return act()
            except FileNotFoundError:
                # Never into an empty mount point: a store has a folder for uploads.
                if not os.path.isdir(self._uploads):
                    raise
                with suppress(FileNotFoundError):
                    self._make_folder(os.path.dirname(path))
            except NotADirectoryError:
                raise BadKey(f"key {shown(key)}: a folder of it is an object") from None
            except (IsADirectoryError, FileExistsError):
                try:
                    os.rmdir(path)  # only an empty folder that a crash left behind
                except NotADirectoryError:
                    raise FileExistsError from None
                except FileNotFoundError:
                    continue
                except OSError:
                    raise BadKey(f"key {shown(key)} is a folder of other objects") from None
        raise StoreUnavailable("the store's folder is gone, or vanishes as fast as it is made")

    def _make_folder(self, folder: str) -> None:
        """Make a folder and those above it that are missing, in most cases none."""
        try:
            self._folders.make(folder)
        except FileNotFoundError:
            if folder == self._root:
                raise
            self._make_folder(os.path.dirname(folder))
            self._folders.make(folder)

    def _require(self, key: str, path: str, expect: str) -> None:
        facts = self._look(path)
        current = ABSENT if facts is None else _etag(facts)
        if current != expect:
            raise conflict(key)

    def _stats(self, found: Iterator[str]) -> Iterator[Stat]:
        for key in found:
            facts = self._look(f"{self._root}/{key}")
            if facts is not None:
                yield _stat(key, facts)

    def _look(self, path: str) -> os.stat_result | None:
        with disk_faults():
            try:
                facts = os.stat(path)
            except (FileNotFoundError, NotADirectoryError):
                return None
        return facts if modes.S_ISREG(facts.st_mode) else None


def _etag(facts: os.stat_result) -> str:
    return f"{facts.st_ino:x}-{facts.st_size:x}-{facts.st_mtime_ns:x}"


def _stat(key: str, facts: os.stat_result) -> Stat:
    modified = datetime.fromtimestamp(facts.st_mtime, UTC)
    return Stat(key, facts.st_size, _etag(facts), modified)
