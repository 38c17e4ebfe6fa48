"""What pictures are sorted by."""

from __future__ import annotations

import pytest

from progimage.library.index.sort_keys import may_be, of_json, of_record
from progimage.model import Capture
from tests.candidates import stored_record


def test_a_title_is_compared_without_case_and_else_the_file_name():
    assert of_record(stored_record(1, title="Étude", file_name="z.png")).title == "étude".encode()
    assert of_record(stored_record(1, file_name="B.png")).title == b"b.png"


def test_sizes_sort_as_numbers():
    sizes = [9, 10, 255, 256, 70_000]
    found = [of_record(stored_record(1, size_bytes=size)).size for size in sizes]
    assert found == sorted(found)


def test_the_time_it_was_taken_is_local_and_else_that_of_the_upload():
    record = stored_record(1, capture=Capture(taken="2020-05-01T10:00:00+02:00"))
    assert of_record(record).taken == b"2020-05-01T10:00:00"
    without = stored_record(1)
    assert of_record(without).taken.decode() == without.created.isoformat()[:19]


@pytest.mark.parametrize("fields", [{}, {"title": "Bødø", "perceptual_hash": "00ff00ff00ff00ff"}])
def test_a_record_in_json_has_the_same_keys(fields):
    record = stored_record(1, **fields)
    keys = of_record(record)
    assert of_json(record.model_dump_json().encode()) == keys
    for name in ("title", "size", "taken"):
        assert may_be(name, keys.by(name))


def test_keys_that_no_picture_has():
    assert may_be("created", b"")
    assert not may_be("created", b"a")
    assert not may_be("size", b"1234567")
    assert not may_be("title", b"a" * 121)
