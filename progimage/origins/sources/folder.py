"""An origin in a folder of this machine.

Every part of a path is opened by itself, without following links (O_NOFOLLOW), below the
part before it: so no link leads outside, whenever it is put there. POSIX, openat(2).
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.utils import formatdate
from pathlib import Path
from typing import BinaryIO

from progimage.errors import ConfigError
from progimage.origins.sources.source import (
    OriginUnreachable,
    Unchanged,
    Version,
    missing,
)

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Without O_NONBLOCK, opening a pipe would wait for a writer.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NOT_THERE = {
    errno.ENOENT,
    errno.ENOTDIR,
    errno.ELOOP,
    errno.ENAMETOOLONG,
    errno.EACCES,
    errno.EPERM,
    errno.ENXIO,
    errno.EINVAL,
    errno.EILSEQ,
}


class FolderSource:
    """Reads pictures below a folder.

    Raises:
        ConfigError: the folder is not an absolute path.
    """

    def __init__(self, root: str) -> None:
        if not root.startswith("/"):
            raise ConfigError("expected an absolute path, such as file:///srv/pictures")
        self._root = Path(root)

    @contextmanager
    def open(self, key: str, known: str = "") -> Iterator[Version | Unchanged]:
        """Yield the file at `key`; see `OriginSource.open`."""
        file = self._open(key)
        with file:
            found = os.fstat(file.fileno())
            name = f"{found.st_mtime_ns}-{found.st_size}-{found.st_ino}"
            if name == known:
                yield Unchanged()
            else:
                yield Version(name, file, modified=formatdate(found.st_mtime, usegmt=True))

    def list(self, prefix: str, after: str = "") -> Iterator[str]:
        """Yield the paths of all regular files; links are passed over."""
        try:
            with os.scandir(self._root):
                pass
        except OSError:
            raise _unreadable() from None
        yield from (
            key for key in _walk(self._root, "", prefix) if key.startswith(prefix) and key > after
        )

    def _open(self, key: str) -> BinaryIO:
        parts = key.split("/")
        if "" in parts or not key:
            raise missing(key)
        try:
            folder = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:
            # The mount may be away; that is no reason to forget its pictures.
            raise _unreadable() from None
        try:
            for part in parts[:-1]:
                below = os.open(part, _FOLDER, dir_fd=folder)
                os.close(folder)
                folder = below
            file = os.open(parts[-1], _FILE, dir_fd=folder)
            if not stat.S_ISREG(os.fstat(file).st_mode):
                os.close(file)
                raise missing(key)
            return os.fdopen(file, "rb")
        except (OSError, ValueError) as error:
            if isinstance(error, OSError) and error.errno not in _NOT_THERE:
                raise _unreadable() from None
            raise missing(key) from None
        finally:
            os.close(folder)


def _unreadable() -> OriginUnreachable:
    return OriginUnreachable("the origin's folder cannot be read", retryable=True)


def _walk(folder: Path, path: str, prefix: str) -> Iterator[str]:
    """Yield paths in the order of their characters; a folder sorts with its slash."""
    entries = []
    with suppress(OSError), os.scandir(folder) as found:
        for entry in found:
            is_folder = entry.is_dir(follow_symlinks=False)
            if is_folder or entry.is_file(follow_symlinks=False):
                entries.append((entry.name + "/" * is_folder, is_folder))
    for name, is_folder in sorted(entries):
        whole = path + name
        if not (whole.startswith(prefix) or prefix.startswith(whole)):
            continue
        if is_folder:
            yield from _walk(folder / name, whole, prefix)
        elif _is_text(whole):
            yield whole


def _is_text(name: str) -> bool:
    """True for a name that is valid UTF-8: others cannot be named in a URL here."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
