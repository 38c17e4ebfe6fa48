"""The index of the disk cache: how many bytes it has, and which copies are evicted (SIEVE).

It is an SQLite file in the folder of the cache, shared by all processes. It only counts
bytes: the files say which copies there are, and the store says which are current. Every
file has a row, from before its first byte until after its removal. A row whose file is gone
only makes the cache a little smaller until the hand reaches it. So the sum is never too
small, whichever process is killed.

The index belongs to one boot of the machine, since it is never synced: after a crash of the
machine a new one is made from the files in the folder.

SIEVE keeps copies in the order of their arrival. A hand moves from the oldest to the
newest, and begins again at the oldest. A copy that was requested since the hand last passed
it stays; the first that was not is evicted. A copy that is requested only once is evicted
when the hand passes next.
Source: Zhang, Yang, Yue, Vigfusson, Rashmi: SIEVE is Simpler than LRU (NSDI 2024).
"""

from __future__ import annotations

import os
import sqlite3
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from progimage.renditions.disk_cache.folder import Folder
from progimage.telemetry import metrics

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

# What a file takes on its disk.
_BLOCK_BYTES = 4096

# The lock is held while the hand moves. After so many copies that were requested, the next
# one is evicted although it was.
_MOST_SPARED = 64

# A copy may take this part of the cache at most.
_LARGEST_SHARE = 16

# A request that waits longer for the index gets no copy.
_PATIENCE_S = 0.1
_PATIENCE_AT_START_S = 10.0

# Until an opening that failed is tried again.
_PAUSE_S = 60.0

_SCHEMA = """
CREATE TABLE copies (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, token TEXT NOT NULL,
    bytes INTEGER NOT NULL, is_written INTEGER NOT NULL
);
CREATE INDEX copies_name ON copies (name);
CREATE TABLE state (used INTEGER NOT NULL, hand INTEGER NOT NULL);
INSERT INTO state VALUES (0, 0);
"""


class Room(NamedTuple):
    """Room that was made for one copy."""

    row: int
    name: str
    token: str


