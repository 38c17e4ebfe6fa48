"""The temporary folder is full, or emptied by others, under a running server; needs root.

Prometheus' numbers, received pictures and renders are there, so all of them meet the fault.
"""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image

from tests.imaging.drawing import quadrants, saved
from tests.system.faults.disks import memory_disk
from tests.system.serving.server import Answer, Server, assert_problem, kill, wait_until

pytestmark = pytest.mark.timeout(300)

PATIENCE_S = 90
PNG = {"Content-Type": "image/png"}


@pytest.fixture
def server(tmp_path) -> Iterator[Server]:
    """A server whose temporary folder is a disk of 128 MB."""
    server = Server(tmp_path, server_workers=2)
    try:
        with memory_disk(server.tmp, "size=128m"):
            yield server.start()
    finally:
        server.close()


def noise() -> bytes:
    """A picture of 300 kB that was not uploaded before."""
    return saved(Image.frombytes("RGB", (320, 320), random.randbytes(320 * 320 * 3)), "PNG")


def fill(folder: Path) -> Path:
    """Leave not a block of the disk free; return the file that fills it."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    return ballast


def upload(server: Server) -> Answer:
    return server.request("POST", "/images/", noise(), PNG)


def render_processes(server: Server) -> list[int]:
    """Return the processes that the fork servers have started, without the fork servers."""
    status = {
        pid: Path(f"/proc/{pid}/status").read_text("utf-8") for pid in server.render_processes()
    }
    parents = {pid: int(re.findall(r"PPid:\s+(\d+)", text)[0]) for pid, text in status.items()}
    return [pid for pid, parent in parents.items() if parent in parents]


def is_rendered(server: Server, picture: str) -> bool:
    """Return True if a new rendition is made; what interrupts it is an error to try again."""
    answer = server.get(f"{picture}resize:w={random.randrange(32, 4000)}.webp")
    assert answer.status in (200, 503)
    return answer.status == 200


def lose_a_worker(server: Server) -> None:
    """Kill a web worker; return when another one has taken its place and both answer."""
    before = set(server.web_workers())
    kill(min(before))
    started = server.log.count("started")
    wait_until(lambda: server.log.count("started") > started, PATIENCE_S)
    assert server.process.poll() is None


def assert_serves_what_is_stored(server: Server, picture: str) -> None:
    for _ in range(10):
        assert server.get("/health/live").status == 200
        assert server.get(picture).status == 200
        assert server.get(f"{picture}thumbnail.png").headers["x-cache"] == "hit"


def test_a_full_temporary_folder_is_503_for_uploads_only_and_ends_nothing(server):
    picture = server.upload(saved(quadrants(), "JPEG"))
    assert server.get(f"{picture}thumbnail.png").status == 200
    ballast = fill(server.tmp)
    wait_until(lambda: server.get("/health/ready").status == 503, PATIENCE_S)
    for _ in range(8):
        answer = upload(server)
        assert_problem(answer, 503)
        assert int(answer.headers["retry-after"]) >= 1
    assert_serves_what_is_stored(server, picture)
    for number in range(4):
        # New numbers for Prometheus, of paths and formats that were not counted before.
        answer = server.get(f"{picture}resize:w={20 + number}.webp")
        assert answer.status in (200, 503)
        assert server.get("/metrics").status in (200, 404)
    lose_a_worker(server)
    assert_serves_what_is_stored(server, picture)
    ballast.unlink()
    wait_until(lambda: server.get("/health/ready").status == 200, PATIENCE_S)
    assert upload(server).status == 201
    assert server.get(f"{picture}resize:w=31.webp").status == 200
    assert "Traceback" not in server.log
    assert server.stop() == 0


def test_no_folder_of_a_dead_process_is_left(server):
    picture = server.upload(saved(quadrants(), "JPEG"))
    for number in range(4):
        assert server.get(f"{picture}resize:w={40 + number}.webp").status == 200
    for _ in range(3):
        lose_a_worker(server)
    assert is_rendered(server, picture)
    # Of each web process its temporary files, its sockets and its part of the index; and the
    # numbers of all.
    living = {str(pid) for pid in [server.process.pid, *server.web_workers()]}
    folders = {path.name for path in server.tmp.iterdir() if path.is_dir()}
    assert not [name for name in folders if name.startswith("pymp-")]
    assert {name.split("-")[1] for name in folders if name.startswith("progimage-")} <= living
    assert server.stop() == 0
    assert not [path.name for path in server.tmp.iterdir() if path.name.startswith("pymp-")]


def test_an_emptied_temporary_folder_is_made_again(server):
    picture = server.upload(saved(quadrants(), "JPEG"))
    assert server.get(f"{picture}thumbnail.png").status == 200
    for _ in range(2):
        for entry in server.tmp.iterdir():
            shutil.rmtree(entry, ignore_errors=True)
        for _ in range(4):
            assert upload(server).status == 201
        for pid in render_processes(server):
            kill(pid)
        wait_until(lambda: is_rendered(server, picture), PATIENCE_S)
        assert_serves_what_is_stored(server, picture)
        lose_a_worker(server)
    assert upload(server).status == 201
    assert "Traceback" not in server.log
    assert server.stop() == 0
