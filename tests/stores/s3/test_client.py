"""Connections and credentials."""

from __future__ import annotations

import os

import pytest

from progimage.errors import StoreUnavailable
from progimage.stores import open_raw
from progimage.stores.s3.hedging import AT_ONCE
from progimage.stores.s3.store import S3Store
from tests.stores.contract import keys


def test_a_forked_child_has_connections_of_its_own(store, monkeypatch):
    client = store.bucket.client
    assert store.bucket.client is client
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert store.bucket.client is not client


def test_missing_credentials_are_unavailability_that_says_how_to_give_them(
    store, s3_server_url, monkeypatch, tmp_path
):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    with pytest.raises(StoreUnavailable, match="set AWS_ACCESS_KEY_ID"):
        keys(open_raw(s3_server_url))


def test_the_pool_is_as_large_as_the_threads_and_the_second_requests(aws_credentials):
    for hedged, connections in ((True, 40 + AT_ONCE), (False, 40)):
        store = S3Store("bucket", region="us-east-1", threads=40, hedged_reads=hedged)
        assert store.bucket.client.meta.config.max_pool_connections == connections
