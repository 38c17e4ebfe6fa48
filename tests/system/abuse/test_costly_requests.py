"""Requests that cost much: others get their turn, and memory and disk keep their bounds."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.imaging.drawing import quadrants, saved
from tests.system.serving.server import (
    Answer,
    Server,
    answer_of,
    peak_memory_bytes,
    running,
    wait_until,
)

ATTACKER = ("127.0.0.2", 0)
PATIENCE_S = 120
CACHE_BYTES = 2_000_000
# Of one web process, with the codecs and libraries loaded, and eight bodies of 16 MB under way.
MOST_OF_A_WEB_PROCESS = 400 * 2**20
SLOW = "resize:w=1500,h=1500,fit=fill,enlarge=true/" + "/".join(
    f"blur:{radius}" for radius in range(40, 46)
)


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    with running(
        tmp_path_factory.mktemp("costly"),
        server_workers=1,
        render_timeout_s=60,
        cache_max_bytes=CACHE_BYTES,
        transforms_cold_per_minute=0,
    ) as server:
        yield server


@pytest.fixture(scope="module")
def picture(server) -> str:
    return server.upload(saved(quadrants(), "JPEG"))


def attack(server: Server, method: str, path: str, body: bytes = b"") -> Answer:
    """Send one request from the attacker's address."""
    connection = http.client.HTTPConnection(
        *server.address, timeout=PATIENCE_S, source_address=ATTACKER
    )
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        return answer_of(connection)
    finally:
        connection.close()


def test_slow_renders_of_one_client_let_others_take_turns(server, picture):
    with ThreadPoolExecutor(6) as threads:
        slow = [
            threads.submit(attack, server, "GET", f"{picture}{SLOW}/rotate:{number}.png")
            for number in range(6)
        ]
        wait_until(lambda: any(answer.done() for answer in slow), PATIENCE_S)
        assert server.get(f"{picture}sepia.png").status == 200
        # First come, first served, all of them would be done by now.
        assert not all(answer.done() for answer in slow)
        assert {answer.result().status for answer in slow} <= {200, 503}


def test_a_slow_body_of_many_values_costs_little_memory(server):
    body = json.dumps({"urls": [{}] * 5_000_000}).encode()[: 16 * 2**20]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: attack(server, "POST", "/jobs/", body), range(8)))
    assert {answer.status for answer in answers} <= {400, 413, 429, 503}
    for pid in server.web_workers():
        assert peak_memory_bytes(pid) < MOST_OF_A_WEB_PROCESS
    assert server.get("/health/live").status == 200


def test_ever_other_renditions_keep_the_budget_of_the_disk(server, picture):
    for width in range(300, 340):
        answer = attack(server, "GET", f"{picture}resize:w={width},enlarge=true.bmp")
        assert answer.status == 200
    root = Path(server.store.removeprefix("file://"))
    cached = sum(file.stat().st_size for file in root.glob("renders/**/*") if file.is_file())
    assert 0 < cached <= CACHE_BYTES * (1 + 1 / 64)
