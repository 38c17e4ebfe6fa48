"""Parts of shelves that come wrong from an S3 server are never used, and cost an error at most."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from progimage.errors import StoreError
from progimage.library.index.completing import Completing
from progimage.library.index.shelf import Shelf
from progimage.library.index.shelf_files import ShelfFiles, scratch_folder
from progimage.stores import ObjectStore, open_raw
from tests.library.index.large import PICTURES, large, with_large_shelf
from tests.stores.s3server import s3_server, store_url
from tests.system.faults import misbehaving_s3
from tests.system.faults.misbehaving_s3 import FAULTS, MisbehavingS3
from tests.system.serving.server import wait_until

NODES = 6


def _whole(app, environ, respond, body):
    """Answer a range with 200 and the whole object, as RFC 9110 (14.2) lets a server do."""
    environ.pop("HTTP_RANGE", None)
    return app(environ, respond)


@pytest.fixture(scope="module")
def s3(aws_credentials: None) -> Iterator[tuple[MisbehavingS3, ObjectStore]]:
    """The server, and a store on it."""
    s3 = MisbehavingS3()
    with s3_server(s3.before) as endpoint:
        url = store_url(endpoint, "shelves").replace("&read_timeout_s=30", "")
        yield s3, open_raw(url, creates=True)


@pytest.fixture(scope="module")
def info(s3):
    return with_large_shelf(s3[1])


def read(shelf: Shelf) -> int:
    """Return how many records were read until an error came; all are right."""
    whole = Shelf(large())
    for count, ordinal in enumerate(range(0, PICTURES, 40)):
        try:
            found = shelf.json(ordinal)
        except StoreError:
            return count
        assert found == whole.json(ordinal)
    return PICTURES


@pytest.mark.parametrize("fault", [*FAULTS, "the whole in place of a part"])
def test_nodes_without_an_index_read_nothing_wrong(s3, info, tmp_path, monkeypatch, fault):
    misbehaving, store = s3
    monkeypatch.setattr(Completing, "add", lambda self, name: None)
    monkeypatch.setitem(FAULTS, "the whole in place of a part", _whole)
    monkeypatch.setattr(misbehaving_s3, "ONE_OF", 4)
    before = misbehaving.done

    def is_right(folder: Path) -> bool:
        """True if a node could read everything."""
        files = ShelfFiles(store, scratch_folder(folder, "s3://shelves"))
        try:
            shelf = files.open(info)
        except StoreError:
            return False
        return read(shelf) == PICTURES

    misbehaving.fault = fault
    try:
        for node in range(NODES):
            is_right(tmp_path / str(node))
    finally:
        misbehaving.fault = None
    assert misbehaving.done > before
    for node in range(NODES):
        wait_until(lambda node=node: is_right(tmp_path / str(node)))
