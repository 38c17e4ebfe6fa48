"""A folder, or a prefix of a bucket, is a store only after it was made one."""

from __future__ import annotations

import pytest

from progimage.errors import ConfigError, StoreUnavailable
from progimage.stores import (
    create_store,
    open_store,
    opening,
    reopen_store,
)
from progimage.stores.folder.store import FilesystemStore
from progimage.stores.marker import FORMAT, new_marker, read_marker, write_marker
from tests.stores.contract import get, put


class TestStoresThatExist:
    def test_a_new_folder_becomes_a_store_on_purpose_and_once(self, tmp_path):
        url = f"file://{tmp_path}/store"
        assert create_store(url)
        before = (tmp_path / "store" / "store.json").read_bytes()
        assert not create_store(url)
        assert (tmp_path / "store" / "store.json").read_bytes() == before
        put(open_store(url), "key", b"body")
        assert get(open_store(url), "key") == b"body"

    def test_a_prefix_of_a_bucket_becomes_a_store_too(self, s3_store, s3_url):
        assert create_store(s3_url)
        put(open_store(s3_url), "key", b"body")
        assert get(s3_store, "key") == b"body"

    def test_two_nodes_may_create_it_at_once(self, tmp_path, monkeypatch):
        url, seen = f"file://{tmp_path}/store", []

        def read(store):
            """Return the marker; the other node writes it just after the first look."""
            found = read_marker(store)
            if not seen:
                write_marker(store, new_marker())
            seen.append(found)
            return found

        monkeypatch.setattr(opening, "read_marker", read)
        assert not create_store(url)
        assert open_store(url)

    def test_two_stores_have_two_identities(self, tmp_path):
        for name in "ab":
            create_store(f"file://{tmp_path}/{name}")
        assert (tmp_path / "a/store.json").read_text() != (tmp_path / "b/store.json").read_text()

    def test_a_folder_that_is_missing_is_an_error_and_is_not_made(self, tmp_path):
        with pytest.raises(ConfigError, match="there is no folder"):
            open_store(f"file://{tmp_path}/slip")
        assert list(tmp_path.iterdir()) == []

    def test_an_empty_folder_is_an_error_and_stays_empty(self, tmp_path):
        """It may be where a disk is not mounted."""
        with pytest.raises(ConfigError, match="is empty"):
            open_store(f"file://{tmp_path}")
        assert list(tmp_path.iterdir()) == []

    def test_an_empty_prefix_is_an_error_and_stays_empty(self, s3_store, s3_url):
        with pytest.raises(ConfigError, match="is empty"):
            open_store(s3_url)
        assert list(s3_store.list("")) == []

    def test_the_root_of_a_file_system_counts_as_empty(self, tmp_path):
        (tmp_path / "lost+found").mkdir()
        (tmp_path / "lost+found" / "inode").touch()
        assert create_store(f"file://{tmp_path}")

    def test_a_folder_with_other_files_is_no_store_and_does_not_become_one(self, tmp_path):
        (tmp_path / "letter.txt").write_text("dear")
        for act in (open_store, create_store):
            with pytest.raises(ConfigError, match="other files"):
                act(f"file://{tmp_path}")

    def test_a_store_without_marker_says_what_to_run(self, tmp_path):
        put(FilesystemStore(tmp_path), f"images/ab/ab{'0' * 62}/record.json", b"{}")
        for act in (open_store, create_store):
            with pytest.raises(ConfigError, match="run 'progimage upgrade-store'"):
                act(f"file://{tmp_path}")

    @pytest.mark.parametrize(
        ("number", "advice"), [(FORMAT + 1, "upgrade ProgImage"), (FORMAT - 1, "upgrade-store")]
    )
    def test_a_store_of_another_format_says_what_to_do(self, tmp_path, number, advice):
        store = FilesystemStore(tmp_path)
        write_marker(store, new_marker().model_copy(update={"format": number}))
        with pytest.raises(ConfigError, match=advice):
            open_store(f"file://{tmp_path}")

    def test_a_damaged_marker_is_an_error(self, tmp_path):
        put(FilesystemStore(tmp_path), "store.json", b"{")
        with pytest.raises(ConfigError, match="damaged"):
            open_store(f"file://{tmp_path}")

    def test_a_store_that_was_copied_without_hidden_folders_works(self, tmp_path):
        create_store(f"file://{tmp_path}/a")
        (tmp_path / "b").mkdir()
        (tmp_path / "a" / "store.json").rename(tmp_path / "b" / "store.json")
        put(open_store(f"file://{tmp_path}/b"), "key", b"body")

    def test_memory_is_always_there(self):
        put(open_store("memory://"), "key", b"body")


def test_a_store_that_was_there_is_opened_again_while_it_is_gone(tmp_path):
    url = f"file://{tmp_path}/store"
    create_store(url)
    first = open_store(url)
    put(first, "key", b"body")
    marker = read_marker(first)
    (tmp_path / "store").rename(tmp_path / "away")
    store = reopen_store(url, marker)
    with pytest.raises(StoreUnavailable, match="gone"):
        get(store, "key")
    with pytest.raises(StoreUnavailable, match="gone"):
        put(store, "other")
    assert not (tmp_path / "store").exists()
    (tmp_path / "away").rename(tmp_path / "store")
    assert get(store, "key") == b"body"


def test_another_store_in_its_place_is_not_used(tmp_path):
    url = f"file://{tmp_path}/store"
    create_store(url)
    store = reopen_store(url, new_marker())
    with pytest.raises(StoreUnavailable, match="another store"):
        put(store, "key")
