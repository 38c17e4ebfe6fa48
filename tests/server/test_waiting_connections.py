"""Connections wait for their clients in a loop, until a deadline."""

from __future__ import annotations

import os
import selectors
from collections.abc import Iterator
from pathlib import Path

import pytest

from progimage.server import waiting_connections
from progimage.server.connection import Connection
from progimage.server.waiting_connections import LINGER_S, Limits, WaitingConnections
from tests.server.connections import connected

LIMITS = Limits(head_timeout_s=10, body_timeout_s=30, send_timeout_s=20, min_bytes_per_s=100)
REQUEST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"


class Loop:
    """The loop of a worker, with a clock that the test moves.

    Attributes:
        requests: the connections whose requests have arrived.
        answered: the connections whose answers were read, and whether they stay open.
        ended: how many connections were closed.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self.requests: list[Connection] = []
        self.answered: list[tuple[Connection, bool]] = []
        self.ended = 0
        self.poller = selectors.DefaultSelector()
        self.waiting = WaitingConnections(
            self.poller,
            LIMITS,
            self.requests.append,
            lambda conn, keep_open: self.answered.append((conn, keep_open)),
            self._count,
        )

    def turn(self) -> None:
        """Handle everything that has arrived."""
        for key, _ in self.poller.select(0):
            key.data(key.fileobj)

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.waiting.end_overdue()

    def _count(self) -> None:
        self.ended += 1


@pytest.fixture
def loop(monkeypatch) -> Iterator[Loop]:
    loop = Loop()
    monkeypatch.setattr(waiting_connections.time, "monotonic", lambda: loop.now)
    yield loop
    loop.poller.close()


@pytest.fixture
def pair(loop) -> Iterator[tuple]:
    conn, client = connected()
    yield conn, client
    conn.close()
    client.close()


def test_a_request_is_handed_over_with_its_last_byte(loop, pair):
    conn, client = pair
    loop.waiting.wait_for_request(conn)
    client.sendall(REQUEST[:-1])
    loop.turn()
    assert loop.requests == []
    client.sendall(REQUEST[-1:])
    loop.turn()
    assert loop.requests == [conn]
    assert bytes(conn.request.data) == REQUEST
    loop.pass_time(LIMITS.body_timeout_s + 1)
    assert loop.ended == 0


def test_a_silent_connection_ends_after_the_time_for_a_head(loop, pair):
    conn, client = pair
    loop.waiting.wait_for_request(conn)
    loop.pass_time(LIMITS.head_timeout_s)
    assert loop.ended == 0
    loop.pass_time(1)
    assert loop.ended == 1
    assert client.recv(1) == b""


def test_a_head_without_end_is_408(loop, pair):
    conn, client = pair
    loop.waiting.wait_for_request(conn)
    client.sendall(REQUEST[:9])
    loop.turn()
    loop.pass_time(LIMITS.head_timeout_s + 1)
    answer = client.recv(4096)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"the head of the request took too long" in answer


def test_a_body_has_a_time_of_its_own_after_its_head(loop, pair):
    conn, client = pair
    loop.waiting.wait_for_request(conn)
    loop.pass_time(LIMITS.head_timeout_s - 1)
    client.sendall(REQUEST[:-1])
    loop.turn()
    loop.pass_time(LIMITS.body_timeout_s)
    assert loop.ended == 0
    loop.pass_time(1)
    assert b"the body of the request took too long" in client.recv(4096)


def test_a_worker_that_stops_waits_shorter_for_what_has_not_begun(loop, pair):
    conn, _ = pair
    loop.waiting.wait_for_request(conn, 2)
    loop.pass_time(3)
    assert loop.ended == 1


def test_silent_connections_can_be_given_an_earlier_end(loop, pair):
    conn, _ = pair
    loop.waiting.wait_for_request(conn)
    loop.waiting.cap_silent(2)
    loop.pass_time(3)
    assert loop.ended == 1


def test_a_client_may_read_its_last_answer_and_close_first(loop, pair):
    conn, client = pair
    conn.sock.sendall(b"answer")
    loop.waiting.linger(conn)
    assert client.recv(100) == b"answer"
    client.sendall(b"more of a rejected body")
    loop.turn()
    assert loop.ended == 0
    client.close()
    loop.turn()
    assert loop.ended == 1


def test_a_client_that_does_not_close_is_cut_after_its_last_answer(loop, pair):
    conn, _ = pair
    loop.waiting.linger(conn)
    loop.pass_time(LINGER_S + 1)
    assert loop.ended == 1


@pytest.fixture
def large(tmp_path) -> Path:
    """A file that no buffer of a socket holds."""
    path = tmp_path / "large"
    path.write_bytes(os.urandom(4 * 2**20))
    return path


def test_the_rest_of_an_answer_is_sent_as_the_client_reads(loop, pair, large):
    conn, client = pair
    with large.open("rb") as file:
        conn.sock.sendfile(file)
    loop.waiting.send_rest(conn, keep_open=True)
    read = b""
    while len(read) < large.stat().st_size:
        read += client.recv(2**20)
        loop.turn()
    assert read == large.read_bytes()
    assert loop.answered == [(conn, True)]


def test_a_client_that_reads_nothing_is_cut(loop, pair, large):
    conn, _ = pair
    with large.open("rb") as file:
        conn.sock.sendfile(file)
    loop.waiting.send_rest(conn, keep_open=True)
    loop.turn()
    loop.pass_time(LIMITS.send_timeout_s + 1)
    assert loop.ended == 1


def test_the_oldest_silent_connection_makes_room_even_if_its_request_has_just_come(loop, pair):
    conn, client = pair
    loop.waiting.wait_for_request(conn)
    client.sendall(REQUEST)
    events = loop.poller.select(60)
    assert loop.waiting.end_the_oldest_silent()
    for key, _ in events:
        key.data(key.fileobj)
    assert (loop.requests, loop.ended) == ([], 1)
    assert not loop.waiting.end_the_oldest_silent()
