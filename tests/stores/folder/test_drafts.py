"""Files are whole before they have their names."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time

import pytest

from progimage.errors import Conflict
from progimage.stores import ABSENT, HasOwnFiles
from tests.stores.contract import keys, put


def test_uploads_leave_no_temporary_file(store, root):
    put(store, "key", b"body", ABSENT)
    put(store, "key", b"body")
    for expect in (ABSENT, "stale"):
        with pytest.raises(Conflict):
            put(store, "key", b"body", expect)
    assert list((root / ".tmp").iterdir()) == []


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

    assert isinstance(store, HasOwnFiles)
    assert store.remove_stale_uploads(older_than_s=3_600) == 0
    hour_ago = time.time() - 3_601
    os.utime(left, (hour_ago, hour_ago))
    assert store.remove_stale_uploads(older_than_s=3_600) == 1
    assert list((root / ".tmp").iterdir()) == []


@pytest.mark.parametrize(
    ("key", "flushes_folders"),
    [
        ("images/ab/x/record.json", True),
        ("renders/public/ab/x/1/resize:w=1.jpg", False),
        ("copies/ab/x/g-1-2x3", False),
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
