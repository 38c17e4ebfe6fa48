"""The memory store keeps the contract."""

from __future__ import annotations

import pytest

from progimage.stores import open_raw
from progimage.stores.memory import MemoryStore
from tests.stores.contract import ConditionalOpens, ObjectStoreContract, RealFolders, keys, put


class TestMemoryStore(ObjectStoreContract, RealFolders, ConditionalOpens):
    @pytest.fixture
    def store(self) -> MemoryStore:
        return MemoryStore()


def test_each_opening_is_a_store_of_its_own():
    first, second = open_raw("memory://"), open_raw("memory://")
    put(first, "key")
    assert keys(second) == []
