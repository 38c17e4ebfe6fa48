"""What a store has."""

from __future__ import annotations

import io

from progimage import keys
from progimage.library import Library
from progimage.maintenance.stats import Amount, measure
from progimage.stores.memory import MemoryStore
from tests.candidates import add


def test_objects_are_counted_by_their_kind():
    store = MemoryStore()
    record = add(Library(store), b"picture")
    for key, data in {
        keys.rendition(record.id, "flip", "png", public=True): b"12345",
        "jobs/" + "ab" * 16 + "/request.json": b"123",
        "jobs/" + "ab" * 16 + "/items/1.json": b"12",
        "strange": b"1",
    }.items():
        store.put(key, io.BytesIO(data), media_type="image/png")
    seen = []
    amounts = measure(store, seen.append)
    assert amounts["images"].count == 1
    assert amounts["originals"] == Amount(1, len(b"picture"))
    assert amounts["renditions"] == Amount(1, 5)
    assert amounts["jobs"] == Amount(1, 5)
    assert amounts["other"] == Amount(1, 1)
    assert amounts["accounts"] == Amount()
    assert sorted(seen) == sorted(stat.key for stat in store.list(""))
