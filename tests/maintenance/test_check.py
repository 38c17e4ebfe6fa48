"""`check --repair` never deletes what a person uploaded."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import pytest
from PIL import Image

from progimage import keys
from progimage.errors import DamagedRecord, KeyMissing, NotFound
from progimage.imaging.inspection import Facts, inspect
from progimage.imaging.limits import Limits
from progimage.jobs import keys as job_keys
from progimage.library import Library, read_record
from progimage.library.quarantine import all_set_aside, put_back
from progimage.maintenance.check import Check
from progimage.maintenance.rebuild import Rebuilder
from progimage.model import ANONYMOUS, Metadata, Record, Viewer
from progimage.stores.memory import MemoryStore
from progimage.stores.temp_files import TempFolder
from tests.candidates import add, candidate
from tests.imaging.drawing import saved
from tests.people import account

PICTURE = saved(Image.new("RGB", (8, 6), "red"), "PNG")


def facts_of(path: str) -> Facts:
    return inspect(path, Limits())


def rebuilder_of(store: MemoryStore) -> Rebuilder:
    return Rebuilder(store, Library(store), facts_of, TempFolder())


def repaired(store: MemoryStore) -> list[str]:
    checking = Check(store, repair=True, grace=timedelta(0), rebuilder=rebuilder_of(store))
    return [finding.kind for finding in checking.run() if finding.repaired]


def found(store: MemoryStore) -> list[str]:
    return [finding.kind for finding in Check(store, grace=timedelta(0)).run()]


def original_of(store: MemoryStore, record: Record) -> bytes:
    with Library(store).originals.open(record) as reader:
        return reader.read()


def damage(store: MemoryStore, record: Record, data: bytes) -> None:
    store.put(keys.record(record.id), io.BytesIO(data), media_type="application/json")


def test_an_original_whose_record_is_lost_is_set_aside_and_restored():
    store = MemoryStore()
    record = add(Library(store), PICTURE)
    store.delete(keys.record(record.id))
    assert "original without record" in repaired(store)
    [(token, manifest)] = all_set_aside(store)
    assert manifest.key == keys.original(record.id, record.generation)
    assert found(store) == []
    put_back(store, token)
    rebuilt = rebuilder_of(store).rebuild(record.id)
    assert rebuilt is not None
    assert (rebuilt.id, rebuilt.sha256, rebuilt.width) == (record.id, record.sha256, 8)
    assert original_of(store, Library(store).find(ANONYMOUS, record.id)) == PICTURE
    assert found(store) == []


def test_a_damaged_record_is_rebuilt_with_all_that_can_be_read_of_it():
    store = MemoryStore()
    account(store, "ann")
    metadata = Metadata(title="Harbour", tags=("sea",), visibility="public")
    record = add(Library(store), PICTURE, metadata, owner="ann")
    content = json.loads(record.to_json()) | {"width": "wide"}
    damage(store, record, json.dumps(content).encode())
    assert "damaged record" in repaired(store)
    rebuilt, _ = read_record(store, record.id)
    assert (rebuilt.owner, rebuilt.title, rebuilt.tags) == ("ann", "Harbour", ("sea",))
    assert (rebuilt.visibility, rebuilt.created) == ("public", record.created)
    assert original_of(store, rebuilt) == PICTURE
    assert found(store) == []


def test_of_an_unreadable_record_the_owner_is_found_by_the_id_and_the_picture_is_private():
    store = MemoryStore()
    for name in ("ann", "ben"):
        account(store, name)
    record = add(Library(store), PICTURE, owner="ben")
    damage(store, record, b"\x00rot")
    assert "damaged record" in repaired(store)
    rebuilt, _ = read_record(store, record.id)
    assert (rebuilt.owner, rebuilt.visibility) == ("ben", "private")


def test_a_record_that_cannot_be_rebuilt_stays_as_it_is():
    store = MemoryStore()
    record = add(Library(store), PICTURE)
    damage(store, record, b"{")
    store.delete(keys.original(record.id, record.generation))
    assert repaired(store) == []
    assert found(store) == ["damaged record"]
    with store.open(keys.record(record.id)) as reader:
        assert reader.read() == b"{"


class Forgetful(MemoryStore):
    """Lists objects that it does not find, as some servers do after a fault."""

    lost = ""

    def open(self, key, start=0, length=None):
        if self.lost and self.lost in key:
            raise KeyMissing(key)
        return super().open(key, start, length)

    def stat(self, key):
        if self.lost and self.lost in key:
            raise KeyMissing(key)
        return super().stat(key)


@pytest.mark.parametrize("lost", ["record.json", "original-"])
def test_listed_but_missing_objects_are_damage_and_nothing_is_deleted(lost):
    store = Forgetful()
    record = add(Library(store), PICTURE)
    before = {stat.key for stat in store.list("")}
    store.lost = lost
    checking = Check(store, repair=True, grace=timedelta(0), rebuilder=rebuilder_of(store))
    kinds = {finding.kind for finding in checking.run()}
    assert kinds <= {"listed but not found", "missing original"}
    assert kinds & {"listed but not found", "missing original"}
    store.lost = ""
    assert {key for key in before if key.startswith("images/")} <= {s.key for s in store.list("")}
    assert original_of(store, Library(store).find(ANONYMOUS, record.id)) == PICTURE


class TestDamagedRecords:
    """They do not block their picture for ever."""

    @pytest.fixture
    def store(self) -> MemoryStore:
        return MemoryStore()

    @pytest.fixture
    def record(self, store) -> Record:
        record = add(Library(store), PICTURE, owner="ann")
        damage(store, record, b"{")
        return record

    def test_an_upload_of_the_same_picture_takes_its_place(self, store, record):
        again, is_new = Library(store).add(candidate(PICTURE, owner="ann"), Metadata())
        assert is_new
        assert original_of(store, again) == PICTURE
        [(_, manifest)] = all_set_aside(store)
        assert manifest.key == keys.record(record.id)

    def test_its_owner_can_remove_the_picture(self, store, record):
        Library(store).remove(Viewer(name="ann"), record.id)
        assert list(store.list(keys.IMAGES)) == []
        with pytest.raises(NotFound):
            Library(store).find(Viewer(name="ann"), record.id)

    @pytest.mark.parametrize("viewer", [ANONYMOUS, Viewer(name="ben")])
    def test_other_accounts_cannot(self, store, record, viewer):
        with pytest.raises(DamagedRecord):
            Library(store).remove(viewer, record.id)
        assert len(list(store.list(keys.IMAGES))) == 2


def test_a_damaged_job_is_set_aside_with_its_parts_to_be_removed():
    store = MemoryStore()
    key = job_keys.request("0" * 32)
    store.put(key, io.BytesIO(b"{"), media_type="application/json")
    assert found(store) == ["damaged job"]
    assert repaired(store) == ["damaged job"]
    assert found(store) == []
    [(_, manifest)] = all_set_aside(store)
    assert manifest.key == key
