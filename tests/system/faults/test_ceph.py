"""A real Ceph loses daemons, its gateway or its network while uploads go on."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from progimage.config import Settings
from progimage.maintenance.check import Check
from progimage.stores import open_store
from tests.imaging.drawing import saved
from tests.system.s3.real import REAL_SERVER, real_url
from tests.system.serving.network import Network, network
from tests.system.serving.server import Answer, Server, assert_problem, running, wait_until

SCRIPT = Path(__file__).parents[1] / "s3" / "ceph.sh"
# A request waits no longer for the store by default; what else it takes on a busy machine is less.
WITHIN_S = 2 * Settings().s3.deadline_s

pytestmark = pytest.mark.skipif(
    not os.environ.get(REAL_SERVER), reason="make test-faults starts a real server"
)


def ceph(*words: str) -> None:
    subprocess.run([SCRIPT, *words], check=True, capture_output=True)


@pytest.fixture
def url() -> Iterator[str]:
    """An empty store on a cluster that is whole, and made whole again afterwards.

    Its timeouts are the defaults.
    """
    url = real_url()
    assert url
    yield url.replace("&read_timeout_s=30", "")
    ceph("start")


def picture(number: int) -> bytes:
    return saved(Image.new("RGB", (16, 16), (number % 256, number // 256, 7)), "PNG")


class Load:
    """Uploads one picture after another, and remembers which were acknowledged."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._is_over = threading.Event()
        self._lock = threading.Lock()
        self._next = 0
        self.stored: dict[str, bytes] = {}
        self.refused: list[Answer] = []
        self.slowest_s = 0.0

    def run(self) -> None:
        while not self._is_over.is_set():
            with self._lock:
                number, self._next = self._next, self._next + 1
            data, started = picture(number), time.monotonic()
            answer = self._server.request("POST", "/images/", data, {"Content-Type": "image/png"})
            with self._lock:
                self.slowest_s = max(self.slowest_s, time.monotonic() - started)
                if answer.status in (200, 201):
                    self.stored[answer.json["id"]] = data
                else:
                    self.refused.append(answer)

    def wait_for_more(self, count: int) -> None:
        """Return when so many more uploads were acknowledged."""
        goal = len(self.stored) + count
        wait_until(lambda: len(self.stored) >= goal, timeout_s=120)

    def stop(self) -> None:
        self._is_over.set()


@contextmanager
def load(server: Server, clients: int = 3) -> Iterator[Load]:
    going = Load(server)
    with ThreadPoolExecutor(clients) as threads:
        runs = [threads.submit(going.run) for _ in range(clients)]
        try:
            yield going
        finally:
            going.stop()
        for run in runs:
            run.result()


def assert_nothing_is_lost(server: Server, url: str, going: Load) -> None:
    for image_id, data in going.stored.items():
        assert server.get(f"/images/{image_id}/").body == data
    listed = server.get("/images/?limit=1000").json["data"]
    # A refused upload may be stored: its answer was lost.
    assert set(going.stored) <= {record["id"] for record in listed}
    assert list(Check(open_store(url)).run()) == []
    assert "Traceback" not in server.log


def disturbed(
    server: Server, url: str, disturb: Callable[[], None], repair: Callable[[], None]
) -> Load:
    with load(server) as going:
        going.wait_for_more(5)
        disturb()
        going.wait_for_more(5)
        repair()
        going.wait_for_more(5)
    assert going.slowest_s < WITHIN_S
    for answer in going.refused:
        assert_problem(answer, 503)
        assert int(answer.headers["retry-after"]) >= 1
    assert_nothing_is_lost(server, url, going)
    return going


@contextmanager
def behind_a_network(folder: Path, url: str) -> Iterator[tuple[Server, Network]]:
    port = int(os.environ["RGW_PORT"])
    with (
        network(("127.0.0.1", port)) as between,
        running(folder, url.replace(f"127.0.0.1:{port}", between.address)) as server,
    ):
        yield server, between


