"""One client cannot take all that nginx and the service have for everybody."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPConnection

import pytest

from tests.system.nginx.conftest import Site
from tests.system.nginx.front import CONF, Front, in_front
from tests.system.serving.server import Answer, answer_of, assert_problem, wait_until

OTHER = ("127.0.0.2", 0)
CONFS = [CONF, CONF.with_name("nginx-cluster.conf")]


def limit(zone: str) -> int:
    """Return how many requests of one client the shipped configuration allows."""
    return int(re.findall(rf"limit_conn {zone} (\d+);", CONF.read_text("utf-8"))[0])


@contextmanager
def silent_node() -> Iterator[str]:
    """Listen as a node that takes requests and never answers; yield where."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        yield "127.0.0.1:{}".format(*listener.getsockname()[1:])


@contextmanager
def waiting(front: Front, count: int, request: bytes) -> Iterator[None]:
    """Hold connections that have sent a request."""
    with ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(front.socket()).sendall(request)
        yield


def get(front: Front, path: str, source: tuple[str, int]) -> Answer:
    connection = HTTPConnection(*front.address, timeout=60, source_address=source)
    try:
        connection.request("GET", path)
        return answer_of(connection)
    finally:
        connection.close()


@pytest.fixture
def cached(site: Site, picture: str) -> str:
    """The path of a rendition that nginx itself sends."""
    answer = site.front.get(f"{picture}thumbnail:20x20.png")
    found = re.fullmatch(r'<(.+)>; rel="canonical"', answer.headers["link"])
    assert found
    return found[1]


def test_a_client_with_too_many_requests_is_429_and_others_are_served(site, cached, tmp_path):
    with silent_node() as node, in_front(tmp_path, site.store, node) as front:
        assert front.get(cached).status == 200
        with waiting(front, limit("requests"), b"GET /jobs/ HTTP/1.1\r\nHost: a\r\n\r\n"):
            wait_until(lambda: front.get(cached).status == 429, 60)
            answer = front.get(cached)
            assert_problem(answer, 429, "of this client")
            assert int(answer.headers["retry-after"]) >= 1
            assert get(front, cached, OTHER).status == 200
        wait_until(lambda: front.get(cached).status == 200, 60)


def test_uploads_that_trickle_leave_the_service_to_others(site, cached, tmp_path):
    begun = b"PATCH /uploads/0/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nx"
    with silent_node() as node, in_front(tmp_path, site.store, node) as front:

        def is_rejected() -> bool:
            with front.socket(timeout_s=1) as client, suppress(TimeoutError):
                client.sendall(begun)
                return client.recv(12) == b"HTTP/1.1 429"
            return False

        with waiting(front, limit("uploads"), begun):
            wait_until(is_rejected, 60)
            assert front.get(cached).status == 200
            assert get(front, cached, OTHER).status == 200


@pytest.mark.parametrize("conf", CONFS, ids=lambda conf: conf.name)
def test_both_configurations_have_the_same_limits(conf):
    text = conf.read_text("utf-8")
    assert re.findall(r"limit_conn\w* .*;", text) == re.findall(
        r"limit_conn\w* .*;", CONF.read_text("utf-8")
    )
