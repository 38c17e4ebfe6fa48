"""Requests that cost much: others get their turn, and memory and disk keep their bounds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from tests.imaging.drawing import quadrants, saved
from tests.system.abuse.bounds import (
    PATIENCE_S,
    RENDER_BYTES,
    assert_withstands,
    attacker,
    repeated,
)
from tests.system.serving.server import Answer, Server, answer_of, running, wait_until

CACHE_BYTES = 2_000_000
SLOW = "resize:w=1500,h=1500,fit=fill,enlarge=true/" + "/".join(
    f"blur:{radius}" for radius in range(40, 46)
)


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    """A server with one web process, so that nothing else takes its work."""
    with running(
        tmp_path_factory.mktemp("costly"),
        server_workers=1,
        render_timeout_s=60,
        render_memory_bytes=RENDER_BYTES,
        cache_max_bytes=CACHE_BYTES,
        transforms_cold_per_minute=0,
    ) as server:
        yield server


@pytest.fixture(scope="module")
def picture(server) -> str:
    return server.upload(saved(quadrants(), "JPEG"))


def attack(server: Server, method: str, path: str, body: bytes = b"") -> Answer:
    """Send one request from the attacker's address."""
    connection = attacker(server)
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


@pytest.mark.parametrize("path", ["/jobs/", "/images/", "/uploads/", "/tokens/", "/"])
def test_long_bodies_of_many_values_cost_little(server, hit, path):
    body = json.dumps({"urls": [{}] * 5_000_000}).encode()[: 16 * 2**20]

    def send() -> None:
        assert attack(server, "POST", path, body).status in {400, 403, 413, 429, 503}

    assert_withstands(server, hit, repeated(send, every_s=0.5, threads=8))


def test_ever_other_renditions_keep_the_budget_of_the_disk(server, hit, picture):
    numbers = count()

    def send() -> None:
        number = next(numbers)
        size = f"w={300 + number % 40},h={200 + number // 40}"
        answer = attack(server, "GET", f"{picture}resize:{size},fit=fill,enlarge=true.bmp")
        assert answer.status in (200, 503)

    assert_withstands(server, hit, repeated(send, threads=2))
    while next(numbers) < 40:
        send()
    # The cache goes on taking what is new.
    path = f"{picture}resize:w=299,enlarge=true.bmp"
    wait_until(lambda: server.get(path).headers["x-cache"] == "hit", PATIENCE_S)
    # And what is written at the moment of a count.
    largest = 340 * 300 * 3
    assert 0 < cached_bytes(server) <= CACHE_BYTES * (1 + 1 / 64) + largest


def cached_bytes(server: Server) -> int:
    """Return the size of all cached renditions, some of which may be removed meanwhile."""
    total = 0
    for file in Path(server.store.removeprefix("file://")).glob("renders/**/*"):
        with suppress(FileNotFoundError):
            total += file.stat().st_size if file.is_file() else 0
    return total


def test_heads_of_large_renditions_fill_no_disk(server, hit, picture):
    before = server.stored_files()
    width = count(1_000)

    def send() -> None:
        answer = attack(server, "HEAD", f"{picture}resize:w={next(width)},enlarge=true.bmp")
        assert answer.status in (200, 429, 503)

    with repeated(send):
        wait_until(lambda: next(width) > 1_020, PATIENCE_S)
    added = {name for name in server.stored_files() - before if name.startswith("renders/")}
    assert added == set()
