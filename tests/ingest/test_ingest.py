"""Uploads make working copies, and leave no temporary file."""

from __future__ import annotations

import io
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from progimage import keys
from progimage.access.admission import Admission
from progimage.config import Settings
from progimage.errors import CorruptPicture, StoreUnavailable, UnsupportedMedia
from progimage.imaging.limits import Limits
from progimage.ingest.download.downloader import Downloader
from progimage.ingest.ingest import Ingest
from progimage.library import Library
from progimage.library.working_copies import WorkingCopies
from progimage.model import Metadata
from progimage.stores.memory import MemoryStore
from progimage.stores.temp_files import TempFolder
from tests.imaging.drawing import quadrants, saved
from tests.inline_pool import InlinePool

LARGE = saved(quadrants((2000, 1300)), "JPEG")
PX = 640


def ingest_of(store, px=PX, folder=None, executor=None) -> Ingest:
    """Return what brings pictures into a store, without processes."""
    library = Library(store)
    return Ingest(
        library,
        InlinePool(),
        folder or TempFolder(),
        Limits(),
        Admission(4, "renders"),
        Downloader(Settings().download, 10**7),
        max_bytes=10**7,
        working_copies=WorkingCopies(store, library, px, executor),
    )


class WithoutCopies(MemoryStore):
    """Takes everything but working copies."""

    def put(self, key, source, **options):
        if key.startswith(keys.COPIES):
            raise StoreUnavailable("full")
        return super().put(key, source, **options)


class Slow(MemoryStore):
    """Waits with working copies until it may go on."""

    def __init__(self) -> None:
        super().__init__()
        self.may_go = threading.Event()

    def put(self, key, source, **options):
        if key.startswith(keys.COPIES):
            assert self.may_go.wait(30)
        return super().put(key, source, **options)


@pytest.fixture
def folder(tmp_path) -> TempFolder:
    return TempFolder(tmp_path)


def keep(ingest, content=LARGE):
    with ingest.receive(io.BytesIO(content)) as staged:
        return ingest.add(staged, Metadata())


def copies(store) -> list[str]:
    return [stat.key for stat in store.list(keys.COPIES)]


def files(folder) -> list[Path]:
    return list(folder.path().parent.iterdir())


def test_an_upload_stores_the_copies_of_a_large_picture(folder):
    store = MemoryStore()
    record, is_new = keep(ingest_of(store, folder=folder))
    assert is_new
    sizes = WorkingCopies(store, Library(store), PX).sizes(record)
    assert copies(store) == sorted(
        keys.working_copy(record.id, record.generation, PX, size) for size in sizes
    )
    assert files(folder) == []


def test_a_repeated_upload_stores_nothing(folder):
    store = MemoryStore()
    ingest = ingest_of(store, folder=folder)
    keep(ingest)
    before = [(stat.key, stat.etag) for stat in store.list("")]
    assert not keep(ingest)[1]
    assert [(stat.key, stat.etag) for stat in store.list("")] == before
    assert files(folder) == []


def test_an_upload_succeeds_where_its_copies_cannot_be_stored(folder):
    store = WithoutCopies()
    assert keep(ingest_of(store, folder=folder))[1]
    assert copies(store) == []
    assert files(folder) == []


def test_an_upload_does_not_wait_for_its_copies(folder):
    store = Slow()
    with ThreadPoolExecutor(2) as threads:
        assert keep(ingest_of(store, folder=folder, executor=threads))[1]
        assert copies(store) == []
        store.may_go.set()
    assert len(copies(store)) == 3
    assert files(folder) == []


def test_a_damaged_picture_leaves_nothing(folder):
    store = MemoryStore()
    with pytest.raises((CorruptPicture, UnsupportedMedia)):
        keep(ingest_of(store, folder=folder), LARGE[:50])
    assert list(store.list("")) == []
    assert files(folder) == []
