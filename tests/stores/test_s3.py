"""The S3 store keeps the contract."""

from __future__ import annotations

import pytest

from tests.stores.shared_contract import SharedStoreContract


class TestS3Store(SharedStoreContract):
    @pytest.fixture
    def store(self, s3_store):
        return s3_store

    @pytest.fixture
    def url(self, s3_url):
        return s3_url
