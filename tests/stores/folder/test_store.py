"""The folder store keeps the contract, and keeps its folder tidy and its faults plain."""

from __future__ import annotations

import errno
import fcntl
import io
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from progimage.errors import Conflict, KeyMissing, StoreUnavailable
from progimage.stores import ABSENT, HasStaleUploads
from progimage.stores.folder.store import FilesystemStore
from tests.stores.contract import RealFolders, get, keys, put
from tests.stores.shared_contract import SharedStoreContract


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def store(root: Path) -> FilesystemStore:
    return FilesystemStore(root)


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


def test_a_reader_has_a_descriptor_positioned_at_its_range(store):
    put(store, "key", b"0123456789")
    with store.open("key", 4, 3) as reader:
        assert os.lseek(reader.fileno(), 0, os.SEEK_CUR) == 4
        assert os.read(reader.fileno(), 3) == b"456"


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


def test_entries_that_are_no_objects_are_not_listed(store, root):
    put(store, "a/b")
    for name in (".hidden", "a/.nfs0001", "a/line\nbreak"):
        (root / name).touch()
    os.mkfifo(root / "a" / "pipe")
    (root / ".tmp" / "half").write_bytes(b"half")
    assert keys(store) == ["a/b"]


@pytest.mark.parametrize("prefix", ["", "a", "a/", "a/b", "a/b/", "a-", "missing/", "missing"])
def test_names_are_the_keys_of_the_list(store, root, prefix):
    for key in ("a-b", "a/b/2", "a/b/1", "a/b0", "a/c", "ab", "b/a/b/c"):
        store.put(key, io.BytesIO(b""), media_type="text/plain")
    (root / "a" / ".hidden").touch()
    (root / "a" / "line\nbreak").touch()
    listed = [stat.key for stat in store.list(prefix)]
    assert sorted(store.names(prefix)) == listed
    assert sorted(store.names(prefix, listed[1:])) == listed


def test_no_temporary_file_is_ever_listed(store):
    seen = []

    class Spying(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            seen.extend(keys(store))
            return super().read(size)

    store.put("a/b", Spying(b"body"), media_type="text/plain")
    assert seen == []
    assert keys(store) == ["a/b"]


def test_uploads_leave_no_temporary_file(store, root):
    put(store, "key", b"body", ABSENT)
    put(store, "key", b"body")
    for expect in (ABSENT, "stale"):
        with pytest.raises(Conflict):
            put(store, "key", b"body", expect)
    assert list((root / ".tmp").iterdir()) == []


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


def test_a_killed_upload_is_invisible_and_removed_when_it_is_old(store, root):
    code = (
        "import io, os, signal\n"
        "from pathlib import Path\n"
        "from progimage.stores.folder.store import FilesystemStore\n"
        "class Fatal(io.BytesIO):\n"
        "    def read(self, size=-1):\n"
        "        if self.tell() > 1_500_000: os.kill(os.getpid(), signal.SIGKILL)\n"
        "        return super().read(size)\n"
        f"store = FilesystemStore(Path({str(root)!r}))\n"
        "store.put('a/b', Fatal(bytes(3_000_000)), media_type='text/plain')\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    assert keys(store) == []
    (left,) = (root / ".tmp").iterdir()

    assert isinstance(store, HasStaleUploads)
    assert store.remove_stale_uploads(older_than_s=3_600) == 0
    hour_ago = time.time() - 3_601
    os.utime(left, (hour_ago, hour_ago))
    assert store.remove_stale_uploads(older_than_s=3_600) == 1
    assert list((root / ".tmp").iterdir()) == []


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


@pytest.mark.parametrize(
    ("key", "flushes_folders"),
    [
        ("images/ab/x/record.json", True),
        ("renders/public/ab/x/1/resize:w=1.jpg", False),
        ("copies/ab/x/g/1/2x3", False),
        ("foreign/renders/public/ab/x/1/resize:w=1.jpg", False),
        ("origins/shop/ab/x.json", False),
        ("adopted/shop/ab/x.json", True),
    ],
)
def test_a_file_is_flushed_before_it_has_its_name_and_its_folder_unless_it_is_disposable(
    store, monkeypatch, key, flushes_folders
):
    """What can be made again may be lost in a power cut, but must not be there in part."""
    flushed: list[str] = []
    flush, rename = os.fsync, os.rename

    def noting_flush(file: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(file).st_mode)
        flushed.append("folder" if is_folder else "file")
        flush(file)

    def noting_rename(source: str, target: str) -> None:
        flushed.append("rename")
        rename(source, target)

    monkeypatch.setattr(os, "fsync", noting_flush)
    monkeypatch.setattr(os, "rename", noting_rename)
    put(store, key, b"body")
    assert flushed[0] == "file"
    assert flushed.index("file") < flushed.index("rename")
    assert ("folder" in flushed) == flushes_folders


def test_a_store_whose_folder_is_gone_is_unavailable_and_not_made_again(store, root, tmp_path):
    """A disk that is not mounted must not be filled up underneath."""
    root.rename(tmp_path / "elsewhere")
    for body in (b"body", b""):
        with pytest.raises(StoreUnavailable):
            put(store, "a/b", body)
    assert not root.exists()


def test_a_file_cut_short_behind_our_back_is_a_fault_and_no_short_answer(store, root):
    put(store, "key", b"0123456789")
    with store.open("key") as reader:
        os.truncate(root / "key", 4)
        with pytest.raises(StoreUnavailable, match="ends before its size"):
            reader.read()


def test_a_listing_reads_only_the_folders_it_reaches(store, monkeypatch):
    for folder in "abcd":
        for number in range(3):
            put(store, f"{folder}/{number}", b"")
    read = []
    scandir = os.scandir

    def spy(path: str) -> object:
        read.append(path.rsplit("/", 2)[1])
        return scandir(path)

    monkeypatch.setattr(os, "scandir", spy)
    listing = store.list("", after="b/1")
    assert next(listing).key == "b/2"
    assert next(listing).key == "c/0"
    assert read == ["store", "b", "c"]


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


def test_names_are_the_keys_of_a_listing(store: FilesystemStore):
    for key in ("a/b", "a/c/d", "b/a"):
        store.put(key, io.BytesIO(b"x"), media_type="text/plain")
    for prefix in ("", "a/", "a/c", "none/"):
        assert sorted(store.names(prefix)) == [stat.key for stat in store.list(prefix)]
