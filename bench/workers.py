"""What jobs need beside a server: a web site to import from, a broker, workers."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from PIL import Image

from bench import peers, servers
from bench.servers import Server, StartFailed

_START_S = 60.0
_SIDE = (640, 480)

_SITE = """
worker_processes 1;
error_log stderr warn;
pid nginx.pid;
events {{}}
http {{
    access_log off;
    sendfile on;
    types {{ image/jpeg jpg; }}
    server {{
        listen 127.0.0.1:{port};
        root {folder};
    }}
}}
"""


def pictures(work: Path, count: int) -> Path:
    """Return a folder with `count` JPEGs of 640x480, each one's bytes its own; made once."""
    folder = work / "site"
    folder.mkdir(exist_ok=True)
    for number in range(count):
        file = folder / f"{number}.jpg"
        if not file.exists():
            small = Image.frombytes("RGB", (80, 60), random.Random(number).randbytes(80 * 60 * 3))
            small.resize(_SIDE, Image.Resampling.BICUBIC).save(file, "JPEG", quality=85)
    return folder


@contextmanager
def site(folder: Path) -> Iterator[str]:
    """Run nginx over a folder of pictures; give its address."""
    root = folder.absolute()
    with servers.nginx("site", lambda port: _SITE.format(port=port, folder=root)) as server:
        yield f"http://{server.host}"


@contextmanager
def redis() -> Iterator[str]:
    """Run a Redis that keeps nothing on disk; give its URL."""
    command = peers.tool("redis-server")
    with servers.on_a_port(
        "redis",
        lambda port: [command, "--port", str(port), "--bind", "127.0.0.1", "--save", ""],
    ) as port:
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def workers(count: int, settings: Mapping[str, str]) -> Iterator[None]:
    """Run `progimage worker` processes that wait for messages."""
    with ExitStack() as stack:
        logs = [stack.enter_context(_worker(settings)) for _ in range(count)]
        deadline = time.monotonic() + _START_S
        for log in logs:
            while "worker started" not in Path(log).read_text("utf-8", "replace"):
                if time.monotonic() > deadline:
                    output = Path(log).read_text("utf-8", "replace")[-2000:]
                    raise StartFailed(f"a worker did not start: {output}")
                time.sleep(0.05)
        yield


@contextmanager
def _worker(settings: Mapping[str, str]) -> Iterator[str]:
    with tempfile.NamedTemporaryFile("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", "from progimage.cli import main; main()", "worker"],
            cwd=Path(__file__).parent.parent,
            env={**os.environ, **settings},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield log.name
        finally:
            servers.stop(process)


def imported(server: Server, urls: list[str]) -> float:
    """Import URLs and return how many seconds that took, from the request on."""
    started = time.perf_counter()
    answer = server.post_json("/jobs/", {"urls": urls})
    while (job := server.fetch_json(f"/jobs/{answer['id']}/?limit=0"))["status"] != "complete":
        time.sleep(0.05)
    took = time.perf_counter() - started
    if job["counts"]["complete"] != len(urls):
        raise StartFailed(f"not all was imported: {job['counts']}")
    return took
