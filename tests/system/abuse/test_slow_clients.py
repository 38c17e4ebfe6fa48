"""Attacks on availability with bounded scripts: others are answered, and the server recovers.

Attackers and everybody else come from different loopback addresses, so that limits of one
client do not hide what an attack does to others.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from tests.imaging.drawing import quadrants, saved
from tests.system.serving.server import Server, answer_of, running, wait_until

ATTACKER = ("127.0.0.2", 0)
# An answer on an idle machine takes milliseconds; a blocked thread pool takes seconds.
RATIO = 5
LEAST_P99_S = 0.2
MARKS = "a" + "\u0345" * 140_000 + "\u0334" * 140_000


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("abuse"), server_workers=2) as server:
        yield server


@pytest.fixture(scope="module")
def hit(server) -> str:
    """The path of a cached rendition."""
    path = server.upload(saved(quadrants(), "JPEG")) + "thumbnail.png"
    assert server.get(path).status == 200
    return path


@pytest.fixture
def idle_p99_s(server, hit) -> float:
    return p99_s(server, hit)


def p99_s(server: Server, hit: str, count: int = 100) -> float:
    """Return the 99th percentile of the time of probes and cached pictures."""
    times = []
    for number in range(count):
        started = time.monotonic()
        assert server.get(hit if number % 2 else "/health/live").status == 200
        times.append(time.monotonic() - started)
    return sorted(times)[int(count * 0.99) - 1]


def connect(server: Server) -> socket.socket:
    return socket.create_connection(server.address, timeout=30, source_address=ATTACKER)


@contextlib.contextmanager
def attacking(server: Server, count: int, begin: bytes, drip: bytes = b"") -> Iterator[None]:
    """Hold connections that have sent `begin`, and send `drip` on each from time to time."""
    stop = threading.Event()
    with contextlib.ExitStack() as stack:
        clients = []
        for _ in range(count):
            client = stack.enter_context(connect(server))
            clients.append(client)
            with contextlib.suppress(OSError):
                client.sendall(begin)

        def go_on() -> None:
            while drip and not stop.wait(0.5):
                for client in clients:
                    with contextlib.suppress(OSError):
                        client.sendall(drip)

        thread = threading.Thread(target=go_on)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


def post(path: str, length: int, kind: str = "application/json", method: str = "POST") -> bytes:
    return (
        f"{method} {path} HTTP/1.1\r\nHost: a\r\nContent-Type: {kind}\r\n"
        f"Content-Length: {length}\r\n\r\n"
    ).encode()


SLOW: dict[str, Callable[[str], tuple[int, bytes, bytes]]] = {
    "slow JSON bodies": lambda _: (110, post("/uploads/", 5_000) + b'{"a', b" "),
    "slow bodies of sign-ins": lambda _: (110, post("/tokens/", 5_000) + b"{", b" "),
    "slow long bodies": lambda _: (60, post("/images/", 10**6, "image/png") + b"x", b"x"),
    "heads that never end": lambda _: (200, b"GET / HTTP/1.1\r\nX-A: ", b"a"),
    "silence": lambda _: (1_000, b"", b""),
    "readers that take nothing": lambda hit: (
        110,
        f"GET {hit} HTTP/1.1\r\nHost: a\r\n\r\n".encode() * 20,
        b"",
    ),
}


@pytest.mark.parametrize("attack", SLOW)
def test_slow_clients_cost_others_nothing(server, hit, idle_p99_s, attack):
    count, begin, drip = SLOW[attack](hit)
    with attacking(server, count, begin, drip):
        during_s = p99_s(server, hit)
    assert during_s <= max(RATIO * idle_p99_s, LEAST_P99_S)
    assert "Traceback" not in server.log


def test_trickling_uploads_leave_places_to_other_clients(server):
    begin = post("/images/", 10**6, "image/png") + b"x"
    with attacking(server, 60, begin, b"x"):
        data = saved(quadrants((200, 100)), "PNG")
        kinds = {"Content-Type": "image/png"}
        wait_until(lambda: server.request("POST", "/images/", data, kinds).status in (200, 201), 5)


def test_long_texts_hold_no_interpreter(server, hit, idle_p99_s):
    body = json.dumps({"images": {"q": MARKS}, "transforms": ["thumbnail.webp"]})
    connection = http.client.HTTPConnection(*server.address, timeout=10, source_address=ATTACKER)
    for _ in range(4):
        connection.request("POST", "/jobs/", body, {"Content-Type": "application/json"})
        assert answer_of(connection).status == 400
    for header in ("If-None-Match", "If-Match", "If-Range", "Range"):
        connection.request("GET", hit, headers={header: "," + " " * 8_000 + "x"})
        assert answer_of(connection).status < 500
    connection.close()
    assert p99_s(server, hit) <= max(RATIO * idle_p99_s, LEAST_P99_S)


def test_heads_of_large_renditions_fill_no_disk(server, hit):
    before = server.stored_files()
    picture = hit.removesuffix("thumbnail.png")
    for width in range(1_000, 1_020):
        answer = server.request("HEAD", f"{picture}resize:w={width},enlarge=true.bmp")
        assert answer.status in (200, 429)
    added = {name for name in server.stored_files() - before if name.startswith("renders/")}
    assert added == set()
