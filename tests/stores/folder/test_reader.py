"""Readers of files."""

from __future__ import annotations

import os

import pytest

from progimage.errors import StoreUnavailable
from tests.stores.contract import put


def test_a_reader_has_a_descriptor_positioned_at_its_range(store):
    put(store, "key", b"0123456789")
    with store.open("key", 4, 3) as reader:
        assert os.lseek(reader.fileno(), 0, os.SEEK_CUR) == 4
        assert os.read(reader.fileno(), 3) == b"456"


def test_a_file_cut_short_behind_our_back_is_a_fault_and_no_short_answer(store, root):
    put(store, "key", b"0123456789")
    with store.open("key") as reader:
        os.truncate(root / "key", 4)
        with pytest.raises(StoreUnavailable, match="ends before its size"):
            reader.read()
