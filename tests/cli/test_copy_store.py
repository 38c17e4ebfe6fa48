"""`progimage copy-store`."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest

from progimage import keys
from progimage.access.accounts.users import User, Users
from progimage.errors import NotFound
from progimage.library import Library
from progimage.model import ANONYMOUS
from progimage.stores import create_store
from progimage.stores.folder.store import FilesystemStore
from tests.candidates import add


def test_a_folder_is_copied(run, tmp_path):
    create_store(f"file://{tmp_path}/a")
    add(Library(FilesystemStore(tmp_path / "a")), b"picture")
    first = run("copy-store", f"file://{tmp_path}/a", f"file://{tmp_path}/b")
    assert first.code == 0
    assert "1 copied; 7 bytes copied" in first.err
    assert (
        "1 unchanged; 0 bytes copied"
        in run("copy-store", f"file://{tmp_path}/a", f"file://{tmp_path}/b").err
    )


def test_a_mistyped_source_does_not_empty_the_copy(run, tmp_path):
    create_store(f"file://{tmp_path}/copy")
    add(Library(FilesystemStore(tmp_path / "copy")), b"picture")
    done = run("copy-store", f"file://{tmp_path}/slip", f"file://{tmp_path}/copy", "--delete")
    assert done.code == 2
    assert "there is no folder" in done.err
    assert not (tmp_path / "slip").exists()
    assert len(list(FilesystemStore(tmp_path / "copy").list("images/"))) > 0


def test_a_store_is_not_copied_into_itself(run, tmp_path):
    create_store(f"file://{tmp_path}/a")
    add(Library(FilesystemStore(tmp_path / "a")), b"picture")
    for target in ("a", "a/b", "."):
        done = run("copy-store", f"file://{tmp_path}/a", f"file://{tmp_path}/{target}")
        assert done.code == 2
        assert "neither inside the other" in done.err


@pytest.fixture
def copies(run, tmp_path):
    """A store with an image, and a copy of it."""
    create_store(f"file://{tmp_path}/a")
    store = FilesystemStore(tmp_path / "a")
    record = add(Library(store), b"picture")
    assert run("copy-store", f"file://{tmp_path}/a", f"file://{tmp_path}/b").code == 0
    return store, FilesystemStore(tmp_path / "b"), record


def repair(run, tmp_path):
    stores = f"file://{tmp_path}/b", f"file://{tmp_path}/a"
    return run("copy-store", *stores, "--repair", "--verify-all")


def put(store, key, data):
    store.put(key, io.BytesIO(data), media_type="application/octet-stream")


@pytest.mark.parametrize("damage", ["torn record", "altered original", "missing original"])
def test_a_damaged_image_is_repaired_from_a_copy(run, tmp_path, copies, damage):
    store, _, record = copies
    original = keys.original(record.id, record.generation)
    if damage == "torn record":
        put(store, keys.record(record.id), b'{"id": "')
    elif damage == "altered original":
        put(store, original, b"pictuXe")
    else:
        store.delete(original)
    done = repair(run, tmp_path)
    assert done.code == 0
    key = keys.record(record.id) if damage == "torn record" else original
    assert done.lines == [f"repaired:\t{key}"]
    assert Library(store).find(ANONYMOUS, record.id) == record
    with store.open(original) as reader:
        assert reader.read() == b"picture"
    again = repair(run, tmp_path)
    assert (again.lines, again.code) == ([], 0)
    assert "nothing is damaged" in again.err


def test_repairing_leaves_what_is_newer_or_was_deleted(run, tmp_path, copies):
    store, copy, record = copies
    other = add(Library(copy), b"deleted in the store")
    edited = Library(store).edit(ANONYMOUS, record.id, {"title": "New"}, lambda _: True)
    assert repair(run, tmp_path).lines == []
    assert Library(store).find(ANONYMOUS, record.id) == edited
    with pytest.raises(NotFound):
        Library(store).find(ANONYMOUS, other.id)


def test_a_damaged_account_is_repaired_and_others_stay(run, tmp_path, copies):
    store, copy, _ = copies
    for name in ("ann", "ben"):
        Users(copy).create(User(name=name, password_hash="", created=datetime.now(UTC)))
    put(store, "users/ann.json", b"{")
    assert repair(run, tmp_path).lines == ["repaired:\tusers/ann.json"]
    assert Users(store).find("ann").name == "ann"
    with pytest.raises(NotFound):
        Users(store).find("ben")
