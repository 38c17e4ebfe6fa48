"""A store in a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from progimage.stores.folder.store import FilesystemStore


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def store(root: Path) -> FilesystemStore:
    return FilesystemStore(root)