class Ledger:
    """Counts the copies in `folder`, never more than `max_bytes` of them.

    All methods may raise `sqlite3.Error`, or `OSError` where they move files.
    """

    def __init__(self, folder: Folder, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._lock = Lock()
        self._owed: list[int] = []
        boot = BOOT_ID.read_text().strip() if BOOT_ID.exists() else "unknown"
        path = folder.root / f"index-{boot}.sqlite"
        for old in folder.root.glob("index-*.sqlite*"):
            if not old.name.startswith(path.name):
                old.unlink(missing_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        self._db = sqlite3.connect(
            path, _PATIENCE_AT_START_S, isolation_level=None, check_same_thread=False
        )
        weakref.finalize(self, self._db.close).atexit = False
        try:
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = OFF")
            with self._transaction():
                if not self._db.execute("SELECT 1 FROM sqlite_master").fetchone():
                    self._begin()
                self._release_the_dead()
                while self._make_room(0) > self._max_bytes:
                    pass
            self._db.execute(f"PRAGMA busy_timeout = {round(_PATIENCE_S * 1000)}")
        except BaseException:
            self._db.close()
            raise

    def reserve(self, name: str, token: str, size: int) -> Room | None:
        """Make room for a copy of `size` bytes, evicting others; return it.

        None if the same copy is being written, if it is too large, and if all other copies
        are being written. The draft must exist and be locked, as a sign that its writer is
        alive.
        """
        needed = _on_disk(size)
        if needed > self._max_bytes // _LARGEST_SHARE:
            return None
        with self._transaction():
            query = "SELECT 1 FROM copies WHERE name = ? AND NOT is_written"
            if self._db.execute(query, (name,)).fetchone():
                return None
            if self._make_room(needed) + needed > self._max_bytes:
                return None
            row = self._insert(name, token, needed, is_written=False)
            self._count(needed)
        return Room(row, name, token)

    def settle(self, room: Room, publish: Callable[[], bool]) -> bool:
        """Count a copy as written after `publish` has put it in its place.

        False if `publish` returns False, or the room is lost.
        """
        with self._transaction():
            query = "SELECT 1 FROM copies WHERE id = ?"
            if not self._db.execute(query, (room.row,)).fetchone() or not publish():
                return False
            self._delete("name = ? AND is_written", room.name)
            self._db.execute("UPDATE copies SET is_written = 1 WHERE id = ?", (room.row,))
        return True

    def release(self, room: Room) -> None:
        """Release room that was not used; if that fails, it is done with the next change."""
        self._owed.append(room.row)
        with self._transaction():
            pass

    def forget(self, beginning: str) -> None:
        """Remove the copies whose names begin with `beginning`, and their rows."""
        which, between = "name >= ? AND name < ? AND is_written", (beginning, beginning + "~")
        with self._transaction():
            # One may have been published since the folder forgot them; it must not stay uncounted.
            query = f"SELECT name FROM copies WHERE {which}"  # noqa: S608 (constants)
            for [name] in self._db.execute(query, between).fetchall():
                self._folder.remove(name)
            self._delete(which, *between)

    def _begin(self) -> None:
        """Make the tables, with a row for each copy in the folder."""
        for statement in _SCHEMA.split(";"):
            self._db.execute(statement)
        for name, size in self._folder.copies():
            self._insert(name, "", _on_disk(size), is_written=True)
        self._db.execute("UPDATE state SET used = (SELECT coalesce(sum(bytes), 0) FROM copies)")

    def _release_the_dead(self) -> None:
        """Release the room of writers that were killed."""
        drafts = self._db.execute("SELECT id, name, token FROM copies WHERE NOT is_written")
        for row, name, token in drafts.fetchall():
            if not self._folder.is_being_written(name, token):
                self._folder.remove_draft(name, token)
                self._folder.remove(name)  # killed after it published the copy
                self._delete("id = ?", row)

    def _make_room(self, needed: int) -> int:
        """Evict copies until `needed` bytes fit; return the bytes in use.

        Stops earlier if many copies in a row were requested.
        """
        used, hand = self._db.execute("SELECT used, hand FROM state").fetchone()
        spared = rounds = evicted = 0
        query = "SELECT id, name FROM copies WHERE id > ? AND is_written ORDER BY id LIMIT 1"
        while used + needed > self._max_bytes and rounds < 3:
            found = self._db.execute(query, (hand,)).fetchone()
            if found is None:
                hand, rounds = 0, rounds + 1
                continue
            hand, name = found
            if spared < _MOST_SPARED and self._folder.was_requested(name):
                spared += 1
                continue
            self._folder.remove(name)
            used -= self._delete("id = ?", hand)
            evicted += 1
        self._db.execute("UPDATE state SET hand = ?", (hand,))
        metrics.disk_cache_evictions(evicted)
        return int(used)

    def _insert(self, name: str, token: str, size: int, *, is_written: bool) -> int:
        query = "INSERT INTO copies (name, token, bytes, is_written) VALUES (?, ?, ?, ?)"
        return self._db.execute(query, (name, token, size, is_written)).lastrowid or 0

    def _delete(self, which: str, *values: object) -> int:
        """Delete rows; return the bytes they stood for."""
        query = f"SELECT coalesce(sum(bytes), 0) FROM copies WHERE {which}"  # noqa: S608 (constants)
        [freed] = self._db.execute(query, values).fetchone()
        self._db.execute(f"DELETE FROM copies WHERE {which}", values)  # noqa: S608 (constants)
        self._count(-freed)
        return int(freed)

    def _count(self, change: int) -> None:
        self._db.execute("UPDATE state SET used = used + ?", (change,))
        [used] = self._db.execute("SELECT used FROM state").fetchone()
        metrics.disk_cache_bytes(used)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        if not self._lock.acquire(timeout=_PATIENCE_S):
            raise sqlite3.OperationalError("other threads are busy with the index")
        try:
            self._db.execute("BEGIN IMMEDIATE")
            owed = list(self._owed)
            try:
                for row in owed:
                    self._delete("id = ?", row)
                yield
                self._db.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
                raise
            del self._owed[: len(owed)]
        finally:
            self._lock.release()


class Ledgers:
    """The index of each process: a forked child must not use the open file of its parent."""

    def __init__(self, folder: Folder, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._lock = Lock()
        self._open: dict[int, Ledger] = {}
        self._not_before = 0.0

    def get(self) -> Ledger | None:
        """Return this process's ledger; None for a while after it could not be opened.

        Raises: what `Ledger` does, the first time and once in a while.
        """
        process = os.getpid()
        if process not in self._open and time.monotonic() >= self._not_before:
            with self._lock:
                if process not in self._open:
                    self._not_before = time.monotonic() + _PAUSE_S
                    with self._folder.alone():
                        self._open[process] = Ledger(self._folder, self._max_bytes)
        return self._open.get(process)


def _on_disk(size: int) -> int:
    return -(-size // _BLOCK_BYTES) * _BLOCK_BYTES
