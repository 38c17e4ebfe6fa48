"""Objects of JSON that are written once."""

from __future__ import annotations

import io
from typing import ClassVar

import pytest

from progimage.errors import Conflict, DamagedRecord, KeyMissing
from progimage.stores import ABSENT, json_objects
from progimage.stores.memory import MemoryStore

KEY = "jobs/" + "ab" * 16 + "/request.json"


class Note(json_objects.JsonObject):
    noun: ClassVar[str] = "note"

    text: str


@pytest.fixture
def store():
    return MemoryStore()


def test_an_object_is_read_back_and_written_once(store):
    json_objects.create(store, KEY, Note(text="Bødø"))
    assert json_objects.read(store, KEY, Note) == Note(text="Bødø")
    with pytest.raises(Conflict):
        json_objects.create(store, KEY, Note(text="another"))


def test_one_that_is_not_there(store):
    assert json_objects.find(store, KEY, Note) is None
    with pytest.raises(KeyMissing):
        json_objects.read(store, KEY, Note)


def test_a_version_is_replaced_only_by_its_etag(store):
    first = json_objects.save(store, KEY, Note(text="1"), ABSENT)
    second = json_objects.save(store, KEY, Note(text="2"), first)
    with pytest.raises(Conflict):
        json_objects.save(store, KEY, Note(text="3"), first)
    assert json_objects.load(store, KEY, Note, "damaged") == (Note(text="2"), second)


@pytest.mark.parametrize("data", [b"", b"[]", b'{"text": 5}', b'{"text"'])
def test_what_cannot_be_read_is_damaged(store, data):
    store.put(KEY, io.BytesIO(data), media_type="application/json")
    with pytest.raises(DamagedRecord, match="this note is damaged"):
        json_objects.find(store, KEY, Note)


def test_fields_of_a_newer_version_are_ignored(store):
    store.put(KEY, io.BytesIO(b'{"text": "a", "new": 1}'), media_type="application/json")
    assert json_objects.read(store, KEY, Note) == Note(text="a")


def test_all_below_a_prefix_are_removed(store):
    for name in ("one", "two"):
        json_objects.create(store, f"jobs/{'cd' * 16}/{name}.json", Note(text=name))
    json_objects.create(store, KEY, Note(text="stays"))
    json_objects.delete_all(store, f"jobs/{'cd' * 16}/")
    assert [stat.key for stat in store.list("")] == [KEY]
