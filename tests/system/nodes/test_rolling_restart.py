"""Every node is restarted in turn under load, and no client of nginx sees it."""

from __future__ import annotations

import http.client
import io
import itertools
import json
import socket
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from tests.imaging.drawing import saved
from tests.jobs.source import Source, source
from tests.system.nodes.conftest import NODES
from tests.system.serving.server import Answer, wait_until
from tests.system.topology.cluster import Cluster, cluster

SETTINGS = {
    "jobs_poll_s": 0.5,
    "jobs_host_pause_s": 0.02,
    "download_allow_private": "true",
    "transforms_cold_per_minute": 0,
}
JOB_ITEMS = 40


# Three nodes and a Ceph on a machine that may be busy with other things too.
pytestmark = pytest.mark.timeout(400)


class Failed(Exception):
    """A request that no restart excuses had another answer than it should."""


class Load:
    """Clients of nginx, each of which repeats what it does until the test stops it."""

    def __init__(self, site: Cluster, urls: Source) -> None:
        self._front = site.front
        self._urls = urls
        self._numbers = itertools.count(1)
        self._is_over = threading.Event()
        acts = (self.upload, self.upload, self.edit, self.remove, self.send_slowly, self.import_)
        self._threads = [threading.Thread(target=self._repeat, args=(act,)) for act in acts]
        self.done: Counter[str] = Counter()
        self.failures: list[str] = []

    @contextmanager
    def going(self) -> Iterator[None]:
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._is_over.set()
            for thread in self._threads:
                thread.join()

    def wait_for_more(self, count: int) -> None:
        """Return when each client has come round so many times more."""
        before = self.done.copy()
        names = [name for name in before if name != "import_"]
        wait_until(
            lambda: self.failures or all(self.done[n] >= before[n] + count for n in names), 120
        )

    def upload(self) -> None:
        """Upload a picture, look at it, have it transformed, find it."""
        data, path = self._new_picture(title="rolling")
        self._expect(self._front.get(path), 200, data)
        for width in (8, 9):
            made = self._expect(self._front.get(f"{path}resize:width={width}.png"), 200)
            with Image.open(io.BytesIO(made.body)) as image:
                if image.width != width:
                    raise Failed(f"a width of {image.width} in place of {width}")
        found = self._expect(self._front.get("/images/?q=rolling&limit=3"), 200)
        if len(found.json["data"]) < 1:
            raise Failed("nothing is found")

    def edit(self) -> None:
        """Edit a picture again and again: one that was done twice would meet its own If-Match."""
        _, path = self._new_picture()
        etag = self._expect(self._front.get(f"{path}metadata/"), 200).headers["etag"]
        for number in range(6):
            headers = {"If-Match": etag, "Content-Type": "application/json"}
            patch = json.dumps({"title": f"edit {number}"})
            edited = self._front.request("PATCH", f"{path}metadata/", patch, headers)
            etag = self._expect(edited, 200).headers["etag"]

    def remove(self) -> None:
        """Remove a picture: one that was removed twice would be 404."""
        _, path = self._new_picture()
        self._expect(self._front.request("DELETE", path), 204)
        self._expect(self._front.get(path), 404)

    def send_slowly(self) -> None:
        """Send the bytes of a picture for longer than it takes to signal a node."""
        announced = self._front.request(
            "POST", "/uploads/", b"{}", {"Content-Type": "application/json"}
        )
        location = self._expect(announced, 201).headers["location"]
        path = "/" + location.split("/", 3)[3]
        data = self._picture()
        with self._front.socket() as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(
                f"PUT {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {len(data)}\r\n\r\n".encode()
            )
            for start in range(0, len(data), len(data) // 8 + 1):
                connection.sendall(data[start : start + len(data) // 8 + 1])
                time.sleep(0.1)
            response = http.client.HTTPResponse(connection)
            response.begin()
            if response.status not in (200, 201):
                raise Failed(f"a slow upload: {response.status} {response.read()[:200]!r}")

    def import_(self) -> None:
        """Import pictures from elsewhere, and look how far it has come until all are here."""
        start = next(self._numbers) * JOB_ITEMS
        urls = [self._urls.url(f"{start + number}.png") for number in range(JOB_ITEMS)]
        headers = {"Content-Type": "application/json"}
        sent = self._front.request("POST", "/jobs/", json.dumps({"urls": urls}), headers)
        job = f"/jobs/{self._expect(sent, 202).json['id']}/?limit=0"
        complete = 0
        while True:
            shown = self._expect(self._front.get(job), 200).json
            if shown["counts"]["failed"] or shown["counts"]["complete"] < complete:
                raise Failed(f"a job: {shown['counts']} after {complete} were complete")
            complete = shown["counts"]["complete"]
            if shown["status"] == "complete":
                if complete != JOB_ITEMS:
                    raise Failed(f"a job has ended with {shown['counts']}")
                return
            time.sleep(0.2)

    def _new_picture(self, **fields: str) -> tuple[bytes, str]:
        data = self._picture()
        query = "&".join(f"{name}={value}" for name, value in fields.items())
        headers = {"Content-Type": "image/png"}
        sent = self._front.request("POST", f"/images/?{query}", data, headers)
        # 200 would say that it was sent twice: here no node dies with a request in its hands.
        return data, f"/images/{self._expect(sent, 201).json['id']}/"

    def _picture(self) -> bytes:
        number = next(self._numbers)
        colour = (number % 256, number // 256 % 256, 200)
        return saved(Image.new("RGB", (60, 40), colour), "PNG")

    def _expect(self, answer: Answer, status: int, body: bytes | None = None) -> Answer:
        if answer.status != status or body not in (None, answer.body):
            raise Failed(f"{answer.status} in place of {status}: {answer.body[:300]!r}")
        return answer

    def _repeat(self, act: Callable[[], None]) -> None:
        while not self._is_over.is_set():
            try:
                act()
            except (Failed, OSError, http.client.HTTPException, ValueError, KeyError):
                self.failures.append(f"{time.strftime('%X')} {traceback.format_exc()}")
            self.done[act.__name__] += 1


@pytest.fixture
def site(tmp_path: Path, store: str) -> Iterator[Cluster]:
    with cluster(tmp_path / "cluster", store, NODES, **SETTINGS) as running:
        yield running


def restart(site: Cluster, number: int) -> None:
    """Restart a node as an operator does: stop it, start it, wait until it is asked again."""
    node = site.nodes[number]
    assert node.stop() == 0
    assert "Traceback" not in node.log
    site.start_again(number)
    wait_until(lambda: node.get("/health/ready").status == 200)
    wait_until(lambda: any(line["path"] != "/health/ready" for line in node.log_lines()))


def test_no_request_is_lost_while_every_node_is_restarted_in_turn(site):
    with source() as urls:
        load = Load(site, urls)
        with load.going():
            wait_until(lambda: len(load.done) >= 4)
            for number in range(NODES):
                restart(site, number)
                load.wait_for_more(1)
            wait_until(lambda: load.failures or load.done["import_"], 120)
    assert load.failures == []


@pytest.mark.parametrize("store", ["folder"], indirect=True)
def test_no_request_is_lost_while_every_node_is_reloaded_at_once(site):
    with source() as urls:
        load = Load(site, urls)
        with load.going():
            wait_until(lambda: len(load.done) >= 4)
            old = [node.web_workers() for node in site.nodes]
            for node in site.nodes:
                node.reload()
            for node, workers in zip(site.nodes, old, strict=True):
                wait_until(lambda node=node, workers=workers: not {*workers} & node.family(), 120)
            load.wait_for_more(1)
            wait_until(lambda: load.failures or load.done["import_"], 120)
    assert load.failures == []
    assert all(len(node.web_workers()) == 1 for node in site.nodes)
