"""The folder store keeps the contract, and keeps its folder tidy and its faults plain."""

from __future__ import annotations

import fcntl
import io
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from progimage.errors import Conflict, KeyMissing, StoreUnavailable
from progimage.stores import ABSENT
from tests.stores.contract import RealFolders, get, keys, put
from tests.stores.shared_contract import SharedStoreContract


class TestFilesystemStore(SharedStoreContract, RealFolders):
    @pytest.fixture
    def url(self, root: Path) -> str:
        return f"file://{root}"


def visible(root: Path) -> list[str]:
    return sorted(path.name for path in root.iterdir() if not path.name.startswith("."))


def test_an_object_is_a_plain_file_at_its_local_path(store, root):
    put(store, "a/b.txt", b"body")
    assert Path(store.local_path("a/b.txt")).read_bytes() == b"body"
    assert store.local_path("a/b.txt") == str(root / "a" / "b.txt")


def test_files_have_the_mode_that_the_umask_allows(store):
    """A web server of another user may serve them."""
    before = os.umask(0o027)
    try:
        put(store, "full", b"body")
        put(store, "empty", b"")
    finally:
        os.umask(before)
    for key in ("full", "empty"):
        assert Path(store.local_path(key)).stat().st_mode & 0o777 == 0o640


def test_every_replacement_has_a_new_etag_also_with_equal_bytes(store):
    etags = [put(store, "key", b"same").etag for _ in range(50)]
    assert len(set(etags)) == 50


def test_empty_objects_a_second_apart_have_their_own_dates(store, monkeypatch):
    for second in (1, 2, 3, 1):
        monkeypatch.setattr(time, "time_ns", lambda second=second: second * 10**9)
        mark = put(store, f"mark-{second}-{time.time_ns()}", b"", None)
        assert mark.modified.timestamp() == second
        assert store.stat(mark.key) == mark


def test_content_put_onto_an_empty_object_does_not_show_in_others(store):
    put(store, "one", b"")
    put(store, "other", b"")
    put(store, "one", b"content")
    assert get(store, "other") == b""


def test_empty_objects_can_be_created_after_the_uploads_folder_was_cleared(store, root):
    put(store, "one", b"")
    for file in (root / ".tmp").iterdir():
        file.unlink()
    put(store, "folder/other", b"")
    assert get(store, "folder/other") == b""


@pytest.mark.parametrize("body", [b"", b"body"])
def test_the_date_in_the_etag_is_finer_than_the_kernels_tick(store, monkeypatch, body):
    now_ns = 1_700_000_000_123_456_789
    monkeypatch.setattr(time, "time_ns", lambda: now_ns)
    put(store, "key", body)
    assert Path(store.local_path("key")).stat().st_mtime_ns == now_ns


@pytest.mark.parametrize(
    ("step", "change"),
    [
        ("rename", lambda store: put(store, "key", b"plain")),
        ("rename", lambda store: put(store, "key", b"swap", store.stat("key").etag)),
        ("unlink", lambda store: store.delete("key")),
    ],
)
def test_replacement_and_deletion_happen_under_the_keys_lock(
    store, root, monkeypatch, step, change
):
    """A plain put takes it too, or a swap could overwrite what it has not seen."""
    put(store, "key", b"old")
    act = getattr(os, step)
    held = []

    def spy(*paths: str) -> None:
        if paths[-1] == store.local_path("key"):
            held.extend(path for path in (root / ".locks").iterdir() if is_locked(path))
        act(*paths)

    monkeypatch.setattr(os, step, spy)
    change(store)
    assert len(held) == 1
    assert not is_locked(held[0])


def is_locked(path: Path) -> bool:
    with path.open("r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def test_a_known_conflict_is_reported_before_the_source_is_read(store):
    put(store, "key", b"there")
    source = io.BytesIO(b"a large upload of the same picture")
    with pytest.raises(Conflict):
        store.put("key", source, media_type="text/plain", expect=ABSENT)
    assert source.tell() == 0


def test_deleting_the_last_object_removes_its_folders(store, root):
    put(store, "a/b/c/1")
    put(store, "a/b/2")
    store.delete("a/b/c/1")
    assert visible(root / "a" / "b") == ["2"]
    store.delete("a/b/2")
    assert visible(root) == []


def test_an_empty_folder_left_by_a_crash_is_no_obstacle(store, root):
    (root / "a" / "b").mkdir(parents=True)
    assert keys(store) == []
    with pytest.raises(KeyMissing):
        store.stat("a/b")
    put(store, "a/b", b"object", ABSENT)
    assert get(store, "a/b") == b"object"


def test_a_child_forked_while_a_lock_is_held_does_not_keep_it(store, root):
    """flock is shared with forked children; only an explicit unlock frees it for good."""
    put(store, "key", b"first")
    code = (
        "import os, signal\n"
        "from pathlib import Path\n"
        "from progimage.stores.folder.store import FilesystemStore\n"
        f"store = FilesystemStore(Path({str(root)!r}))\n"
        "with store._locks.hold('key'):\n"
        "    child = os.fork()\n"
        "    if child == 0: signal.pause()\n"
        "try:\n"
        "    signal.alarm(20)\n"
        "    store.delete('key')\n"
        "finally:\n"
        "    os.kill(child, signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert keys(store) == []


def test_a_store_whose_folder_is_gone_is_unavailable_and_not_made_again(store, root, tmp_path):
    """A disk that is not mounted must not be filled up underneath."""
    root.rename(tmp_path / "elsewhere")
    for body in (b"body", b""):
        with pytest.raises(StoreUnavailable):
            put(store, "a/b", body)
    assert not root.exists()
