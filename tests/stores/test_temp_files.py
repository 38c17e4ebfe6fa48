"""Temporary files that go with their process, however it ends."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys

from progimage.stores import temp_files
from progimage.stores.temp_files import (
    TempFolder,
    TemporaryReader,
    make_folder,
    restore_folder,
    sweep,
)

HOLD = """
import sys
from pathlib import Path
from progimage.stores.temp_files import TempFolder
path = TempFolder(Path(sys.argv[1])).path()
path.write_bytes(b"x")
print(path, flush=True)
sys.stdin.read()
"""


def hold(folder) -> subprocess.Popen[str]:
    """Return a process that has a temporary file until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    process.stdout.readline()
    return process


def test_a_process_that_ends_takes_its_folder_along(tmp_path):
    process = hold(tmp_path)
    assert len(list(tmp_path.iterdir())) == 1
    process.communicate()
    assert list(tmp_path.iterdir()) == []


def test_a_killed_process_leaves_a_folder_that_is_swept_even_while_it_is_a_zombie(tmp_path):
    process = hold(tmp_path)
    os.kill(process.pid, signal.SIGKILL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert temp_files.sweep(tmp_path) == 1
    assert list(tmp_path.iterdir()) == []
    process.communicate()


def test_the_folder_of_a_living_process_is_not_swept(tmp_path):
    path = TempFolder(tmp_path).path()
    path.write_bytes(b"x")
    process = hold(tmp_path)
    assert temp_files.sweep(tmp_path) == 0
    assert path.read_bytes() == b"x"
    process.communicate()


def test_foreign_files_are_not_swept(tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "progimage-file").touch()
    (tmp_path / "progimage-backup-12345678").mkdir(0o700)
    (tmp_path / "progimage-1-backup").mkdir(0o700)
    (tmp_path / "progimage-1-abcdefgh").mkdir(0o755)
    (tmp_path / "progimage-link").symlink_to(tmp_path / "other")
    assert temp_files.sweep(tmp_path) == 0
    assert len(list(tmp_path.iterdir())) == 6


def test_a_temporary_reader_gives_the_range_and_leaves_no_name(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"0123456789")
    with TemporaryReader(path) as reader:
        assert not path.exists()
        reader.narrow(2, 5)
        assert (reader.read(3), reader.read(), reader.read()) == (b"234", b"56", b"")


def test_a_removed_folder_is_made_again(tmp_path):
    folder = TempFolder(tmp_path)
    first = folder.path()
    shutil.rmtree(first.parent)
    second = folder.path()
    second.touch()
    assert second.parent != first.parent
    assert sweep(tmp_path) == 0


def test_a_removed_temporary_folder_is_made_again(tmp_path):
    folder = TempFolder(tmp_path / "removed" / "tmp")
    assert folder.path().parent.is_dir()


def test_a_restored_folder_is_locked_again(tmp_path):
    folder = make_folder(tmp_path)
    restore_folder(folder)
    shutil.rmtree(folder)
    restore_folder(folder)
    assert folder.is_dir()
    assert sweep(tmp_path) == 0
