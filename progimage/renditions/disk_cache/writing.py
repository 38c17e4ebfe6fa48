"""Copies that are being written while the first reader reads the bytes."""

from __future__ import annotations

import io
import secrets
import sqlite3
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Self

import structlog

from progimage.renditions.disk_cache.eviction import Ledgers, Room
from progimage.renditions.disk_cache.folder import Folder, Moment
from progimage.renditions.disk_cache.footer import footer
from progimage.stores import Reader, Stat, Verifiable
from progimage.stores.folder.drafts import write_all

TROUBLE = (OSError, sqlite3.Error)
"""Errors of the disk and the index; the store then serves the request."""

_PAUSE_S = 60.0

log = structlog.get_logger()


class Complaints:
    """Logs errors of the cache, once a minute at most."""

    def __init__(self) -> None:
        self._silent_until = 0.0

    def note(self, error: Exception) -> None:
        """Log the error, unless one was logged within the last minute."""
        now = time.monotonic()
        if now >= self._silent_until:
            self._silent_until = now + _PAUSE_S
            reason = getattr(error, "strerror", None) or str(error)
            log.warning("disk cache failed; the store serves", reason=reason)


@dataclass(frozen=True, slots=True)
class Drafts:
    """Begins and finishes drafts; errors of the disk are logged, not raised."""

    folder: Folder
    ledgers: Ledgers
    complaints: Complaints

    def begin(self, stat: Stat, moment: Moment, *, is_checked: bool) -> Draft | None:
        """Begin a copy of the version that `stat` describes; None if that is not possible.

        `moment` is before the request to the store; `is_checked` as for `Folder.publish`.
        """
        name, token = self.folder.name(stat.key), secrets.token_hex(8)
        room = None
        try:
            ledger = self.ledgers.get()
            if ledger is None:
                return None
            file = self.folder.draft(name, token)
            try:
                room = ledger.reserve(name, token, stat.size + len(footer(stat, 0)))
            finally:
                if room is None:
                    self.folder.remove_draft(name, token)
                    file.close()
        except TROUBLE as error:
            self.complaints.note(error)
        if room is None:
            return None
        publish = partial(self.folder.publish, name, token, moment, is_checked=is_checked)
        return Draft(self, file, room, stat, publish)

    def finish(self, room: Room, publish: Callable[[], bool] | None) -> None:
        """Publish a copy that is whole; release the room of any other."""
        try:
            ledger = self.ledgers.get()
            if ledger and publish and ledger.settle(room, publish):
                return
            self.folder.remove_draft(room.name, room.token)
            if ledger:
                ledger.release(room)
        except TROUBLE as error:
            self.complaints.note(error)
            self._undo(room)

    def _undo(self, room: Room) -> None:
        """Remove the copy and its draft, even if its row counts it as published."""
        try:
            self.folder.remove_draft(room.name, room.token)
            self.folder.remove(room.name)
            ledger = self.ledgers.get()
            if ledger is not None:
                ledger.release(room)
        except TROUBLE as error:
            self.complaints.note(error)


@dataclass(eq=False)
class Draft:
    """One copy that is being written; as a context, it is finished at the end of the block."""

    drafts: Drafts
    file: io.FileIO
    room: Room
    stat: Stat
    publish: Callable[[], bool]

    def __post_init__(self) -> None:
        self._left = self.stat.size
        self._crc = 0

    def write(self, data: bytes) -> None:
        """Add the next bytes; with the last of them the copy is published."""
        if self.file.closed:
            return
        self._left -= len(data)
        self._crc = zlib.crc32(data, self._crc)
        try:
            write_all(self.file.fileno(), data)
            if self._left == 0:
                write_all(self.file.fileno(), footer(self.stat, self._crc))
        except OSError as error:
            self.drafts.complaints.note(error)
            self._left = -1
        if self._left <= 0:
            self.finish()

    def finish(self) -> None:
        """Publish the copy if it is whole; otherwise remove it."""
        if not self.file.closed:
            # Closed last: its lock shows that its writer is alive.
            with self.file:
                self.drafts.finish(self.room, None if self._left else self.publish)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.finish()


class FillingReader:
    """A reader of an object in the store that writes a copy, if it is read to the end.

    `begin` is called when the first byte is read, since many readers are only opened.
    """

    def __init__(self, reader: Reader, begin: Callable[[Stat], Draft | None]) -> None:
        self.stat = reader.stat
        self._reader = reader
        self._begin = begin
        self._draft: Draft | None = None
        self._has_begun = False

    def verify(self) -> bool:
        """Return whether the bytes are undamaged; see `Verifiable`."""
        return not isinstance(self._reader, Verifiable) or self._reader.verify()

    def read(self, size: int = -1, /) -> bytes:
        """Return `size` bytes, or all that is left if it is negative; b"" at the end."""
        data = self._reader.read(size)
        if not self._has_begun:
            self._has_begun = True
            self._draft = self._begin(self.stat)
        if self._draft is not None:
            self._draft.write(data)
        return data

    def close(self) -> None:
        """Close the store's reader; a copy that is not whole is removed."""
        self._reader.close()
        if self._draft is not None:
            self._draft.finish()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
