"""A node is killed under load, and clients see no more of it than uploads to send again."""

from __future__ import annotations

import hashlib
import http.client
import io
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from PIL import Image

from tests.imaging.drawing import saved
from tests.system.nginx.front import complaints
from tests.system.serving.server import assert_problem, stopped, wait_until
from tests.system.topology.cluster import Cluster, cluster

pytestmark = pytest.mark.usefixtures("aws_credentials")


@pytest.fixture(scope="module")
def site(tmp_path_factory, aws_credentials) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("cluster")) as running:
        yield running


def fresh(size: int = 60) -> bytes:
    """Return a new JPEG."""
    colour = tuple(random.randrange(256) for _ in range(3))
    return saved(Image.new("RGB", (size, 40), colour), "JPEG", comment=random.randbytes(16).hex())


class Load:
    """Clients that upload, look and transform until the test stops them.

    Attributes:
        sent_again: uploads that a node had begun when it was killed.
    """

    def __init__(self, site: Cluster, clients: int = 4) -> None:
        self._site = site
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._work) for _ in range(clients)]
        self.failures: list[str] = []
        self.done: Counter[str] = Counter()
        self.sent_again = 0

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        front = self._site.front
        while not self._stop.is_set():
            data = fresh()
            try:
                sent = front.request("POST", "/images/", data, {"Content-Type": "image/jpeg"})
                while sent.status == 502:
                    assert_problem(sent, 502, "try again")
                    self.sent_again += 1
                    sent = front.request("POST", "/images/", data, {"Content-Type": "image/jpeg"})
                self._note("upload", sent.status in (200, 201), sent)
                path = f"/images/{sent.json['id']}/"
                back = front.get(path)
                self._note("original", back.body == data, back)
                for _ in range(3):
                    made = front.get(f"{path}resize:width={random.randrange(8, 50)}.png")
                    self._note("rendition", made.status == 200, made)
                    Image.open(io.BytesIO(made.body)).load()
                found = front.get("/images/?limit=5")
                self._note("search", found.status == 200, found)
            except (OSError, http.client.HTTPException, KeyError, ValueError) as error:
                self.failures.append(repr(error))

    def _note(self, what: str, is_well: bool, answer) -> None:
        self.done[what] += 1
        if not is_well:
            self.failures.append(f"{what}: {answer.status} {answer.body[:200]!r}")


def served(site: Cluster) -> list[int]:
    """Return how many requests each node has answered so far."""
    return [len(node.log_lines()) for node in site.nodes]


def test_the_configuration_is_valid(site):
    assert complaints(site.front.conf) == ""


def test_both_nodes_are_one_service(site):
    before = served(site)
    path = site.front.upload(fresh())
    for _ in range(8):
        assert site.front.get(f"{path}thumbnail.png").status == 200
    assert all(now > then for now, then in zip(served(site), before, strict=True))


def test_a_node_killed_under_load_costs_uploads_in_its_hands_a_second_try_and_comes_back(site):
    with Load(site) as load:
        wait_until(lambda: load.done["upload"] >= 10)
        site.kill(0)
        before, uploads = served(site)[1], load.done["upload"]
        wait_until(lambda: load.done["upload"] >= uploads + 20)
        assert served(site)[1] > before
        site.start_again(0)
        wait_until(lambda: served(site)[0] > 10)
        time.sleep(0.5)
    assert load.failures == []
    # One for each client at most.
    assert load.sent_again <= 4
    assert load.done["rendition"] > 60


@contextmanager
def paused_processes(site: Cluster) -> Iterator[None]:
    """Stop the processes that look at pictures, so that no upload comes to its end."""
    for node in site.nodes:
        node.upload(fresh())
    with stopped(pid for node in site.nodes for pid in node.render_processes()):
        yield


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_body_is_not_sent_to_the_next_node_when_one_died_of_it(site, method):
    """Longer than client_body_buffer_size: nginx sends a shorter body of a PUT again."""
    front, kind = site.front, {"Content-Type": "image/png"}
    data = saved(Image.effect_noise((600, 600), 99), "PNG")
    path = "/images/"
    if method == "PUT":
        json = {"Content-Type": "application/json"}
        path = f"/uploads/{front.request('POST', '/uploads/', '{}', json).json['id']}/"
    with paused_processes(site), ThreadPoolExecutor(1) as threads:
        broken = threads.submit(front.request, method, path, data, kind)
        wait_until(lambda: any(node.scratch_files() for node in site.nodes))
        [dying] = [n for n, node in enumerate(site.nodes) if node.scratch_files()]
        site.kill(dying)
        answer = broken.result()
        assert not site.nodes[1 - dying].scratch_files()
    site.start_again(dying)
    assert_problem(answer, 502, "try again")
    assert front.get(f"/images/{hashlib.sha256(data).hexdigest()}/").status == 404
    assert front.request(method, path, data, kind).status == 201


def test_calls_that_may_not_be_repeated_are_not_sent_twice(site):
    """Both nodes gone: an edit gets an error in our one shape, with a time to come back."""
    path = site.front.upload(fresh())
    for number in (0, 1):
        site.kill(number)
    try:
        headers = {"If-Match": "*", "Content-Type": "application/json"}
        answer = site.front.request("PATCH", f"{path}metadata/", b"{}", headers)
        assert answer.status == 502
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["retry-after"] == "5"
    finally:
        for number in (0, 1):
            site.start_again(number)
    wait_until(lambda: site.front.get(path).status == 200)


def test_metrics_are_not_public(site):
    for path in ("/metrics", "/metrics/", "/%6detrics"):
        assert site.front.get(path).status == 404
