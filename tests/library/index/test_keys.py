"""Keys of the index."""

from __future__ import annotations

import pytest

from progimage.library.index import keys, positions
from tests.candidates import stored_record

RECORD = stored_record(5, revision=12)


def test_an_announcement_says_which_version_of_which_picture():
    found = keys.announcement(keys.new_announcement(RECORD))
    assert (found.generation, found.revision) == (RECORD.generation, 12)
    assert found.position == positions.position(RECORD.created, RECORD.id)


def test_no_two_announcements_or_shelves_have_one_key():
    assert keys.new_announcement(RECORD) != keys.new_announcement(RECORD)
    assert keys.new_shelf() != keys.new_shelf()


def test_the_name_of_a_shelf_is_read_back():
    name = keys.new_shelf()
    assert keys.name_of_shelf(keys.shelf(name)) == name


def test_every_key_is_known():
    for key in (keys.MANIFEST, keys.new_announcement(RECORD), keys.shelf(keys.new_shelf())):
        assert keys.is_known(key)


@pytest.mark.parametrize("key", ["index/", "index/live/x", "index/shelves/", "index/shelves/../a"])
def test_other_keys_are_not(key):
    assert not keys.is_known(key)
