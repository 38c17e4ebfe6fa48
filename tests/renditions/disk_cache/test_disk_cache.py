"""A copy is served while it is what the store holds, and whole; else it is as if it were not."""

from __future__ import annotations

import io
import os
import stat

import pytest

from progimage.errors import ConfigError, KeyMissing, StoreUnavailable
from progimage.renditions.disk_cache.disk_cache import DiskCache
from progimage.stores.folder.store import FilesystemStore
from tests.renditions.disk_cache.conftest import (
    ROOM,
    STORE_URL,
    copies_in,
    key_of,
    put,
    put_record,
    read,
)

KEY = key_of(1)
BODY = bytes(range(256)) * 100


@pytest.fixture
def there(store, cache) -> None:
    """A rendition in the store, and its copy."""
    put(store, KEY, BODY)
    assert read(cache, KEY) == BODY
    store.requests.clear()


def test_a_hit_asks_the_store_once_and_takes_nothing_from_it(store, cache, root, there):
    assert read(cache, KEY) == BODY
    assert store.requests == {"304": 1}
    assert len(copies_in(root)) == 1


def test_objects_that_are_read_in_pieces_are_copied_too(store, cache):
    put(store, KEY, BODY)
    with cache.open(KEY) as reader:
        while reader.read(1000):
            pass
    assert read(cache, KEY) == BODY
    assert store.requests["304"] == 1


def test_a_copy_knows_what_the_store_knew(store, cache, there):
    with cache.open(KEY) as copied, store.open(KEY) as original:
        assert (copied.stat.key, copied.stat.size) == (original.stat.key, original.stat.size)
        assert copied.stat.etag == original.stat.etag


def test_another_version_is_served_at_once_and_copied(store, cache, there):
    put(store, KEY, b"new")
    assert read(cache, KEY) == b"new"
    assert store.requests["GET"] == 1
    assert read(cache, KEY) == b"new"
    assert store.requests["304"] == 1


def test_objects_removed_from_the_store_leave_this_cache(store, cache, root, there):
    store.delete(KEY)
    with pytest.raises(KeyMissing):
        cache.open(KEY)
    assert copies_in(root) == []


def test_a_store_that_is_away_is_not_stood_in_for(store, cache, there, monkeypatch):
    """Perhaps the picture was hidden meanwhile."""

    def away(*_):
        raise StoreUnavailable("away")

    monkeypatch.setattr(store, "open_if_changed", away)
    with pytest.raises(StoreUnavailable):
        cache.open(KEY)


def test_a_partial_read_leaves_nothing(store, cache, root):
    put(store, KEY, BODY)
    cache.open(KEY).close()
    with cache.open(KEY) as reader:
        reader.read(10)
    assert copies_in(root) == []


def test_private_renditions_are_never_on_the_disk(store, cache, root):
    private = key_of(1, public=False)
    stat_ = put(store, private, BODY)
    moment = cache.moment()
    cache.add(stat_, io.BytesIO(BODY), moment)
    for _ in range(2):
        assert read(cache, private) == BODY
    assert copies_in(root) == []
    assert store.requests["GET"] == 2


def test_a_copy_survives_a_restart(store, make_cache, there):
    assert read(make_cache(), KEY) == BODY
    assert store.requests == {"304": 1}


def test_copies_of_another_store_are_never_served(store, make_cache, there):
    assert read(make_cache(url="s3://another"), KEY) == BODY
    assert store.requests == {"GET": 1}


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:-1],
        lambda data: data[100:],
        lambda data: data + b"\0",
        lambda data: b"\1" + data[1:],
        lambda data: data[:200] + bytes(50) + data[250:],
        lambda data: data.replace(b"renders", b"rendres"),
        lambda data: bytes(len(data)),
        lambda data: b"some other program's",
    ],
)
def test_a_copy_that_is_not_whole_is_never_served(store, cache, root, there, damage):
    [file] = copies_in(root)
    file.write_bytes(damage(file.read_bytes()))
    assert read(cache, KEY) == BODY
    assert store.requests == {"GET": 1}
    assert read(cache, KEY) == BODY
    assert store.requests == {"GET": 1, "304": 1}


