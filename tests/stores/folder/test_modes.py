"""Secrets and originals are not readable by other users, whatever the umask."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator

import pytest

from progimage import keys
from progimage.stores.folder.store import FilesystemStore

ID = "0" * 64


@pytest.fixture(autouse=True)
def no_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.parametrize(
    ("key", "mode"),
    [
        ("users/ann.json", 0o600),
        (keys.DEVELOPMENT_KEY, 0o600),
        (keys.original(ID, "a1"), 0o640),
        (keys.record(ID), 0o640),
        (f"uploads/{'0' * 32}/piece-{'0' * 16}", 0o640),
        (keys.rendition(ID, "sepia", "png", public=False), 0o640),
        (keys.rendition(ID, "sepia", "png", public=True), 0o644),
        (keys.FOREIGN + keys.rendition(ID, "sepia", "png", public=True), 0o644),
        (keys.FOREIGN + keys.rendition(ID, "sepia", "png", public=False), 0o640),
    ],
)
@pytest.mark.parametrize("is_replaced", [False, True])
def test_a_file_is_readable_only_by_those_who_should(tmp_path, key, mode, is_replaced):
    store = FilesystemStore(tmp_path)
    stat = store.put(key, io.BytesIO(b"first"), media_type="text/plain")
    if is_replaced:
        store.put(key, io.BytesIO(b"second"), media_type="text/plain", expect=stat.etag)
    assert (tmp_path / key).stat().st_mode & 0o777 == mode


def test_the_umask_takes_more_away(tmp_path):
    os.umask(0o077)
    FilesystemStore(tmp_path).put("images/a", io.BytesIO(b"a"), media_type="text/plain")
    assert (tmp_path / "images/a").stat().st_mode & 0o777 == 0o600
