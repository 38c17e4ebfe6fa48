"""A web server as an origin that misbehaves: nothing wrong is served, and nothing is lost."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from falcon import testing
from PIL import Image

from progimage.config import Settings
from progimage.server import app
from progimage.stores.memory import MemoryStore
from tests.api.conftest import assert_problem
from tests.api.resources.test_metrics import sample
from tests.inline_pool import InlinePool
from tests.origin_client import Later, picture
from tests.web_server import WebServer


class Node:
    """A node with two origins: a web server, and a folder beside it."""

    def __init__(self, web: WebServer, folder, store: MemoryStore) -> None:
        self.web = web
        settings = Settings.model_validate(
            {
                "store": "memory://",
                "origins": {
                    "web": {"from": web.url, "allow_private_addresses": True, "timeout_s": 0.5},
                    "folder": {"from": folder.as_uri()},
                },
            }
        )
        service = app.create(settings, store, InlinePool())
        self.client = testing.TestClient(service)
        self.later = Later()
        self._ahead = timedelta()
        resource = next(r.resource for r in service.routes if r.name == "origin")
        for origin in resource.origins.values():
            origin.executor = self.later
            origin.clock = origin.fetcher.clock = lambda: datetime.now(UTC) + self._ahead
            origin.fetcher.reachability.clock = lambda: (
                time.monotonic() + self._ahead.total_seconds()
            )

    def put(self, name: str, data: bytes) -> None:
        self.web.files[f"/base/{name}"] = data

    def get(self, name: str, origin: str = "web") -> testing.Result:
        return self.client.simulate_get(f"/origins/{origin}/resize:w=20.png/-/{name}")

    def pass_time(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)


@pytest.fixture
def web() -> Iterator[WebServer]:
    server = WebServer()
    yield server
    server.close()


@pytest.fixture
def node(web: WebServer, tmp_path) -> Node:
    return Node(web, tmp_path, MemoryStore())


def colour(result: testing.Result) -> tuple[int, ...]:
    assert result.status_code == 200, result.text[:2000]
    return Image.open(io.BytesIO(result.content)).convert("RGB").getpixel((5, 5))


RED, BLUE = (255, 0, 0), (0, 0, 255)

TROUBLES = {
    "truncated": {"lies_by": 100},
    "announced as shorter": {"lies_by": -80},
    "drip": {"drips": True},
    "status 500": {"status": 500},
    "private": {"headers": {"Cache-Control": "private"}},
}


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
def test_a_new_picture_is_an_error_until_the_origin_is_well(node: Node, trouble):
    node.put("a.png", picture(colour="red"))
    well = {name: getattr(node.web, name) for name in trouble}
    for name, value in trouble.items():
        setattr(node.web, name, value)
    for _ in range(2):
        assert node.get("a.png").status_code in (422, 502, 504)
    for name, value in well.items():
        setattr(node.web, name, value)
    assert colour(node.get("a.png")) == RED


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
def test_the_old_version_serves_until_the_new_one_has_arrived_whole(node: Node, trouble):
    node.put("a.png", picture(colour="red"))
    node.get("a.png")
    node.put("a.png", picture(colour="blue"))
    well = {name: getattr(node.web, name) for name in trouble}
    for name, value in trouble.items():
        setattr(node.web, name, value)
    for _ in range(3):
        node.pass_time(400)
        assert colour(node.get("a.png")) == RED
        node.later.release()
    for name, value in well.items():
        setattr(node.web, name, value)
    node.pass_time(400)
    node.get("a.png")
    node.later.release()
    assert colour(node.get("a.png")) == BLUE


def test_after_an_hour_of_silence_every_picture_is_there_and_no_request_waited(node: Node):
    names = [f"{number}.png" for number in range(20)]
    for number, name in enumerate(names):
        node.put(name, picture(60 + number, colour="red"))
        assert colour(node.get(name)) == RED
    node.web.hangs.set()
    requests = len(node.web.seen)
    for _ in range(3):
        node.pass_time(1200)
        for name in names:
            assert node.get(name).headers["x-cache"] == "stale"
        node.later.release()
    # Without the breaker it would be one for each picture and round: 60.
    assert len(node.web.seen) - requests <= 12
    node.web.hangs.clear()
    node.web.is_over.set()


def test_an_origin_that_is_silent_takes_no_place_from_another(node: Node, tmp_path):
    node.put("hangs.png", picture())
    node.web.hangs.set()
    for number in range(3):
        node.put(f"{number}.png", picture())
        assert_problem(node.get(f"{number}.png"), 504)
    (tmp_path / "b.png").write_bytes(picture(colour="blue"))
    requests = len(node.web.seen)
    with ThreadPoolExecutor(30) as threads:
        answers = list(threads.map(node.get, ["hangs.png"] * 30))
        assert colour(node.get("b.png", "folder")) == BLUE
    assert {answer.status_code for answer in answers} <= {502, 504}
    assert len(node.web.seen) - requests <= 1


def test_metrics_name_an_origin_that_does_not_answer(node: Node):
    def answers(origin: str) -> float:
        return sample(node.client, "progimage_origin_answers", origin=origin)

    node.web.hangs.set()
    for number in range(3):
        node.put(f"{number}.png", picture())
        node.get(f"{number}.png")
    assert (answers("web"), answers("folder")) == (0, 1)


def test_a_client_sees_no_address_of_the_origin_in_an_error(node: Node):
    node.put("a.png", picture())
    node.web.status = 500
    answer = node.get("a.png")
    assert node.web.url not in answer.text
    assert "127.0.0.1" not in answer.text