def test_a_copy_of_another_rendition_under_its_name_is_never_served(store, cache, root, there):
    other = key_of(2)
    put(store, other, b"other")
    [file] = copies_in(root)
    assert read(cache, other) == b"other"
    [copy_of_other] = set(copies_in(root)) - {file}
    file.write_bytes(copy_of_other.read_bytes())
    assert read(cache, KEY) == BODY


def test_redirects_to_other_hosts_are_not_followed(store, cache, root, there, tmp_path):
    [file] = copies_in(root)
    (tmp_path / "elsewhere").write_bytes(file.read_bytes())
    file.unlink()
    file.symlink_to(tmp_path / "elsewhere")
    assert read(cache, KEY) == BODY
    assert store.requests == {"GET": 1}


def test_files_of_others_in_its_folder_are_left_alone(store, make_cache, root):
    (root / "00").mkdir(parents=True, mode=0o700)
    root.chmod(0o700)
    strangers = [root / "README", root / "00" / "notes.tmp", root / "00" / ("0" * 64)]
    for stranger in strangers:
        stranger.write_bytes(bytes(ROOM))
    cache = make_cache()
    for number in range(40):
        put(store, key_of(number), os.urandom(60_000))
        read(cache, key_of(number))
    cache.forget("0" * 64)
    assert all(stranger.stat().st_size == ROOM for stranger in strangers)


class TestTrust:
    def test_lately_checked_copies_are_served_without_asking(self, store, make_cache, there):
        put_record(store, 1)
        cache = make_cache(trust_s=3600)
        for requested in ({"304": 1}, {"304": 1, "GET": 1}, {}, {}):
            store.requests.clear()
            assert read(cache, KEY) == BODY
            assert store.requests == requested

    def test_then_the_store_is_read_again(self, store, make_cache, root, there):
        put_record(store, 1)
        cache = make_cache(trust_s=3600)
        for _ in range(2):
            read(cache, KEY)
        [file] = copies_in(root)
        requested, checked = file.stat().st_atime, file.stat().st_mtime
        for moved in (-3601, 60):
            os.utime(file, (requested + moved, checked + moved))
            store.requests.clear()
            assert read(cache, KEY) == BODY
            assert store.requests == {"304": 1}

    @pytest.mark.parametrize("record", [None, {"visibility": "private", "owner": "ann"}])
    def test_not_while_the_record_does_not_say_that_it_is_public(
        self, store, make_cache, there, record
    ):
        """The rendition of a picture that was just hidden may be there for an instant."""
        if record:
            put_record(store, 1, **record)
        cache = make_cache(trust_s=3600)
        for _ in range(3):
            store.requests.clear()
            assert read(cache, KEY) == BODY
            assert store.requests["304"] == 1

    def test_all_processes_of_a_node_forget_together(self, store, make_cache):
        put_record(store, 1)
        one, other = make_cache(trust_s=3600), make_cache(trust_s=3600)
        put(store, KEY, BODY)
        for cache in (one, other, one):
            assert read(cache, KEY) == BODY
        store.delete(KEY)
        assert read(other, KEY) == BODY
        one.forget(f"{1:064x}")
        for cache in (one, other):
            with pytest.raises(KeyMissing):
                cache.open(KEY)

    def test_a_folder_that_cannot_be_purged_is_reported(self, make_cache, monkeypatch):
        def fail(_):
            raise PermissionError(1, "no")

        for trust_s in (0, 10):
            cache = make_cache(trust_s=trust_s)
            monkeypatch.setattr(cache.folder, "forget", fail)
            if trust_s:
                with pytest.raises(StoreUnavailable, match="cannot be purged"):
                    cache.forget("0" * 64)
            else:
                cache.forget("0" * 64)


class TestTheFolder:
    def test_it_is_made_for_us_alone(self, cache, root, there):
        assert stat.S_IMODE(root.stat().st_mode) == 0o700
        for path in root.rglob("*"):
            assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path

    def test_a_folder_that_others_write_to_is_refused(self, make_cache, root):
        root.mkdir()
        root.chmod(0o777)
        with pytest.raises(ConfigError, match="only this server's user"):
            make_cache()

    def test_before_a_folder_store_it_is_refused(self, tmp_path, root):
        with pytest.raises(ConfigError, match="folder store"):
            DiskCache(FilesystemStore(tmp_path / "store"), STORE_URL, root, ROOM, 0)
        assert not root.exists()
