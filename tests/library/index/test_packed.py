"""Records as shelves store them."""

from __future__ import annotations

import zlib

import pytest

from progimage.library.index.packed import pack, unpack, version
from tests.candidates import stored_record


@pytest.mark.parametrize("fields", [{}, {"title": "Bødø", "tags": ("sea",), "revision": 70}])
def test_a_record_is_read_back(fields):
    record = stored_record(5, **fields)
    packed = pack(record)
    assert unpack(packed) == record.model_dump_json().encode()
    assert version(packed) == (record.generation, record.revision)


def test_one_record_is_always_the_same_bytes():
    record = stored_record(5)
    assert pack(record) == pack(record.model_copy())


def test_a_record_takes_less_than_half_of_its_json():
    record = stored_record(5, title="Harbour at dusk")
    assert len(pack(record)) < len(record.model_dump_json()) // 2


def test_other_bytes_are_an_error():
    with pytest.raises(zlib.error):
        unpack(b"no record")
