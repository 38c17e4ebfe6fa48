"""Copies of popular public renditions on the local disk of a node, before a remote store.

Every hit is one conditional request to the store, which answers with a few bytes if the
copy is current. So what was hidden, removed or purged through any node is not served here
once the store does not serve it.

With `trust_s` a copy is served without a request for that long after a check. What another
node hides can then be seen here for that much longer at most; what this node hides is
forgotten by all its processes before the change is acknowledged. For that a check has two
parts, each done after a moment that was noted: the store holds this version, and the
picture's record says that it is public. The second part is done only for copies that are
requested twice within `trust_s`. The first alone is not enough: a render that began before
a picture was hidden may be in the store for an instant after that.

    a check    moment noted → store asked → record read → copy marked as of the moment
    a miss     moment noted → store asked → draft written beside its reader → published,
               unless something was forgotten since the moment
    a purge    record changed → store purged → forgotten here → acknowledged

So a check either finds the changed record, or its mark is forgotten.

An error of the cache is logged, and the store serves the rendition.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import BinaryIO, cast

from progimage.errors import ConfigError, KeyMissing, NotFound, StoreError, StoreUnavailable
from progimage.library import read_record
from progimage.renditions.disk_cache.eviction import Ledgers
from progimage.renditions.disk_cache.folder import Copy, Folder, Moment
from progimage.renditions.disk_cache.footer import id_of, is_public_rendition
from progimage.renditions.disk_cache.writing import (
    TROUBLE,
    Complaints,
    Draft,
    Drafts,
    FillingReader,
)
from progimage.stores import HasConditionalOpen, HasLocalPath, ObjectStore, Reader, Stat
from progimage.telemetry import metrics

_CHUNK = 1 << 18


class DiskCache:
    """Copies of objects that `store` holds under `keys.PUBLIC_RENDERS`.

    Args:
        store_url: names the store; copies from another store are never served.
        root: a folder for this cache only, shared by all processes of the node.
        max_bytes: of all copies, those being written included.
        trust_s: for how long a copy is served without asking the store.

    Raises:
        ConfigError: the store is a folder itself, or others may write to `root`.
    """

    def __init__(
        self, store: ObjectStore, store_url: str, root: Path, max_bytes: int, trust_s: float
    ) -> None:
        if isinstance(store, HasLocalPath) or not isinstance(store, HasConditionalOpen):
            raise ConfigError(
                "disk_cache.dir: of no use before a folder store, whose files are as near; "
                "leave it empty, or keep pictures in an s3: store"
            )
        self._store: ObjectStore = store
        self._conditional = cast(HasConditionalOpen, store)
        self.folder = Folder(root, store_url)
        self._trust_ns = round(trust_s * 1e9)
        self._complaints = Complaints()
        self._ledgers = Ledgers(self.folder, max_bytes)
        self._drafts = Drafts(self.folder, self._ledgers, self._complaints)
        try:
            self.folder.prepare()
        except OSError as error:
            self._complaints.note(error)

    def of_part(self, part: ObjectStore) -> DiskCache:
        """Return a cache of another part of the store, with the same folder and limit.

        No picture there may have the id of a picture in this one's part.
        """
        other = copy.copy(self)
        other._store, other._conditional = part, cast(HasConditionalOpen, part)
        return other

    def start(self) -> None:
        """Open the index, which counts all copies after a start of the machine."""
        try:
            self._ledgers.get()
        except TROUBLE as error:
            self._complaints.note(error)

    def open(self, key: str) -> Reader:
        """Return a reader of the rendition under `key`, as `ObjectStore.open` does.

        Raises:
            KeyMissing: the store does not have it; a copy does not count.
        """
        if not is_public_rendition(key):
            return self._store.open(key)
        try:
            moment, copy = self.folder.moment(), self.folder.find(key)
        except OSError as error:
            self._complaints.note(error)
            return self._store.open(key)
        if copy is None:
            reader = self._store.open(key)
            return self._filling(reader, moment)
        if 0 <= moment.time_ns - copy.checked_ns < self._trust_ns:
            metrics.disk_cache_lookup("trusted")
            return copy.reader
        return self._checked(key, copy, moment)

    def moment(self) -> Moment | None:
        """Return the present, to be noted before a rendition is stored; None in trouble."""
        try:
            return self.folder.moment()
        except OSError as error:
            self._complaints.note(error)
            return None

    def add(self, stat: Stat, source: BinaryIO, moment: Moment) -> None:
        """Copy the whole of `source`, which was stored as `stat` after `moment`.

        The record must have been found to be public after `moment` too.
        """
        if not is_public_rendition(stat.key):
            return
        draft = self._drafts.begin(stat, moment, is_checked=self._trust_ns > 0)
        if draft is None:
            return
        source.seek(0)
        with draft:
            while chunk := source.read(_CHUNK):
                draft.write(chunk)

    def forget(self, image_id: str) -> None:
        """Remove the copies of a picture's renditions from this node.

        Call it after the renditions were purged from the store.

        Raises:
            StoreUnavailable: they could not be removed, and would still be trusted.
        """
        try:
            self.folder.forget(image_id)
        except OSError as error:
            self._complaints.note(error)
            if self._trust_ns:
                raise StoreUnavailable("a cache of this node cannot be purged") from error
        self._count_no_more(f"{image_id[:2]}/{image_id}.")

    def _checked(self, key: str, copy: Copy, moment: Moment) -> Reader:
        """Return the copy's reader if the copy is current, else the store's."""
        is_good = False
        try:
            reader = self._conditional.open_if_changed(key, copy.reader.stat.etag)
            is_good = reader is None
        except KeyMissing:
            self._drop(key)
            raise
        finally:
            if not is_good:
                copy.reader.close()
        if reader is not None:
            return self._filling(reader, moment)
        metrics.disk_cache_lookup("confirmed")
        if self._trust_ns:
            # The record is read only for copies that are requested again that soon.
            is_wanted = 0 <= moment.time_ns - copy.validated_ns < self._trust_ns
            try:
                self.folder.note(copy, moment, is_checked=is_wanted and self._is_public(key))
            except OSError as error:
                self._complaints.note(error)
        return copy.reader

    def _filling(self, reader: Reader, moment: Moment) -> FillingReader:
        def begin(stat: Stat) -> Draft | None:
            return self._drafts.begin(stat, moment, is_checked=False)

        metrics.disk_cache_lookup("missed")
        return FillingReader(reader, begin)

    def _is_public(self, key: str) -> bool:
        """Return whether the picture of a rendition is public, by its record."""
        try:
            record, _ = read_record(self._store, id_of(key))
        except (NotFound, StoreError):
            return False
        return record.state == "live" and record.is_public

    def _drop(self, key: str) -> None:
        name = self.folder.name(key)
        try:
            self.folder.remove(name)
        except OSError as error:
            self._complaints.note(error)
        else:
            self._count_no_more(name)

    def _count_no_more(self, beginning: str) -> None:
        try:
            ledger = self._ledgers.get()
            if ledger is not None:
                ledger.forget(beginning)
        except TROUBLE as error:
            self._complaints.note(error)
