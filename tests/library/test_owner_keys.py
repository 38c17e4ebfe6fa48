"""Keys of what belongs to an owner."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from progimage.library import owner_keys

PICTURE, ALBUM = "ab" * 32, "cd" * 16
NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize("owner", ["", "ann", "a.b-c_d"])
def test_keys_are_read_back(owner):
    assert owner_keys.id_of_trash_note(owner_keys.trash_note(owner, NOW, PICTURE)) == PICTURE
    assert owner_keys.id_of_album_note(owner_keys.album_note(owner, NOW, ALBUM)) == ALBUM
    assert owner_keys.is_external_id(owner_keys.external_id(owner, "any/text\n"))
    assert owner_keys.id_of_album(owner_keys.album(ALBUM)) == ALBUM


def test_the_latest_note_sorts_first():
    times = [NOW + timedelta(days=days) for days in (3, 2, 1)]
    for note, item in ((owner_keys.trash_note, PICTURE), (owner_keys.album_note, ALBUM)):
        keys = [note("ann", time, item) for time in times]
        assert keys == sorted(keys)


def test_no_account_has_the_name_of_the_default_owner():
    assert owner_keys.trash_of("") != owner_keys.trash_of("ann")
    assert owner_keys.is_owner(owner_keys.NO_OWNER)
    assert owner_keys.is_owner("ann")
    for name in ("", "_a", "Ann", "a/b", "a" * 101):
        assert not owner_keys.is_owner(name)


@pytest.mark.parametrize("key", ["trash/ann/", f"trash/ann/1-{PICTURE}", f"albums/{PICTURE}.json"])
def test_other_keys_are_none(key):
    assert owner_keys.id_of_trash_note(key) is None
    assert owner_keys.id_of_album(key) is None
    assert not owner_keys.is_external_id(key)
