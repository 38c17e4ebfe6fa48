"""Jobs as they really run: any process may be killed, and no work is lost or done twice."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import pytest

from tests.jobs.source import Source, source
from tests.system.serving.server import Server, kill, running, wait_until

QUICK = {
    "download_allow_private": "true",
    "jobs_lease_s": 1,
    "jobs_poll_s": 0.2,
    "jobs_host_pause_s": 0,
}


@pytest.fixture
def remote() -> Iterator[Source]:
    with source() as server:
        yield server


def created(server: Server, **fields: Any) -> str:
    headers = {"Content-Type": "application/json"}
    answer = server.request("POST", "/jobs/", json.dumps(fields), headers)
    assert answer.status == 202, answer.body[:2000]
    return f"/jobs/{answer.json['id']}/"


def finished(server: Server, path: str) -> dict[str, Any]:
    wait_until(lambda: server.get(path).json["finished"])
    return server.get(f"{path}?limit=1000").json


def half_done(server: Server, remote: Source, count: int = 12) -> str:
    """Create an import that stands still in its middle; return its path."""
    remote.gate.clear()
    remote.open_paths = {f"{number}.png" for number in range(count // 2)}
    path = created(server, urls=remote.urls(count))
    wait_until(lambda: server.get(path).json["counts"]["complete"] >= count // 2)
    wait_until(lambda: remote.under_way)
    return path


def assert_all_there(server: Server, job: dict[str, Any], remote: Source, count: int = 12) -> None:
    assert job["status"] == "complete"
    assert job["counts"] == {"total": count, "pending": 0, "complete": count, "failed": 0}
    done = job["uploaded"]["complete"]
    assert [entry["index"] for entry in done] == list(range(count))
    listed = server.get("/images/?limit=1000").json["data"]
    assert {entry["id"] for entry in done} == {record["id"] for record in listed}
    # What was done before the crash is not fetched again.
    assert all(remote.fetched[f"{number}.png"] == 1 for number in range(count // 2))


def leases(server: Server) -> list[str]:
    return [file for file in server.stored_files() if "/leases/" in file]


def test_a_dirty_list_is_imported_and_each_url_fetched_once(folder, remote):
    urls = [*remote.urls(5), "", remote.url("0.png"), "nonsense", 7, f" {remote.url('1.png')}"]
    remote.answers = {"2.png": [503, 503], "3.png": [404]}
    with running(folder, **QUICK, server_workers=2) as server:
        job = finished(server, created(server, urls=urls, title="Imported", tags=["bulk"]))
        complete, failed = job["uploaded"]["complete"], job["uploaded"]["failed"]
        assert [entry["index"] for entry in complete] == [0, 1, 2, 4, 6, 9]
        assert [entry["index"] for entry in failed] == [3, 5, 7, 8]
        assert all(entry["error"] for entry in failed)
        assert remote.fetched == {f"{n}.png": 3 if n == 2 else 1 for n in range(5)}
        assert remote.at_once <= 4  # two in each web process
        records = server.get("/images/?tag=bulk").json["data"]
        assert {record["title"] for record in records} == {"Imported"}
        locations = {entry["location"] for entry in complete}
        assert locations == {server_url(server, record["id"]) for record in records}


def server_url(server: Server, image_id: str) -> str:
    return "http://{}:{}/images/{}/".format(*server.address, image_id)


def test_a_job_goes_on_after_everything_was_killed_and_started_again(folder, remote):
    with running(folder, **QUICK) as server:
        path = half_done(server, remote)
        server.die()
        assert leases(server)
        remote.gate.set()
        server.start()
        assert_all_there(server, finished(server, path), remote)


def test_another_node_takes_over_from_one_that_was_killed(folder, remote):
    store = f"file://{folder}/store"
    with running(folder / "a", store, **QUICK) as a, running(folder / "b", store, **QUICK) as b:
        path = half_done(a, remote)
        assert b.get(path).json["status"] == "in-progress"
        a.die()
        remote.gate.set()
        assert_all_there(b, finished(b, path), remote)


def test_another_web_process_takes_over_from_one_that_was_killed(folder, remote):
    with running(folder, **QUICK, server_workers=2) as server:
        path = half_done(server, remote)
        for pid in server.web_workers():
            kill(pid)
        remote.gate.set()
        assert_all_there(server, finished(server, path), remote)


def test_a_server_that_is_stopped_releases_its_leases_at_once(folder, remote):
    settings = {**QUICK, "jobs_lease_s": 3600}
    with running(folder, **settings) as server:
        path = half_done(server, remote)
        assert leases(server)
        assert server.stop() == 0
        assert leases(server) == []
        remote.gate.set()
        server.start()
        assert_all_there(server, finished(server, path), remote)


def test_a_jobs_renders_take_no_requests_place(folder, photo, fresh_jpeg):
    with running(folder, **QUICK, render_queue=0) as server:
        image, other = server.upload(photo), server.upload(fresh_jpeg)
        sizes = [f"resize:w={width}.webp" for width in range(800, 1000)]
        path = created(server, images=[image.split("/")[2]], transforms=sizes)
        wait_until(lambda: server.get(path).json["counts"]["complete"])
        # One request at a time may wait for a render, and the job has not taken its place.
        for width in range(10, 20):
            assert server.get(f"{other}resize:w={width}.png").status == 200
        assert server.get(path).json["status"] == "in-progress"
        assert server.request("DELETE", path).status == 204
        done = finished(server, path)["uploaded"]["complete"]
        for entry in done[:10]:
            assert server.get(f"{image}{entry['transform']}").headers["x-cache"] == "hit"


def test_a_stream_shows_progress_and_delays_neither_its_end_nor_the_servers(folder, remote):
    with running(folder, **QUICK, server_graceful_timeout_s=600) as server:
        path = half_done(server, remote)
        with stream_of(server, path) as lines:
            names = []
            for line in lines:
                if line.startswith(b"event: "):
                    names.append(line[7:].strip())
                    remote.gate.set()
                elif names[-1:] == [b"finished"] and line.startswith(b"data: "):
                    assert json.loads(line[6:])["counts"]["complete"] == 12
                    break
            assert names[0] == b"progress"
        remote.gate.clear()
        remote.open_paths = set()
        unfinished = created(server, urls=remote.urls(1))
        with stream_of(server, unfinished) as lines:
            assert b"200 OK" in lines.readline()
            assert server.stop(signal.SIGTERM) == 0


@contextmanager
def stream_of(server: Server, path: str) -> Iterator[BinaryIO]:
    with server.socket() as connection, connection.makefile("rb") as lines:
        head = f"GET {path} HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n"
        connection.sendall(head.encode())
        yield lines
