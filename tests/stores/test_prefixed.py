"""A part of a store keeps the contract of a store, and leaves the rest of it alone."""

from __future__ import annotations

import io

import pytest

from progimage.stores.memory import MemoryStore
from progimage.stores.prefixed import PrefixedStore
from tests.stores.contract import ConditionalOpens, ObjectStoreContract


class TestPrefixedStore(ObjectStoreContract, ConditionalOpens):
    @pytest.fixture
    def store(self) -> PrefixedStore:
        return PrefixedStore(MemoryStore(), "part/")

    # The longest key of a store is too long with a prefix.
    test_an_odd_key_works_like_any_other = None


def test_keys_have_the_prefix_in_the_store_behind_it_alone():
    whole = MemoryStore()
    part = PrefixedStore(whole, "part/")
    whole.put("a", io.BytesIO(b"outside"), media_type="text/plain")
    part.put("a", io.BytesIO(b"inside"), media_type="text/plain")
    assert [stat.key for stat in whole.list("")] == ["a", "part/a"]
    assert [stat.key for stat in part.list("")] == ["a"]
    with part.open("a") as reader:
        assert (reader.stat.key, reader.read()) == ("a", b"inside")
