"""Temporary files of this process: one folder, removed when the process ends.

A process that was killed leaves its folder behind, but not the lock it had on it;
the next one to start on this machine removes it.
"""

from __future__ import annotations

import atexit
import fcntl
import io
import os
import re
import shutil
import tempfile
import threading
from datetime import UTC, datetime
from pathlib import Path

from progimage.stores.folder.reader import FileReader
from progimage.stores.object_store import Stat

_PREFIX = "progimage-"
# As `make_folder` and mkdtemp name them: others may have folders that begin alike.
_NAME = re.compile(r"progimage-[0-9]+-[a-z0-9_]{8}")


class TempFolder:
    """A folder for temporary files, removed at exit."""

    def __init__(self, parent: Path | None = None) -> None:
        self._parent = parent or Path(tempfile.gettempdir())
        self._folder: Path | None = None
        self._pid = 0
        self._lock = threading.Lock()

    def path(self) -> Path:
        """Return the path of a new file, to be created and removed by the caller."""
        with self._lock:
            # It can be removed while the process runs, by a clean-up of the folder.
            if self._folder is None or self._pid != os.getpid() or not self._folder.is_dir():
                self._pid = os.getpid()
                self._folder = make_folder(self._parent)
                atexit.register(shutil.rmtree, self._folder, ignore_errors=True)
            return self._folder / os.urandom(12).hex()


class TemporaryReader(FileReader):
    """A `Reader` over a temporary file, which it takes over: the name is gone at once."""

    def __init__(self, path: Path) -> None:
        self.file = io.FileIO(path)
        path.unlink()
        size = os.fstat(self.file.fileno()).st_size
        super().__init__(self.file, Stat("", size, "", datetime.now(UTC)), 0, None)


def make_folder(parent: Path | None = None) -> Path:
    """Make a folder and lock it for as long as this process, or one it forks, lives.

    The temporary folder itself is made again if it was removed.
    """
    parent = parent or Path(tempfile.gettempdir())
    while True:
        parent.mkdir(0o700, parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=parent))
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.exists():
            return folder
        os.close(lock)  # another process removed it before it was locked


def restore_folder(folder: Path) -> None:
    """Make a folder of `make_folder` again, and lock it, if it was removed.

    Raises:
        OSError: that is not possible.
    """
    folder.parent.mkdir(0o700, parents=True, exist_ok=True)
    try:
        folder.mkdir(0o700)
    except FileExistsError:
        return
    # Held until the process ends, like the lock of the first folder.
    fcntl.flock(os.open(folder, os.O_RDONLY | os.O_DIRECTORY), fcntl.LOCK_EX | fcntl.LOCK_NB)


def sweep(parent: Path | None = None) -> int:
    """Remove the folders of processes that are gone; return how many there were."""
    swept = 0
    for folder in (parent or Path(tempfile.gettempdir())).glob(f"{_PREFIX}*"):
        if not _NAME.fullmatch(folder.name):
            continue
        try:
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            continue  # another user's, or gone
        try:
            facts = os.fstat(lock)
            if facts.st_uid != os.geteuid() or facts.st_mode & 0o077:
                continue
            # Not by the process id in the name: that may be a zombie's, another
            # container's, or used again.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
            swept += 1
        except BlockingIOError:
            continue
        finally:
            os.close(lock)
    return swept
