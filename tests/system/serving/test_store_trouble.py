"""A store that is full or read-only: what is there is served, the rest says 503."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image

from tests.imaging.drawing import saved
from tests.system.serving.server import Server, assert_problem, running, wait_until


@pytest.fixture
def disk(tmp_path) -> Iterator[str]:
    """A small file system of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small disk")
    yield str(folder)
    subprocess.run(["umount", "-l", str(folder)], check=True)


def noise(side: int) -> bytes:
    """Draw a square picture that does not compress: three bytes a pixel."""
    pixels = random.randbytes(side * side * 3)
    return saved(Image.frombytes("RGB", (side, side), pixels), "PNG", compress_level=0)


def fill(disk: Path) -> None:
    """Leave not a block of the disk free, also when it was filled before."""
    with (disk / "ballast").open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))


def stored(server: Server) -> set[str]:
    """Return the stored files without markers: those of a picture that is not there are
    never believed, and `progimage check --repair` removes them."""
    return {name for name in server.stored_files() if not name.startswith("index/")}


def assert_serves_what_is_there_and_nothing_else(server: Server, path: str, data: bytes) -> None:
    before = stored(server)
    refused = server.request("POST", "/images/", data, {"Content-Type": "image/png"})
    assert_problem(refused, 503)
    assert int(refused.headers["retry-after"]) >= 1
    assert stored(server) == before
    assert server.scratch_files() == []
    assert server.get(f"{path}thumbnail.png").headers["x-cache"] == "hit"
    assert server.get(path).status == 200
    assert server.get("/health/live").status == 200
    assert "Traceback" not in server.log
    assert server.folder.name not in refused.body.decode()


def test_a_full_disk(tmp_path, disk, jpeg):
    with running(tmp_path, f"file://{disk}/store", cache_min_free_bytes=0) as server:
        path = server.upload(jpeg)
        assert server.get(f"{path}thumbnail.png").status == 200
        assert_serves_what_is_there_and_nothing_else(server, path, noise(1000))
        assert server.get("/health/ready").status == 200
        # Large enough for what the server itself removes meanwhile not to make room for it.
        fill(Path(disk))
        assert_serves_what_is_there_and_nothing_else(server, path, noise(400))

        def is_full() -> bool:
            fill(Path(disk))
            return server.get("/health/ready").status == 503

        wait_until(is_full)
        assert_problem(server.get("/health/ready"), 503, "full")
        made = server.get(f"{path}resize:w=40.png")
        assert (made.status, made.headers["x-cache"]) == (200, "miss")


def test_a_read_only_disk(tmp_path, disk, jpeg):
    with running(tmp_path, f"file://{disk}/store", cache_min_free_bytes=0) as server:
        path = server.upload(jpeg)
        assert server.get(f"{path}thumbnail.png").status == 200
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        assert_serves_what_is_there_and_nothing_else(server, path, jpeg + b"other")
        wait_until(lambda: server.get("/health/ready").status == 503)
        ready = server.get("/health/ready")
        assert_problem(ready, 503, "read-only")
        assert int(ready.headers["retry-after"]) >= 1
        made = server.get(f"{path}resize:w=40.png")
        assert (made.status, made.headers["x-cache"]) == (200, "miss")
        assert_problem(server.request("DELETE", path), 503, "read-only")
