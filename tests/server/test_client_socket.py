"""A slow client's answer is put aside, and what a client is waited for is measured."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from progimage.server.client_socket import MAX_BYTES_ASIDE, ClientSocket


@pytest.fixture
def pair() -> Iterator[tuple[ClientSocket, socket.socket]]:
    """A server's end with a small buffer, and the client's."""
    ours, theirs = socket.socketpair()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    served = ClientSocket(ours)
    served.settimeout(0.2)
    yield served, theirs
    served.close()
    theirs.close()


def taken(client: socket.socket, served: ClientSocket, size: int) -> bytes:
    """Read `size` bytes, while the server's end sends the rest of its answer."""
    data = b""
    while len(data) < size:
        if served.has_rest:
            served.send_rest()
        data += client.recv(65536)
    return data


def test_bytes_that_a_client_does_not_read_are_buffered_and_sent_in_order(pair):
    served, client = pair
    answer = os.urandom(MAX_BYTES_ASIDE // 2)
    served.sendall(answer[:100])
    served.sendall(answer[100:])
    served.sendall(b"end")
    assert served.has_rest
    assert taken(client, served, len(answer) + 3) == answer + b"end"
    assert not served.has_rest
    assert served.moved == len(answer) + 3


def test_a_part_of_a_file_is_put_aside_after_the_head(pair, tmp_path):
    served, client = pair
    content = os.urandom(3 * MAX_BYTES_ASIDE)
    path = tmp_path / "file"
    path.write_bytes(content)
    with path.open("rb") as file:
        served.sendall(b"head")
        assert served.sendfile(file, 10, len(content) - 20) == len(content) - 20
    assert served.has_rest
    assert taken(client, served, len(content) - 16) == b"head" + content[10:-10]


def test_more_than_may_be_put_aside_waits_for_the_client(pair):
    served, client = pair
    answer = os.urandom(4 * MAX_BYTES_ASIDE)
    received = bytearray()

    def read() -> None:
        while len(received) < len(answer):
            received.extend(client.recv(65536))

    reader = threading.Thread(target=read)
    reader.start()
    served.sendall(answer)
    while not served.send_rest():
        pass
    reader.join()
    assert received == answer


def test_a_client_that_takes_nothing_of_a_long_answer_is_given_up(pair):
    served, _ = pair
    with pytest.raises(TimeoutError):
        served.sendall(bytes(2 * MAX_BYTES_ASIDE))


def test_a_broken_connection_is_an_error(pair):
    served, client = pair
    client.close()
    with pytest.raises(OSError, match="Broken pipe"):
        served.sendall(b"answer")


def test_a_file_that_became_shorter_ends_the_answer(pair, tmp_path):
    served, _ = pair
    path = tmp_path / "file"
    path.write_bytes(b"short")
    with path.open("rb") as file, pytest.raises(OSError, match="shorter"):
        served.sendfile(file, 0, 100)


def test_the_wait_for_a_client_is_measured_until_it_has_taken_all(pair):
    served, client = pair
    served.begin()
    assert served.waited_s == 0
    served.sendall(b"a" * 100_000)
    before = served.waited_s
    assert served.waited_s > before
    assert not served.is_blocking_thread
    taken(client, served, 100_000)
    assert served.waited_s == served.waited_s


def test_a_client_that_is_cut_while_it_sends_can_still_be_answered(pair):
    served, client = pair
    served.begin()
    served.cut()
    assert served.recv(10) == b""
    served.sendall(b"too slow")
    assert client.recv(100) == b"too slow"
    assert served.has_been_cut


def test_a_client_that_is_cut_while_it_takes_an_answer_gets_no_more(pair):
    served, _ = pair
    served.sendall(b"a" * 100_000)
    served.cut()
    with pytest.raises(OSError, match="Broken pipe"):
        served.send_rest()


def open_files() -> set[Path]:
    """Return the files that this process has open."""
    found = set()
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # another thread closed it meanwhile
            found.add(link.readlink())
    return found


def test_closing_closes_the_file_that_was_put_aside(pair, tmp_path):
    served, _ = pair
    path = tmp_path / "file"
    path.write_bytes(bytes(100_000))
    with path.open("rb") as file:
        served.sendfile(file)
    assert path in open_files()
    served.close()
    assert path not in open_files()
