"""What a server stands on goes away under it, and a web process dies just then.

The store's disk is unmounted, TMPDIR is removed, /dev/shm is missing, the log's reader dies or
stalls. Answers stay 200 or 503, and all is well again when it is back, without a restart.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.imaging.drawing import quadrants, saved
from tests.system.faults.test_temporary_folder import lose_a_worker, upload
from tests.system.serving.server import Server, kill, running, wait_until

pytestmark = pytest.mark.timeout(300)

PATIENCE_S = 90

# Everything that Python needs of /dev, and no /dev/shm.
WITHOUT_SHM = """
set -e
folder=$(mktemp -d)
mount -t tmpfs tmpfs "$folder"
for name in null zero random urandom; do
  touch "$folder/$name"; mount --bind "/dev/$name" "$folder/$name"
done
mount --rbind "$folder" /dev
exec "$@"
"""


@pytest.fixture
def server(tmp_path) -> Iterator[Server]:
    with running(tmp_path, server_workers=2) as server:
        yield server


@pytest.fixture
def picture(server) -> str:
    """The path of a picture with a cached rendition."""
    path = server.upload(saved(quadrants(), "JPEG"))
    assert server.get(f"{path}thumbnail.png").status == 200
    return path


def assert_answers(server: Server, picture: str, *, is_well: bool) -> None:
    """Ask for what is cached, what is not, and an upload; 503 has a time to come back."""
    for answer in (
        server.get(f"{picture}thumbnail.png"),
        server.get(f"{picture}resize:w={os.urandom(1)[0] + 20}.webp"),
        upload(server),
    ):
        assert answer.status in ((200, 201) if is_well else (200, 201, 503)), answer.body[:2000]
        assert answer.status != 503 or int(answer.headers["retry-after"]) >= 1
    assert server.get("/health/live").status == 200


def assert_comes_back(server: Server, picture: str) -> None:
    wait_until(lambda: server.get("/health/ready").status == 200, PATIENCE_S)
    wait_until(lambda: upload(server).status == 201, PATIENCE_S)
    assert_answers(server, picture, is_well=True)
    assert "Traceback" not in server.log
    assert server.process.poll() is None


def test_a_store_that_is_gone_while_a_worker_is_replaced(server, picture):
    root = Path(server.store.removeprefix("file://"))
    away = root.with_name("away")
    root.rename(away)
    lose_a_worker(server)
    for pid in server.web_workers():
        kill(pid)
    wait_until(lambda: server.get("/health/ready").status == 503, PATIENCE_S)
    assert_answers(server, picture, is_well=False)
    assert not root.exists()
    away.rename(root)
    assert_comes_back(server, picture)


def test_a_temporary_folder_that_is_removed_while_a_worker_is_replaced(server, picture):
    shutil.rmtree(server.tmp)
    lose_a_worker(server)
    assert_answers(server, picture, is_well=True)
    assert_comes_back(server, picture)


class Confined(Server):
    """A server that sees a /dev without shared memory."""

    def command(self) -> list[str]:
        return ["unshare", "-m", "sh", "-c", WITHOUT_SHM, "sh", *super().command()]


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting takes root")
def test_a_server_without_shared_memory(tmp_path):
    server = Confined(tmp_path, server_workers=2)
    try:
        server.start()
        live = server.get("/health/live")
        assert live.status == 200
        lose_a_worker(server)
        answer = upload(server)
        assert answer.status in (201, 503), answer.body[:2000]
        inside = ["nsenter", "-t", str(server.process.pid), "-m"]
        subprocess.run([*inside, "mkdir", "-p", "/dev/shm"], check=True)
        wait_until(lambda: upload(server).status == 201, PATIENCE_S)
        assert "Traceback" not in server.log
    finally:
        server.close()


class Piped(Server):
    """A server that logs into a pipe, which the test reads until it stops."""

    def __init__(self, folder: Path, **settings: object) -> None:
        super().__init__(folder, **settings)
        self.reading = threading.Event()
        self.reading.set()

    @contextmanager
    def log_stream(self) -> Iterator[int]:
        self.reader, writer = os.pipe()
        self.thread = threading.Thread(target=self._copy, daemon=True)
        self.thread.start()
        try:
            yield writer
        finally:
            os.close(writer)

    def _copy(self) -> None:
        with suppress(OSError), self.log_file.open("ab") as log:
            while self.reading.wait() and (data := os.read(self.reader, 65536)):
                log.write(data)
                log.flush()


@pytest.mark.parametrize("is_dead", [True, False], ids=["dead", "stalled"])
def test_a_log_that_is_not_read(tmp_path, is_dead):
    server = Piped(tmp_path, server_workers=2)
    try:
        server.start()
        picture = server.upload(saved(quadrants(), "JPEG"))
        assert server.get(f"{picture}thumbnail.png").status == 200
        server.reading.clear()
        assert server.get("/health/live").status == 200  # wakes the reader once more
        if is_dead:
            os.close(server.reader)
        # More than a pipe holds.
        for _ in range(400):
            assert server.get(f"{picture}thumbnail.png", x_request_id="x" * 60).status == 200
        assert_answers(server, picture, is_well=True)
        before = set(server.web_workers())
        kill(min(before))
        wait_until(lambda: len(set(server.web_workers()) - before) == 1, PATIENCE_S)
        for _ in range(20):
            assert_answers(server, picture, is_well=True)
        server.reading.set()
        assert server.process.poll() is None
        assert server.stop() == 0
    finally:
        server.close()