def test_a_storage_daemon_is_killed_and_comes_back(tmp_path, url):
    with running(tmp_path, url) as server:
        disturbed(server, url, lambda: ceph("kill-osd", "2"), lambda: ceph("start-osd", "2"))


def test_the_gateway_is_killed_and_comes_back(tmp_path, url):
    def restart() -> None:
        ceph("kill-rgw")
        ceph("start")

    with running(tmp_path, url) as server:
        disturbed(server, url, restart, lambda: None)


def test_two_of_three_daemons_are_dead(tmp_path, url):
    """Ceph then leaves every request without an answer."""
    with running(tmp_path, url) as server:
        paths = three_pictures(server)
        ceph("kill-osd", "1")
        ceph("kill-osd", "2")
        # What the last daemon has may be read until the cluster has noticed.
        wait_until(lambda: server.get("/health/ready").status == 503, timeout_s=120)
        assert_unavailable(server, paths)
        ceph("start-osd", "1")
        ceph("start-osd", "2")
        assert_recovers(server, paths[0])


def test_the_network_is_slow_and_then_silent(tmp_path, url):
    """Slow, it makes answers slow and not wrong; silent, it swallows them all."""
    with behind_a_network(tmp_path, url) as (server, between):
        paths = three_pictures(server)
        between.delay_s = 0.1
        assert server.get(paths[0]).body == picture(0)
        assert server.get(f"{paths[0]}flip.webp").headers["x-cache"] == "miss"
        assert server.get(f"{paths[0]}flip.webp").headers["x-cache"] == "hit"
        between.delay_s = 0
        between.is_silent = True
        assert_unavailable(server, paths)
        between.is_silent = False
        assert_recovers(server, paths[0])


def three_pictures(server: Server) -> list[str]:
    """Upload them, with a cached rendition of the first."""
    paths = [server.upload(picture(number)) for number in range(3)]
    assert server.get(f"{paths[0]}thumbnail.webp").status == 200
    return paths


def assert_unavailable(server: Server, paths: list[str]) -> None:
    """Hold every kind of request to a 503 in time that says when to come back."""
    stored, edited, removed = paths
    png = {"Content-Type": "image/png"}
    patch = {"Content-Type": "application/merge-patch+json", "If-Match": "*"}
    requests: list[tuple[str, str, bytes | None, dict[str, str]]] = [
        ("GET", stored, None, {}),
        ("GET", f"{stored}thumbnail.webp", None, {}),
        ("GET", f"{stored}rotate:90.png", None, {}),
        ("GET", f"{stored}metadata/", None, {}),
        ("GET", "/images/", None, {}),
        ("GET", "/images/?tag=sea", None, {}),
        ("GET", "/tags/", None, {}),
        ("POST", "/images/", picture(9), png),
        ("PATCH", f"{edited}metadata/", b'{"title": "New"}', patch),
        ("DELETE", removed, None, {}),
        ("DELETE", f"{stored}renders/", None, {}),
        ("GET", "/health/ready", None, {}),
    ]

    def ask(request: tuple[str, str, bytes | None, dict[str, str]]) -> tuple[Answer, float]:
        started = time.monotonic()
        answer = server.request(*request)
        return answer, time.monotonic() - started

    with ThreadPoolExecutor(len(requests)) as threads:
        for request, (answer, seconds) in zip(requests, threads.map(ask, requests), strict=True):
            assert_problem(answer, 503)
            assert int(answer.headers["retry-after"]) >= 1, request
            assert seconds < WITHIN_S, request
    assert server.get("/health/live").status == 200


def assert_recovers(server: Server, path: str) -> None:
    wait_until(lambda: server.get("/health/ready").status == 200, timeout_s=120)
    assert server.get(path).body == picture(0)
    assert server.get(f"{path}thumbnail.webp").status == 200
    server.upload(picture(10))
