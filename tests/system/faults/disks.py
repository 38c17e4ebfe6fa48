"""Small file systems of their own, in a file or in memory; mounting them needs root.

A power cut is made by the shutdown ioctl of ext4 and XFS: from that moment on nothing more
reaches the disk, not even what the kernel has in memory, and every call fails with EIO.
Source: ext4_ioctl.h, EXT4_IOC_SHUTDOWN; xfs_fs.h, XFS_IOC_GOINGDOWN and its flags.
"""

from __future__ import annotations

import fcntl
import os
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.system.serving.server import wait_until

_SHUTDOWN = 0x8004587D
_WITHOUT_FLUSHING_THE_LOG = 2

# The smallest that mkfs.xfs makes is 300 MB; the file is sparse.
_IMAGE_BYTES = 320 * 2**20
_MAKE = {"ext4": ["mkfs.ext4", "-q"], "xfs": ["mkfs.xfs", "-q"]}


class LoopDisk:
    """A file system in a file, which can lose its power and be mounted again."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.folder = folder / "disk"
        self.folder.mkdir()
        self._image = folder / "image"
        with self._image.open("wb") as file:
            file.truncate(_IMAGE_BYTES)
        _run([*_MAKE[kind], str(self._image)])
        self.mount()

    def mount(self) -> None:
        """Mount it; the kernel replays the log after a power cut.

        The block device is a new one: on the old one the kernel would find the file system
        without power again, as long as a file of it is open.
        """
        device = _run(["losetup", "--find", "--show", str(self._image)])
        try:
            _run(["mount", device, str(self.folder)])
        finally:
            _run(["losetup", "--detach", device])  # once it is unmounted

    def cut_power(self) -> None:
        """Lose all that is not on the disk, and fail every later call."""
        root = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.ioctl(root, _SHUTDOWN, struct.pack("=I", _WITHOUT_FLUSHING_THE_LOG))
        finally:
            os.close(root)

    def unmount(self) -> None:
        """Unmount it, once the last dead process has closed its files."""
        wait_until(lambda: _succeeds(["umount", str(self.folder)]))

    def unmount_in_use(self) -> None:
        """Unmount it, also while files on it are open."""
        _run(["umount", "-l", str(self.folder)])


@contextmanager
def loop_disk(kind: str, folder: Path) -> Iterator[LoopDisk]:
    """Mount a new disk; skip the test where that is not possible."""
    try:
        disk = LoopDisk(kind, folder)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"this machine mounts no {kind} from a file: {error}")
    try:
        yield disk
    finally:
        with suppress(subprocess.CalledProcessError):
            disk.unmount_in_use()


@contextmanager
def memory_disk(folder: Path, options: str) -> Iterator[None]:
    """Mount a tmpfs onto a folder; skip the test where that is not possible."""
    try:
        _run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)])
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this machine mounts no tmpfs")
    try:
        yield
    finally:
        _run(["umount", "-l", str(folder)])


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def _run(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
