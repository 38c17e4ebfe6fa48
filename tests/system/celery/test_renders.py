"""Cold renders by workers: as if they were made here, or a clear answer why not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.system.celery.conftest import Redis, picture, working
from tests.system.serving.server import Server, assert_problem, running, wait_until


@pytest.fixture
def server(tmp_path, broker) -> Iterator[Server]:
    """A web node that leaves renders to workers."""
    with running(tmp_path / "web", jobs_broker=broker.url, render_where="workers") as server:
        yield server


@pytest.fixture
def impatient(tmp_path, broker) -> Iterator[Server]:
    """One that does not wait long for them."""
    settings = {"render_where": "workers", "render_answer_timeout_s": 0.5}
    with running(tmp_path / "web", jobs_broker=broker.url, **settings) as server:
        yield server


def test_a_cold_render_is_made_by_a_worker_and_is_the_same_picture(server: Server, tmp_path):
    path = server.upload(picture(1))
    with running(tmp_path / "alone") as alone:
        there = alone.get(f"{alone.upload(picture(1))}resize:w=12/sepia.webp")
    with working(server, "--renders"):
        here = server.get(f"{path}resize:w=12/sepia.webp")
        again = server.get(f"{path}resize:w=12/sepia.webp")
    assert here.status == 200, here.body[:2000]
    assert here.body == there.body == again.body
    assert (here.headers["x-cache"], again.headers["x-cache"]) == ("miss", "hit")
    assert "decode;dur=" in here.headers["server-timing"]
    assert here.headers["etag"] == there.headers["etag"]
    assert not [name for name in server.stored_files() if name.startswith("asks/")]


def test_errors_of_a_worker_are_reported_like_local_ones(server: Server):
    path = server.upload(picture(2))
    with working(server, "--renders"):
        answer = server.get(f"{path}crop:x=500,y=0,w=9,h=9.png")
    assert_problem(answer, 400, "crop")


def test_when_no_worker_answers_it_is_503_and_says_so(impatient: Server):
    answer = impatient.get(f"{impatient.upload(picture(3))}thumbnail:9x9.png")
    assert_problem(answer, 503, "no render worker answered within 0.5 s")
    assert answer.headers["retry-after"] == "5"


def test_a_request_without_a_waiting_client_is_not_rendered(impatient: Server):
    path = impatient.upload(picture(4))
    late, missed = f"{path}thumbnail:8x8.png", f"{path}thumbnail:9x9.png"
    assert impatient.get(missed).status == 503
    with working(impatient, "--renders"):
        wait_until(lambda: impatient.get(late).status == 200)
    assert not [name for name in impatient.stored_files() if "9x9" in name or "=9" in name]


def test_when_the_broker_is_away_the_render_is_made_here(server: Server, broker: Redis):
    path = server.upload(picture(5))
    broker.stop()
    answer = server.get(f"{path}thumbnail:9x9.png")
    assert (answer.status, answer.headers["x-cache"]) == (200, "miss")
    broker.start()
