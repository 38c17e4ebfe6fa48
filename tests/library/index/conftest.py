"""A library in memory, without pictures."""

from __future__ import annotations

import pytest

from progimage.library import Library
from progimage.stores.memory import MemoryStore


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def library(store) -> Library:
    return Library(store)
