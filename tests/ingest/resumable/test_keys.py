"""Keys of resumable uploads."""

from __future__ import annotations

import pytest

from progimage.ingest.resumable import keys

UPLOAD = "ab" * 16


def test_keys_are_read_back():
    for key in (keys.record(UPLOAD), keys.size(UPLOAD), keys.outcome(UPLOAD)):
        assert keys.id_of(key) == UPLOAD
        assert keys.offset_of_piece(key) is None
    assert keys.id_of(keys.piece(UPLOAD, 5)) == UPLOAD
    assert keys.offset_of_piece(keys.piece(UPLOAD, 12_345_678_901)) == 12_345_678_901


def test_pieces_sort_by_their_offsets():
    offsets = [0, 9, 10, 99, 5_000_000_000]
    found = [keys.piece(UPLOAD, offset) for offset in offsets]
    assert found == sorted(found)
    assert all(key.startswith(keys.pieces(UPLOAD)) for key in found)


@pytest.mark.parametrize("key", ["uploads/", f"uploads/{UPLOAD}", f"x/{keys.piece(UPLOAD, 1)}"])
def test_other_keys_are_of_no_upload(key):
    assert keys.id_of(key) is None
    assert keys.offset_of_piece(key) is None
