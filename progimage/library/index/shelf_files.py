"""Where this process gets the bytes of shelves from.

A store in a local folder has them as files, which are mapped as they are. From any other
store a shelf is copied into a scratch folder when it is first needed, and mapped there; all
processes of a node share the folder. Of a large shelf only the blocks that are read are copied
at first, the rest in the background. Lengths and checksums are compared first.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import secrets
import shutil
import stat
import zlib
from collections import OrderedDict
from collections.abc import Callable, Collection
from concurrent.futures import Executor
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import RLock
from typing import BinaryIO, cast

from progimage.errors import KeyMissing, StoreUnavailable
from progimage.library.index import header, keys
from progimage.library.index.completing import Completing
from progimage.library.index.manifest import ShelfInfo
from progimage.library.index.partial_copy import DAMAGED, UNUSABLE, PartialCopy, open_partial
from progimage.library.index.shelf import Shelf
from progimage.stores import HasLocalPath, ObjectStore
from progimage.stores.deadline import held

# The kinds of file systems that /proc/self/mounts names.
_NETWORK = ("nfs", "cifs", "smb", "fuse", "ceph", "gluster", "9p", "lustre", "afs")

MAX_BYTES = 50_000_000_000
"""About the index of a hundred million pictures."""


class ShelfFiles:
    """Opens shelves, and remembers those that are open.

    Args:
        scratch: the folder for copies; None to use the store's own files.
        max_bytes: when copies take more than this, those that were opened first are removed.
        executor: for several requests at a time.
    """

    def __init__(
        self,
        store: ObjectStore,
        scratch: Path | None = None,
        max_bytes: int = MAX_BYTES,
        executor: Executor | None = None,
    ) -> None:
        self._store = store
        self._scratch = scratch
        self._max_bytes = max_bytes
        self._executor = executor
        self._lock = RLock()
        self._open: OrderedDict[str, Shelf] = OrderedDict()
        self._bytes: dict[str, int] = {}
        self._completing = Completing(self.complete)

    def open(self, info: ShelfInfo) -> Shelf:
        """Return a shelf.

        Raises:
            KeyMissing: it was removed, so the manifest that names it is an old one.
            StoreUnavailable: it is damaged, or the store does not answer.
        """
        shelf = self._open.get(info.name)
        if shelf is not None:
            return shelf
        with held(self._lock):
            shelf = self._open.get(info.name)
            if shelf is None:
                data = self._data(info)
                shelf = self._open[info.name] = Shelf(data)
                self._bytes[info.name] = info.size_bytes
                self._make_room()
                if isinstance(data, PartialCopy):
                    data.on_use = partial(self._completing.add, info.name)
                    data.on_use()
            return shelf

    def keep_only(self, names: Collection[str]) -> None:
        """Forget all other shelves, and remove their copies at once.

        A reader that has one mapped can read on: the kernel keeps the bytes for that long.
        """
        with self._lock:
            for name in self._open.keys() - names:
                self._forget(name)
            if self._scratch is not None:
                with suppress(FileNotFoundError):  # A clean-up of the machine removed it.
                    for file in self._scratch.iterdir():
                        if file.name.partition(".")[0] not in names:
                            file.unlink(missing_ok=True)

    def complete(self, name: str, before_request: Callable[[], None]) -> None:
        """Fetch the rest of a shelf, as long as it is open."""
        shelf = self._open.get(name)
        if shelf is None:
            return

        def is_wanted() -> bool:
            before_request()
            return self._open.get(name) is shelf

        shelf.complete(is_wanted)

    def _data(self, info: ShelfInfo) -> bytes | mmap.mmap | PartialCopy:
        key = keys.shelf(info.name)
        if self._scratch is not None:
            copy = self._scratch / info.name
            in_part = self._copied_in_part(info, key, copy)
            return self._copied(info, key, copy) if in_part is None else in_part
        if isinstance(self._store, HasLocalPath):
            try:
                return _map(Path(self._store.local_path(key)), info)
            except FileNotFoundError:
                raise KeyMissing(f"no object {key}") from None
            except OSError as error:
                raise StoreUnavailable("a shelf of the index cannot be read") from error
        with self._store.open(key) as reader:
            data = reader.read()
        _check(data, info)
        return data

    def _copied_in_part(self, info: ShelfInfo, key: str, copy: Path) -> PartialCopy | None:
        if info.size_bytes <= header.LEAST:
            return None

        def fetch(start: int, length: int) -> bytes:
            with self._store.open(key, start, length) as reader:
                return reader.read()

        _make_private(copy.parent)
        return open_partial(copy, info, fetch, self._executor)

    def _copied(self, info: ShelfInfo, key: str, copy: Path) -> mmap.mmap:
        with suppress(FileNotFoundError, StoreUnavailable):
            return _map(copy, info)
        _make_private(copy.parent)
        draft = copy.with_name(f"{copy.name}.{secrets.token_hex(4)}")
        try:
            with self._store.open(key) as reader, draft.open("xb") as file:
                shutil.copyfileobj(cast(BinaryIO, reader), file)
            mapped = _map(draft, info)
            draft.rename(copy)
        except OSError as error:
            raise StoreUnavailable(UNUSABLE) from error
        finally:
            draft.unlink(missing_ok=True)
        return mapped

    def _make_room(self) -> None:
        if self._scratch is None:
            return
        while sum(self._bytes.values()) > self._max_bytes and len(self._open) > 1:
            name = next(iter(self._open))
            self._forget(name)
            (self._scratch / name).unlink(missing_ok=True)

    def _forget(self, name: str) -> None:
        self._open.pop(name)
        self._bytes.pop(name)


def scratch_folder(parent: Path, url: str) -> Path:
    """Return the folder for copies of a store's shelves; only this user can look into it.

    Args:
        url: the store's, to tell the folders of several stores apart.

    Raises:
        StoreUnavailable: it cannot be used.
    """
    # Not "progimage-…": folders of that name are removed when no process locks them.
    digest = hashlib.sha256(url.encode()).hexdigest()[:16]
    scratch = parent / f"index-of-progimage-{os.geteuid()}-{digest}"
    _make_private(scratch)
    return scratch


def _make_private(scratch: Path) -> None:
    """Make the folder if it is missing; raise `StoreUnavailable` if others can use it."""
    try:
        scratch.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            scratch.mkdir(mode=0o700)
        facts = scratch.lstat()
    except OSError as error:
        raise StoreUnavailable("the scratch folder of the index cannot be made") from error
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.geteuid():
        raise StoreUnavailable("the scratch folder of the index belongs to another user")
    if facts.st_mode & 0o077:
        raise StoreUnavailable("the scratch folder of the index is open to other users")


def is_on_network(folder: Path) -> bool:
    """True if a folder is on a network file system, as far as Linux tells.

    There a file that another machine removes is gone even for processes that have it mapped,
    and the kernel kills a process that reads on (mmap(2), SIGBUS).
    """
    path = os.path.realpath(folder)
    kinds: dict[str, str] = {}
    with suppress(OSError):
        for line in Path("/proc/self/mounts").read_text().splitlines():
            _, mount, kind, *_ = line.split(" ")
            if path == mount or path.startswith(mount.rstrip("/") + "/"):
                kinds[mount] = kind
    nearest = max(kinds, key=len, default="")
    return kinds.get(nearest, "").startswith(_NETWORK)


def _map(path: Path, info: ShelfInfo) -> mmap.mmap:
    """Map a file that has the right length: reading past its end would be a fatal signal."""
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size != info.size_bytes:
            raise StoreUnavailable(DAMAGED)
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    _check(mapped, info)
    return mapped


def _check(data: bytes | mmap.mmap, info: ShelfInfo) -> None:
    if len(data) != info.size_bytes or zlib.crc32(data) != info.crc32:
        raise StoreUnavailable(DAMAGED)
