"""Empty files to make links to, instead of as many empty files."""

# Paths stay plain text here, for descriptors, exact flags and hot loops.
# ruff: noqa: PTH108

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from progimage.stores.folder.disk import date_precisely

# A link has the date of its file, and objects are to be dated to the second.
_LASTS_NS = 1_000_000_000

# Amazon EFS takes 177 links to a file, ext4 65,000.
_LINKS = 128


class Blanks:
    """Lends the path of an empty file in `folder` that is young and has few links."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._path = ""
        self._process = 0
        self._made_ns = 0
        self._links = 0

    @contextmanager
    def borrow(self) -> Iterator[str]:
        """Lend the path, for as long as one link takes.

        It may be gone by then: another borrower had it renewed, or somebody cleared
        the folder. The `FileNotFoundError` goes on to the caller, who tries again.
        """
        with self._lock:
            age_ns = time.time_ns() - self._made_ns
            if (
                self._links == _LINKS
                or not 0 <= age_ns < _LASTS_NS
                or self._process != os.getpid()  # the blank of a forked child's parent
            ):
                self._renew()
            self._links += 1
            path = self._path
        try:
            yield path
        except FileNotFoundError:
            with self._lock:
                if path == self._path and not os.access(path, os.F_OK):
                    self._links = _LINKS
            raise

    def _renew(self) -> None:
        if self._process == os.getpid():
            with suppress(FileNotFoundError):
                os.unlink(self._path)
        self._path = f"{self._folder}/{secrets.token_hex(16)}"
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        try:
            date_precisely(file)
        finally:
            os.close(file)
        self._process, self._made_ns, self._links = os.getpid(), time.time_ns(), 0
