"""Check that external ids and records agree about which picture has which id."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from progimage import keys
from progimage.errors import Conflict, DamagedRecord, KeyMissing, NotFound
from progimage.library import Library, owner_keys
from progimage.library.external_pointers import Pointer
from progimage.library.records import read_record
from progimage.maintenance.findings import Checking, Finding
from progimage.model import Record
from progimage.stores import ObjectStore, json_objects


def check_external_id(checking: Checking, library: Library, record: Record) -> Iterator[Finding]:
    """Yield a finding if the external id of a live record does not lead to it.

    For a repair it leads there afterwards, or the record loses it to the picture that has it.
    """
    if not record.external_id or record.modified > checking.oldest_spared:
        return
    key = owner_keys.external_id(record.owner, record.external_id)
    with suppress(KeyMissing, DamagedRecord):
        if json_objects.load(checking.store, key, Pointer, "damaged")[0].image_id == record.id:
            return
    if checking.repair:
        with suppress(DamagedRecord):
            library.external_ids.settle(record, replaces=False)
    yield Finding("external id leads elsewhere", keys.record(record.id), checking.repair)


def check_pointers(checking: Checking) -> Iterator[Finding]:
    """Yield a finding for each pointer that leads nowhere; for a repair it is removed."""
    for stat in checking.listed(owner_keys.EXTERNAL_IDS):
        if not owner_keys.is_external_id(stat.key):
            yield Finding("unknown key", stat.key)
            continue
        if stat.modified > checking.oldest_spared:
            continue
        try:
            pointer, etag = json_objects.load(checking.store, stat.key, Pointer, "damaged")
        except KeyMissing:
            continue
        except DamagedRecord:
            yield checking.removed("damaged external id", stat.key, expect=stat.etag)
            continue
        if not _leads_somewhere(checking.store, stat.key, pointer):
            if checking.repair:
                with suppress(Conflict):  # it was given to another picture meanwhile
                    checking.store.delete(stat.key, expect=etag)
            yield Finding("external id without picture", stat.key, checking.repair)


def _leads_somewhere(store: ObjectStore, key: str, pointer: Pointer) -> bool:
    """Return whether the picture has the id; one in the trash still has it too."""
    if owner_keys.external_id(pointer.owner, pointer.external_id) != key:
        return False
    try:
        record, _ = read_record(store, pointer.image_id)
    except NotFound:
        return False
    except DamagedRecord:
        return True
    has = (record.owner, record.external_id) == (pointer.owner, pointer.external_id)
    return has and record.state != "deleting"
