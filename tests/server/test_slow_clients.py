"""Clients that threads wait for are cut off if they are too slow, or if threads are short."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from progimage.server import client_socket
from progimage.server.client_socket import ClientSocket
from progimage.server.slow_clients import ServedClients
from tests.server.connections import connected

ATTACKER, OTHER = ("192.0.2.1", 1), ("192.0.2.2", 1)
NOW = 1000.0


class Clients(ServedClients):
    """Clients that threads wait for, on a clock that stands still."""

    def __init__(self) -> None:
        super().__init__()
        self.ends: list[socket.socket] = []

    def waited_for(self, seconds: float, size: int = 0, peer: object = ATTACKER) -> ClientSocket:
        """Add a client that a thread has waited for so long, and that sent so many bytes."""
        conn, client = connected(peer)
        self.add(conn)
        self.ends.append(client)
        conn.sock.begin()
        conn.sock.moved = size
        conn.sock.is_blocking_thread = True
        conn.sock.waits_since = NOW - seconds
        return conn.sock


@pytest.fixture
def clients(monkeypatch) -> Iterator[Clients]:
    monkeypatch.setattr(client_socket, "time", SimpleNamespace(monotonic=lambda: NOW))
    clients = Clients()
    yield clients
    for end in [*clients, *clients.ends]:
        end.close()


def cut(*sockets: ClientSocket) -> list[bool]:
    return [client.has_been_cut for client in sockets]


def test_a_client_below_the_rate_is_cut(clients):
    slow, fast = clients.waited_for(11, 10_999), clients.waited_for(11, 11_001)
    clients.cut_too_slow(1000)
    assert cut(slow, fast) == [True, False]


def test_the_speed_of_the_first_seconds_does_not_count(clients):
    begun = clients.waited_for(9)
    clients.cut_too_slow(1000)
    assert cut(begun) == [False]


def test_threads_are_freed_from_those_who_hold_most_and_send_least(clients):
    slowest, slow = clients.waited_for(2, 10), clients.waited_for(2, 20)
    other = clients.waited_for(2, 0, OTHER)
    clients.free_threads(2)
    assert cut(slowest, slow, other) == [True, False, False]


def test_no_client_is_cut_while_enough_threads_are_left(clients):
    waiting = [clients.waited_for(2) for _ in range(2)]
    clients.free_threads(2)
    assert cut(*waiting) == [False, False]


def test_clients_that_have_just_begun_keep_their_threads(clients):
    begun = [clients.waited_for(0.5) for _ in range(3)]
    clients.free_threads(1)
    assert not any(cut(*begun))


def test_a_slow_upload_gives_its_place_to_others_that_wait_for_one(clients):
    slow, slowest = clients.waited_for(11, 20_000), clients.waited_for(11, 12_000)
    other = clients.waited_for(11, 11_500, OTHER)
    clients.free_place()
    assert cut(slow, slowest, other) == [False, True, False]


def test_an_upload_that_is_fast_or_has_just_begun_keeps_its_place(clients):
    fast, begun = clients.waited_for(11, 400_000), clients.waited_for(9)
    clients.free_place()
    assert cut(fast, begun) == [False, False]


def test_a_client_that_reads_an_answer_holds_no_place(clients):
    reader = clients.waited_for(11)
    reader.is_sending = True
    clients.free_place()
    assert cut(reader) == [False]
