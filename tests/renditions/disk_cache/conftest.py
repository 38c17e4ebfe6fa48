"""A disk cache over a store in memory that counts what it is asked."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from progimage import keys
from progimage.renditions.disk_cache.disk_cache import DiskCache
from progimage.stores import ObjectStore, Stat
from progimage.stores.memory import MemoryStore
from tests.candidates import stored_record
from tests.library.search.metered import MeteredStore

ROOM = 2**20
STORE_URL = "s3://bucket/prefix"


def key_of(number: int, *, public: bool = True) -> str:
    """Return the key of a rendition of the picture of that number."""
    return keys.rendition(f"{number:064x}", "thumbnail", "webp", public=public)


def put(store: ObjectStore, key: str, body: bytes) -> Stat:
    return store.put(key, io.BytesIO(body), media_type="image/webp")


def put_record(store: ObjectStore, number: int, **fields: object) -> None:
    """Store the record of the picture of that number."""
    record = stored_record(number, **fields)
    store.put(keys.record(record.id), io.BytesIO(record.to_json()), media_type="application/json")


def read(cache: DiskCache, key: str) -> bytes:
    with cache.open(key) as reader:
        return reader.read(reader.stat.size)


def copies_in(root: Path) -> list[Path]:
    """Return the files of copies and of drafts."""
    return [path for path in root.glob("*/*") if path.is_file()]


@pytest.fixture
def store() -> MeteredStore:
    return MeteredStore(MemoryStore())


@pytest.fixture
def root(tmp_path) -> Path:
    return tmp_path / "copies"


@pytest.fixture
def make_cache(store, root) -> Callable[..., DiskCache]:
    """Return a function that makes a cache, as each process of a node has one."""

    def make(
        max_bytes: int = ROOM, trust_s: float = 0, where: Path = root, url: str = STORE_URL
    ) -> DiskCache:
        cache = DiskCache(store, url, where, max_bytes, trust_s)
        cache.start()
        return cache

    return make


@pytest.fixture
def cache(make_cache) -> DiskCache:
    return make_cache()
