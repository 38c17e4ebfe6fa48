"""Checksums of files, and faults of the disk."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from progimage.errors import StoreUnavailable
from progimage.stores import ABSENT
from progimage.stores.folder.store import FilesystemStore
from tests.stores.contract import get, keys, put


class Failing:
    """Stands in for a function of `os` and fails with one error number."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __call__(self, *_: object, **__: object) -> None:
        raise OSError(self._number, os.strerror(self._number), "/secret/path")


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        (errno.ENOSPC, "the store's disk is full"),
        (errno.EDQUOT, "quota is used up"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "no access"),
        (errno.EIO, "I/O error"),
        (errno.ESTALE, "network file system"),
        (errno.EMFILE, "too many files open"),
        (errno.EPROTO, "failed with EPROTO"),
    ],
)
@pytest.mark.parametrize("function", ["write", "fsync", "rename", "open"])
def test_a_fault_of_the_disk_is_named_without_a_path_and_leaves_the_old_version(
    store, root, monkeypatch, number, fault, function
):
    put(store, "key", b"old")
    with monkeypatch.context() as patch:
        patch.setattr(os, function, Failing(number))
        with pytest.raises(StoreUnavailable) as caught:
            put(store, "key", b"new")
    assert fault in str(caught.value)
    assert "secret" not in str(caught.value)
    assert get(store, "key") == b"old"
    assert list((root / ".tmp").iterdir()) == []


@pytest.mark.parametrize("function", ["link", "unlink", "stat", "scandir"])
def test_a_fault_of_any_other_step_is_unavailability(store, monkeypatch, function):
    put(store, "key", b"old")
    call = {
        "link": lambda: put(store, "new", b"x", ABSENT),
        "unlink": lambda: store.delete("key"),
        "stat": lambda: store.stat("key"),
        "scandir": lambda: keys(store),
    }[function]
    monkeypatch.setattr(os, function, Failing(errno.EIO))
    with pytest.raises(StoreUnavailable, match="I/O error"):
        call()


class TestChecksums:
    @pytest.fixture
    def file(self, tmp_path) -> Path:
        put(FilesystemStore(tmp_path), "key", bytes(range(256)) * 10_000)
        return tmp_path / "key"

    def verify(self, file: Path) -> bool:
        with FilesystemStore(file.parent).open(file.name) as reader:
            is_whole = reader.verify()
            assert reader.read() == file.read_bytes()
        return is_whole

    def test_written_bytes_are_verified(self, file):
        assert self.verify(file)

    @pytest.mark.parametrize("position", [0, 1_000_000, 2_559_999])
    def test_a_flipped_bit_is_found(self, file, position):
        data = bytearray(file.read_bytes())
        data[position] ^= 1
        with file.open("r+b") as opened:
            opened.write(data)
        assert not self.verify(file)

    @pytest.mark.parametrize("size", [0, 2_559_999, 2_560_001])
    def test_another_length_is_found(self, file, size):
        os.truncate(file, size)
        assert not self.verify(file)

    def test_without_a_checksum_nothing_is_known(self, file):
        """As on a file system without extended attributes."""
        os.removexattr(file, "user.progimage.crc32")
        file.write_bytes(b"other")
        assert self.verify(file)
