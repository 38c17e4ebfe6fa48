"""A real Redis, real workers, and a web site with pictures."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import redis
from PIL import Image

from tests.system.serving.server import PATIENCE_S, ROOT, Server, kill, running, wait_until


class Redis:
    """One Redis server that keeps nothing on disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start, and return when it answers."""
        self._process = subprocess.Popen(
            [
                *("redis-server", "--port", str(self.port), "--bind", "127.0.0.1"),
                *("--save", "", "--appendonly", "no", "--dir", str(self._folder)),
            ],
            stdout=subprocess.DEVNULL,
        )
        wait_until(self.answers)

    def answers(self) -> bool:
        try:
            with redis.Redis(port=self.port) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def forget(self) -> None:
        """Lose every message."""
        with redis.Redis(port=self.port) as client:
            client.flushall()

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


class Worker:
    """One `progimage worker` process of a server."""

    def __init__(self, server: Server, name: str, *arguments: str) -> None:
        self._log_file = server.folder / f"{name}.log"
        with self._log_file.open("wb") as log:
            self.process = subprocess.Popen(
                [Path(sys.executable).with_name("progimage"), "worker", *arguments],
                cwd=ROOT,
                env=server.environ,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def ready(self) -> Worker:
        """Return when it waits for messages."""
        wait_until(lambda: "worker started" in self.log or self.process.poll() is not None)
        assert self.process.poll() is None, self.log
        return self

    @property
    def log(self) -> str:
        return self._log_file.read_text("utf-8", "replace")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End it, and every process it has left behind."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            return self.process.wait(PATIENCE_S)
        finally:
            for pid in _session(self.process.pid):
                kill(pid)


def _session(leader: int) -> list[int]:
    pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    found = []
    for pid in pids:
        try:
            if os.getsid(pid) == leader:
                found.append(pid)
        except ProcessLookupError:
            continue
    return found


@contextmanager
def working(server: Server, *arguments: str, count: int = 1) -> Iterator[list[Worker]]:
    """Run workers; at the end no process of theirs is left."""
    workers = [Worker(server, f"worker-{n}", *arguments) for n in range(count)]
    try:
        yield [worker.ready() for worker in workers]
    finally:
        for worker in workers:
            worker.stop()


class Site:
    """A web site: /<n>.png is a picture of its own, /missing/<n> and /text/<n> are none."""

    def __init__(self) -> None:
        site = self
        self.served = 0
        self._lock = threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                kind, _, rest = self.path.strip("/").rpartition("/")
                status = 404 if kind == "missing" else 200
                body = b"no picture" if kind else picture(int(rest.removesuffix(".png")))
                with site._lock:
                    site.served += 1
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def urls(self, count: int) -> list[str]:
        """Return URLs of pictures, some of none, and some repeated."""
        urls = [f"{self.address}/{n}.png" for n in range(count)]
        urls[7::50] = [f"{self.address}/missing/{n}" for n in range(len(urls[7::50]))]
        urls[13::50] = [f"{self.address}/text/{n}" for n in range(len(urls[13::50]))]
        urls[21::50] = [f"{self.address}/0.png"] * len(urls[21::50])
        return urls

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def picture(number: int) -> bytes:
    """Return a small picture that no other number has."""
    colour = (number % 256, number // 256 % 256, 90)
    file = io.BytesIO()
    Image.new("RGB", (24, 16), colour).save(file, "PNG")
    return file.getvalue()


# No pauses are needed here: the site belongs to the test.
FAST = {
    "download_allow_private": "true",
    "jobs_per_host": 16,
    "jobs_host_pause_s": 0,
    "jobs_lease_s": 2,
    "jobs_poll_s": 0.3,
}


@pytest.fixture
def broker(tmp_path) -> Iterator[Redis]:
    server = Redis(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.close()


@pytest.fixture
def server(tmp_path, broker) -> Iterator[Server]:
    """A web node that leaves jobs to workers."""
    with running(tmp_path / "web", jobs_broker=broker.url, **FAST) as server:
        yield server


def begin(server: Server, document: dict[str, Any]) -> str:
    """Create a job and return its path."""
    headers = {"Content-Type": "application/json"}
    answer = server.request("POST", "/jobs/", json.dumps(document), headers)
    assert answer.status == 202, answer.body[:2000]
    return f"/jobs/{answer.json['id']}/"


def counts(server: Server, path: str) -> dict[str, int]:
    found: dict[str, int] = server.get(f"{path}?limit=0").json["counts"]
    return found


def finish(server: Server, path: str) -> dict[str, list[dict[str, Any]]]:
    """Wait for the end of a job and return all its items, in their order."""
    wait_until(lambda: server.get(f"{path}?limit=0").json["status"] == "complete", 90)
    items: dict[str, list[dict[str, Any]]] = {"pending": [], "complete": [], "failed": []}
    page: str | None = f"{path}?limit=1000"
    while page:
        answer = server.get(page).json
        for state, found in answer["uploaded"].items():
            items[state] += found
        page = answer["next"]
    return {state: sorted(found, key=lambda item: item["index"]) for state, found in items.items()}
