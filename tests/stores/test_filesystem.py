"""The folder store keeps the contract, on the disk as well as in its answers."""

from __future__ import annotations

import pytest

from progimage.stores.filesystem import FilesystemStore
from tests.stores.contract import RealFolders
from tests.stores.shared_contract import SharedStoreContract


class TestFilesystemStore(SharedStoreContract, RealFolders):
    @pytest.fixture
    def store(self, tmp_path):
        return FilesystemStore(tmp_path)

    @pytest.fixture
    def url(self, tmp_path):
        return f"file://{tmp_path}"
