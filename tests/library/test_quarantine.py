"""What is set aside is out of the way, not lost, and can be put back."""

from __future__ import annotations

import io

import pytest

from progimage.errors import Conflict, KeyMissing, NotFound
from progimage.library.quarantine import all_set_aside, put_back, set_aside
from progimage.stores import ObjectStore
from progimage.stores.memory import MemoryStore
from tests.stores.contract import get, put
from tests.stores.dying import Died, DyingStore


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    put(store, "images/ab/key", b"bytes")
    return store


def bodies(store: ObjectStore) -> list[bytes]:
    return [get(store, stat.key) for stat in store.list("")]


def test_an_object_comes_back_as_it_was(store):
    token = set_aside(store, "images/ab/key", "because")
    assert list(store.list("images/")) == []
    [(listed, manifest)] = all_set_aside(store)
    assert (listed, manifest.key, manifest.reason) == (token, "images/ab/key", "because")
    assert (manifest.size_bytes, len(manifest.sha256)) == (5, 64)
    assert put_back(store, token) == manifest
    assert [stat.key for stat in store.list("")] == ["images/ab/key"]
    assert get(store, "images/ab/key") == b"bytes"


def test_the_replacement_stays(store):
    token = set_aside(store, "images/ab/key", "because")
    put(store, "images/ab/key", b"other")
    with pytest.raises(Conflict):
        put_back(store, token)
    assert get(store, "images/ab/key") == b"other"
    assert [listed for listed, _ in all_set_aside(store)] == [token]


@pytest.mark.parametrize("token", ["0" * 32, "../users/ann", ""])
def test_a_missing_object_is_not_found(store, token):
    with pytest.raises(NotFound):
        put_back(store, token)
    with pytest.raises(KeyMissing):
        set_aside(store, "images/ab/other", "because")


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("act", ["set aside", "put back"])
def test_a_crash_loses_nothing(act, after):
    for dies_at in range(1, 9):
        store = MemoryStore()
        store.put("images/ab/key", io.BytesIO(b"bytes"), media_type="")
        token = set_aside(store, "images/ab/key", "because") if act == "put back" else ""
        dying = DyingStore(store, dies_at, after=after)
        try:
            if act == "put back":
                put_back(dying, token)
            else:
                set_aside(dying, "images/ab/key", "because")
        except Died:
            pass
        else:
            assert dies_at > 4
        assert b"bytes" in bodies(store)
