"""Stored bytes are compared with the record, and an upload restores them."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from progimage import keys
from progimage.errors import DamagedOriginal, NotFound
from progimage.library import Library
from progimage.library.originals import read_verified
from progimage.model import ANONYMOUS, Metadata, Record
from progimage.stores import ObjectStore
from progimage.stores.folder.store import FilesystemStore
from progimage.stores.memory import MemoryStore
from tests.candidates import add, candidate

PICTURE = b"the bytes of a picture"


def write(store: ObjectStore, record: Record, body: bytes) -> None:
    key = keys.original(record.id, record.generation)
    store.put(key, io.BytesIO(body), media_type="image/png")


DAMAGES: dict[str, Callable[[ObjectStore, Record], None]] = {
    "missing": lambda store, record: store.delete(keys.original(record.id, record.generation)),
    "empty": lambda store, record: write(store, record, b""),
    "cut": lambda store, record: write(store, record, PICTURE[:-3]),
    "longer": lambda store, record: write(store, record, PICTURE + b"!"),
}
FLIP = {"flipped": lambda store, record: write(store, record, PICTURE[:-1] + b"!")}


@pytest.fixture
def folder(tmp_path) -> FilesystemStore:
    return FilesystemStore(tmp_path)


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("length", [None, 3])
def test_an_original_of_another_size_is_not_opened(damage, length):
    store = MemoryStore()
    record = add(Library(store), PICTURE)
    DAMAGES[damage](store, record)
    with pytest.raises(DamagedOriginal, match="upload the file again"):
        Library(store).originals.open(record, 0, length)
    with pytest.raises(DamagedOriginal):
        Library(store).originals.check(record)


def test_the_original_of_a_removed_picture_is_not_found():
    store = MemoryStore()
    library = Library(store)
    record = add(library, PICTURE)
    library.remove(ANONYMOUS, record.id)
    with pytest.raises(NotFound):
        library.originals.open(record)


def test_a_whole_read_finds_another_hash():
    store = MemoryStore()
    record = add(Library(store), PICTURE)
    blocks = []
    with Library(store).originals.open(record) as reader:
        read_verified(record, reader, blocks.append)
    assert b"".join(blocks) == PICTURE
    FLIP["flipped"](store, record)
    with Library(store).originals.open(record) as reader, pytest.raises(DamagedOriginal):
        read_verified(record, reader)


@pytest.mark.parametrize("damage", DAMAGES | FLIP)
def test_an_upload_restores_missing_or_damaged_bytes_as_a_new_generation(folder, damage):
    library = Library(folder)
    record = add(library, PICTURE, Metadata(title="kept", tags=("sea",)))
    assert library.originals.is_intact(record)
    (DAMAGES | FLIP)[damage](folder, record)
    assert not library.originals.is_intact(record)
    restored = library.originals.restore(candidate(PICTURE))
    assert restored.generation != record.generation
    assert (restored.title, restored.tags, restored.created) == ("kept", ("sea",), record.created)
    assert library.find(ANONYMOUS, record.id) == restored
    with library.originals.open(restored) as reader:
        assert reader.read() == PICTURE
    originals = [stat.key for stat in folder.list(keys.IMAGES) if "original" in stat.key]
    assert originals == [library.originals.key(restored)]


def test_an_intact_original_is_left_alone():
    library = Library(MemoryStore())
    record = add(library, PICTURE)
    assert library.originals.restore(candidate(PICTURE)) == record


def test_an_edit_during_the_restoration_is_not_lost():
    class Busy(MemoryStore):
        """Has the record edited while the bytes are written."""

        def put(self, key, source, **options):
            stat = super().put(key, source, **options)
            if "original-" in key and self.edits:
                Library(self).edit(ANONYMOUS, record.id, self.edits.pop(), lambda _: True)
            return stat

        edits: list[dict[str, str]] = []  # noqa: RUF012

    store = Busy()
    record = add(Library(store), PICTURE)
    DAMAGES["missing"](store, record)
    store.edits.append({"title": "edited"})
    restored = Library(store).originals.restore(candidate(PICTURE))
    assert restored.title == "edited"
    with Library(store).originals.open(restored) as reader:
        assert reader.read() == PICTURE
    originals = [stat.key for stat in store.list(keys.IMAGES) if "original" in stat.key]
    assert len(originals) == 1


def test_where_reading_takes_a_request_only_the_size_is_compared():
    class Counting(MemoryStore):
        opened: list[str] = []  # noqa: RUF012

        def open(self, key, start=0, length=None):
            self.opened.append(key)
            return super().open(key, start, length)

    store = Counting()
    record = add(Library(store), PICTURE)
    store.opened.clear()
    assert Library(store).originals.is_intact(record)
    assert store.opened == []
