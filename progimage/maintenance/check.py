"""Compare what the store holds with what it should; repair on request.

Every record is read and every original hashed. Renditions and working copies are matched with
their pictures, parts of jobs with their requests, and the index with the records. The remains
of crashes are repaired: interrupted removals are finished, renditions and working copies
without a picture and parts without a job are removed, and the index is corrected. An original
without a record is moved to quarantine, never deleted. A record that cannot be read is rebuilt
from its original if possible. Other damage (an original that is missing or differs from its
hash, an object that is listed but not found) is reported and not changed: a back-up, or another
upload, can still restore it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from progimage import keys
from progimage.access.accounts.users import Users
from progimage.errors import DamagedRecord, KeyMissing, NotFound
from progimage.library import Library, owner_keys, quarantine, read_record, trash
from progimage.library.index import keys as index_keys
from progimage.library.index import positions
from progimage.library.index.audit import Audit
from progimage.library.index.fold import fold
from progimage.library.index.index import Index
from progimage.library.index.sweep import unnamed, unsettled
from progimage.maintenance.check_albums import check_albums
from progimage.maintenance.check_external_ids import check_external_id, check_pointers
from progimage.maintenance.check_jobs import check_jobs
from progimage.maintenance.findings import Checking, Finding, Kind
from progimage.maintenance.rebuild import Rebuilder
from progimage.model import Record
from progimage.stores import ObjectStore, Stat, exists

_CHUNK = 1 << 20


class Check:
    """One pass over a store, safe beside live traffic.

    Objects younger than `grace` are left alone: an upload writes its original before its
    record, and must not lose it in between.
    """

    def __init__(
        self,
        store: ObjectStore,
        *,
        repair: bool = False,
        grace: timedelta = timedelta(hours=1),
        index: Index | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        rebuilder: Rebuilder | None = None,
    ) -> None:
        self._store = store
        self._rebuilder = rebuilder
        self._index = index or Index(store)
        self._index.require()
        self._library = Library(store, index=self._index)
        self._repair = repair
        self._grace = grace
        self._checking = Checking(store, repair, clock() - grace)
        self._audit = Audit(self._index, repair=repair)

    def run(self, on_progress: Callable[[str], None] = lambda _: None) -> Iterator[Finding]:
        """Yield the findings; `on_progress` is called with every key on the way."""
        self._checking = replace(self._checking, on_progress=on_progress)
        # Before the records, whose pointers may be damaged.
        yield from check_pointers(self._checking)
        for stat in self._checking.listed(keys.IMAGES):
            yield from self._check_picture_object(stat)
        checks = {
            keys.RENDERS: self._check_rendition,
            keys.COPIES: self._check_working_copy,
            owner_keys.TRASH: self._check_trash_note,
            keys.USERS: self._check_account,
        }
        for prefix, check in checks.items():
            for stat in self._checking.listed(prefix):
                with suppress(DamagedRecord):  # what belongs to a damaged record is left alone
                    yield from check(stat)
        yield from check_albums(self._checking)
        yield from self._check_index()
        yield from check_jobs(self._checking)

    def _check_picture_object(self, stat: Stat) -> Iterator[Finding]:
        if (image_id := keys.id_of_record(stat.key)) is not None:
            yield from self._check_record(stat, image_id)
        elif (named := keys.id_and_generation_of_original(stat.key)) is not None:
            with suppress(DamagedRecord):
                yield from self._check_original(stat, *named)
        else:
            yield Finding("unknown key", stat.key)

    def _check_record(self, stat: Stat, image_id: str) -> Iterator[Finding]:
        try:
            record, etag = read_record(self._store, image_id)
        except NotFound:
            if self._is_listed(stat.key):
                yield Finding("listed but not found", stat.key)
            return
        except DamagedRecord:
            yield Finding("damaged record", stat.key, self._is_rebuilt(stat.key, image_id))
            return
        if record.state == "deleting":
            if self._repair:
                self._library.remover.finish(record, etag)
            yield Finding("removal cut short", stat.key, self._repair)
            return
        if record.state == "trashed":
            yield from self._check_trashed(record)
            return
        if (damage := self._damage(record)) and self._library.records.is_current(record):
            yield Finding(damage, keys.original(image_id, record.generation))
        yield from check_external_id(self._checking, self._library, record)
        if not self._audit.is_right(record):
            yield Finding("not in the index", stat.key, self._repair)

    def _check_trashed(self, record: Record) -> Iterator[Finding]:
        if damage := self._damage(record):
            yield Finding(damage, keys.original(record.id, record.generation))
        note = trash.note_of(record)
        if note is not None and not exists(self._store, note):
            if self._repair:
                trash.put_note(self._store, record)
            yield Finding("trash without note", keys.record(record.id), self._repair)

    def _check_trash_note(self, stat: Stat) -> Iterator[Finding]:
        image_id = owner_keys.id_of_trash_note(stat.key)
        if image_id is None:
            yield Finding("unknown key", stat.key)
            return
        if stat.modified > self._checking.oldest_spared:
            return
        record = self._record(image_id)
        if record is None or not trash.is_note_of(stat.key, record):
            yield self._checking.removed("note without trash", stat.key)

    def _check_index(self) -> Iterator[Finding]:
        for image_id in self._audit.strays():
            yield Finding("only in the index", keys.record(image_id), self._repair)
        for stat in self._checking.listed(index_keys.INDEX):
            if not index_keys.is_known(stat.key):
                yield Finding("unknown key", stat.key)
        for key in unsettled(self._index.view(), self._grace):
            change = index_keys.announcement(key)
            if change and not self._is_listed(keys.record(positions.id_of(change.position))):
                yield self._checking.removed("announcement without record", key)
        for key in unnamed(self._index, self._grace):
            yield self._checking.removed("shelf without manifest", key)
        if self._repair:
            fold(self._index, 1)

    def _damage(self, record: Record) -> Kind | None:
        digest, id_digest = hashlib.sha256(), keys.id_hash(record.owner)
        try:
            with self._store.open(keys.original(record.id, record.generation)) as reader:
                while chunk := reader.read(_CHUNK):
                    digest.update(chunk)
                    if record.owner:
                        id_digest.update(chunk)
        except KeyMissing:
            return "missing original"
        if digest.hexdigest() != record.sha256:
            return "altered original"
        picture_id = id_digest.hexdigest() if record.owner else record.sha256
        return None if picture_id == record.id else "id of another owner or picture"

    def _check_original(self, stat: Stat, image_id: str, generation: str) -> Iterator[Finding]:
        if stat.modified > self._checking.oldest_spared:
            return
        record = self._record(image_id)
        if record is not None and record.generation == generation:
            return
        if self._repair:
            try:
                quarantine.set_aside(self._store, stat.key, "original without record")
            except KeyMissing:
                if self._is_listed(stat.key):
                    yield Finding("listed but not found", stat.key)
                return
        yield Finding("original without record", stat.key, self._repair)

    def _check_rendition(self, stat: Stat) -> Iterator[Finding]:
        named = keys.id_and_engine_of_rendition(stat.key)
        if named is None:
            yield Finding("unknown key", stat.key)
            return
        record = self._record(named[0])
        if record is None or record.state != "live":
            yield self._checking.removed("rendition without picture", stat.key)
        elif stat.key.startswith(keys.PUBLIC_RENDERS) and not record.is_public:
            yield self._checking.removed("rendition under the wrong visibility", stat.key)
        elif any(self._is_gone(other) for other in keys.ids_shown_in(stat.key) - {record.id}):
            yield self._checking.removed("rendition without picture", stat.key)

    def _check_working_copy(self, stat: Stat) -> Iterator[Finding]:
        named = keys.id_generation_and_kind_of_copy(stat.key)
        if named is None:
            yield Finding("unknown key", stat.key)
            return
        image_id, generation, _ = named
        if stat.modified > self._checking.oldest_spared:
            return
        record = self._record(image_id)
        if record is None or record.state == "deleting" or record.generation != generation:
            yield self._checking.removed("working copy without picture", stat.key)

    def _check_account(self, stat: Stat) -> Iterator[Finding]:
        name = keys.name_of_user(stat.key)
        try:
            if name is None or Users(self._store).find(name).name != name:
                yield Finding("unknown key", stat.key)
        except NotFound:
            return
        except DamagedRecord:
            yield Finding("damaged record", stat.key)

    def _is_gone(self, image_id: str) -> bool:
        try:
            return self._record(image_id) is None
        except DamagedRecord:
            return False

    def _record(self, image_id: str) -> Record | None:
        try:
            return read_record(self._store, image_id)[0]
        except NotFound:
            if self._is_listed(keys.record(image_id)):
                raise DamagedRecord("the store lists the record and does not find it") from None
            return None

    def _is_listed(self, key: str) -> bool:
        """Return True if a listing has `key`; some servers list objects that are lost."""
        return next((True for stat in self._store.list(key) if stat.key == key), False)

    def _is_rebuilt(self, key: str, image_id: str) -> bool:
        """Move a damaged record to quarantine and rebuild it from its original, if possible."""
        if not (self._repair and self._rebuilder):
            return False
        with self._store.open(key) as reader:
            damaged = reader.read()
        token = quarantine.set_aside(self._store, key, "damaged record")
        if self._rebuilder.rebuild(image_id, damaged) is not None:
            return True
        quarantine.put_back(self._store, token)
        return False
