"""`progimage worker` without a broker: jobs of web nodes that do none."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.jobs.source import source
from tests.server.test_metrics_server import ask
from tests.system.serving.server import PATIENCE_S, ROOT, kill, processes, running, wait_until
from tests.system.serving.test_jobs import QUICK, created, finished

PROGRAM = Path(sys.executable).with_name("progimage")


@pytest.fixture
def server(folder):
    settings = {**QUICK, "jobs_runner": "none", "metrics_worker_bind": "127.0.0.1:0"}
    with running(folder, **settings) as server:
        yield server


def test_a_worker_does_the_jobs_of_web_nodes_and_serves_its_metrics(server, folder):
    log = folder / "worker.log"
    with source() as remote:
        path = created(server, urls=[*remote.urls(3), remote.url("none.png")])
        remote.answers = {"none.png": [404]}
        with log.open("wb") as out:
            worker = subprocess.Popen(
                [PROGRAM, "worker"], cwd=ROOT, env=server.environ, stdout=out, stderr=out,
                start_new_session=True,
            )  # fmt: skip
        try:
            job = finished(server, path)
            assert job["counts"] == {"total": 4, "pending": 0, "complete": 3, "failed": 1}
            wait_until(lambda: "serving metrics" in log.read_text("utf-8"))
            lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
            [address] = [line["address"] for line in lines if "address" in line]
            done = 'progimage_job_items_total{kind="import",outcome="%s"} %s'
            wanted = [done % ("done", 3.0), done % ("failed", 1.0)]
            wait_until(lambda: all(line in ask(address, "/metrics")[2] for line in wanted))
            text = ask(address, "/metrics")[2]
            assert 'progimage_store_seconds_count{operation="put",outcome="ok"}' in text
            worker.terminate()
            assert worker.wait(PATIENCE_S) == 0
        finally:
            for pid in processes():
                if session_of(pid) == worker.pid:
                    kill(pid)
            worker.wait()


def session_of(pid: int) -> int | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return None
    return int(stat.rpartition(")")[2].split()[3])
