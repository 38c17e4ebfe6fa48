"""S3 stores whose server can be meddled with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from progimage.stores import open_raw
from progimage.stores.s3.store import S3Store
from tests.stores.s3.meddler import Meddler
from tests.stores.s3server import s3_server, store_url


@pytest.fixture(scope="module")
def meddled_server(aws_credentials: None) -> Iterator[tuple[Meddler, S3Store]]:
    meddler = Meddler()
    with s3_server(meddler.before) as endpoint:
        store = open_raw(store_url(endpoint, "meddled"))
        assert isinstance(store, S3Store)
        yield meddler, store


@pytest.fixture
def meddler(meddled_server: tuple[Meddler, S3Store]) -> Iterator[Meddler]:
    meddler, _ = meddled_server
    yield meddler
    meddler.rule = None


@pytest.fixture
def store(meddled_server: tuple[Meddler, S3Store], meddler: Meddler) -> S3Store:
    _, store = meddled_server
    for stat in store.list(""):
        store.delete(stat.key)
    meddler.seen.clear()
    return store


@pytest.fixture
def s3_server_url(store: S3Store) -> str:
    return store_url(store.bucket.client.meta.endpoint_url, "meddled")
