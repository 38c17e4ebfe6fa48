"""The numbers of several workers are one, and outlive those who counted."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest

from tests.system.serving.server import Server, kill, running, wait_until


def requests(server: Server) -> int:
    """Return how many requests to /health/live were counted."""
    text = server.get("/metrics").body.decode()
    labels = 'method="GET",route="/health/live",status="200"'
    found = re.search(rf"progimage_request_seconds_count{{{labels}}} (\S+)", text)
    return int(float(found[1])) if found else 0


@pytest.fixture
def server(tmp_path):
    with running(tmp_path, server_workers=3) as server:
        yield server


def test_all_workers_count_together_and_a_worker_s_death_loses_nothing(server):
    for _ in range(60):
        server.get("/health/live")
    assert requests(server) == 60
    before = set(server.web_workers())
    for pid in before:
        kill(pid)
    wait_until(lambda: len(set(server.web_workers()) - before) == 3)
    for _ in range(10):
        server.get("/health/live")
    assert requests(server) == 70
    wait_until(lambda: not pids(server) & before)


def test_a_reload_loses_nothing_either(server):
    for _ in range(5):
        server.get("/health/live")
    before = set(server.web_workers())
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: not before & set(server.web_workers()))
    wait_until(lambda: server.get("/health/live").status == 200)
    assert requests(server) == 6


def test_the_folder_goes_with_the_server(server):
    assert list(server.tmp.glob("progimage-*/histogram_*.db")) or requests(server) == 0
    server.stop()
    assert not list(server.tmp.glob(f"progimage-{server.process.pid}-*"))


def pids(server: Server) -> set[int]:
    """Return the processes that have files of numbers."""
    return {int(Path(f).stem.rsplit("_")[-1]) for f in server.tmp.glob("progimage-*/*.db")}
