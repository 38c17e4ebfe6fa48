"""Clients that send wrong lengths, stop, send slowly, disconnect or send garbage harm no other."""

from __future__ import annotations

import contextlib
import re
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.serving.server import PATIENCE_S, Server, read_all, running, wait_until

# So long that a client of these tests is never late by itself, also on a busy machine.
STALL_S = 3
TOTAL_S = 6
# Longer than what is collected before a thread takes it.
LONG = 150_000


@pytest.fixture(scope="module")
def strict(tmp_path_factory) -> Iterator[Server]:
    """A server with short time limits and few threads."""
    with running(
        tmp_path_factory.mktemp("strict"),
        server_body_timeout_s=STALL_S,
        upload_stall_timeout_s=STALL_S,
        upload_total_timeout_s=TOTAL_S,
        upload_concurrent=4,
        upload_max_bytes=200_000,
        render_queue=2,
        jobs_streams=1,
        server_threads=9,
        deep_enabled=False,
        server_head_timeout_s=STALL_S,
        server_send_timeout_s=STALL_S,
    ) as server:
        yield server


def head(length: int | str, kind: bytes = b"image/jpeg") -> bytes:
    return (
        b"POST /images/ HTTP/1.1\r\nHost: a\r\nContent-Type: %s\r\nContent-Length: %s\r\n\r\n"
        % (kind, str(length).encode())
    )


def open_sockets(pid: int) -> int:
    """Return how many sockets a process has open, which other files do not change."""
    count = 0
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            count += str(entry.readlink()).startswith("socket:")
    return count


CHUNKED = (
    b"POST /images/ HTTP/1.1\r\nHost: a\r\nContent-Type: image/jpeg\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)


def hang_up(connection: socket.socket) -> None:
    """Reset the connection."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@pytest.fixture
def unharmed(strict: Server) -> Iterator[Server]:
    """The server; after the test nothing is stored or left behind, and it still answers."""
    stored = strict.stored_files()
    yield strict
    wait_until(lambda: not strict.scratch_files())
    assert strict.stored_files() == stored
    assert strict.get("/health/ready").status == 200
    assert "Traceback" not in strict.log
    assert '"level": "error"' not in strict.log


def test_a_body_longer_than_its_length_is_cut_there(unharmed, jpeg):
    answered = unharmed.exchange(head(len(jpeg) // 2) + jpeg)
    assert answered.startswith(b"HTTP/1.1 422 ")
    # What follows is not a request.
    assert answered.count(b"HTTP/1.1 ") == 2
    # 400 where a line end in the picture ends the request line, 408 where there is none.
    assert re.search(rb"HTTP/1.1 40[08] ", answered)


def test_a_client_that_closes_before_the_length_it_announced_gets_400(unharmed, jpeg):
    with unharmed.socket() as connection:
        connection.sendall(head(len(jpeg) + 100) + jpeg)
        connection.shutdown(socket.SHUT_WR)
        answered = read_all(connection)
    assert answered.startswith(b"HTTP/1.1 400 ")
    assert b"Content-Length announced" in answered


@pytest.mark.parametrize("length", [b"-1", b"+5", b"1e3", b"0x10", b"99999999999999999999", b""])
def test_an_invalid_length_is_400_or_413(unharmed, length):
    answered = unharmed.exchange(
        b"POST /images/ HTTP/1.1\r\nHost: a\r\nContent-Type: image/jpeg\r\n"
        b"Connection: close\r\nContent-Length: %s\r\n\r\n" % length
    )
    assert answered.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 413 "))


def test_length_and_chunks_together_are_400(unharmed):
    """Two answers to where a body ends are how requests are smuggled."""
    answered = unharmed.exchange(
        CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Length: 3\r\n\r\n") + b"0\r\n\r\n"
    )
    assert answered.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    "body", [b"zz\r\n", b"5\r\nab\r\n0\r\n\r\n", b"-1\r\n", b"f" * 9000, b"3\r\nabcXX3\r\nabc\r\n"]
)
def test_invalid_chunks_are_400(unharmed, body):
    with unharmed.socket() as connection:
        connection.sendall(CHUNKED + body)
        connection.shutdown(socket.SHUT_WR)
        assert read_all(connection).startswith(b"HTTP/1.1 400 ")


def test_an_endless_chunked_body_is_cut_off_at_the_limit(unharmed):
    block = b"2710\r\n" + b"\xff" * 10_000 + b"\r\n"
    with unharmed.socket() as connection, contextlib.suppress(OSError):
        connection.sendall(CHUNKED)
        for _ in range(10_000):
            connection.sendall(block)
            connection.settimeout(0.001)
            with contextlib.suppress(TimeoutError):
                assert connection.recv(100).startswith(b"HTTP/1.1 413 ")
                return
            connection.settimeout(PATIENCE_S)
        pytest.fail("all of the body was read")


@pytest.mark.parametrize("length", [1_000, LONG])
def test_a_stalled_upload_is_408_while_others_are_served(unharmed, jpeg, length):
    with unharmed.socket() as connection:
        connection.sendall(head(length) + jpeg[:100])
        assert unharmed.get("/health/live").status == 200
        answered = read_all(connection)
    assert answered.startswith(b"HTTP/1.1 408 ")
    assert b"nothing was stored" in answered


@pytest.mark.parametrize("length", [1_000, LONG])
def test_an_upload_byte_by_byte_is_408_in_the_end(unharmed, jpeg, length):
    with unharmed.socket(timeout_s=STALL_S / 3) as connection:
        connection.sendall(head(length))
        answered = b""
        for byte in jpeg:
            connection.sendall(bytes([byte]))
            with contextlib.suppress(TimeoutError):
                answered = connection.recv(1000)
                break
    assert answered.startswith(b"HTTP/1.1 408 ")


def test_uploads_that_stall_in_numbers_take_no_room_from_pictures(unharmed):
    """Uploads beyond their share get 503 at once; the rest of the threads serve on."""
    with contextlib.ExitStack() as stack:
        stalled = [stack.enter_context(unharmed.socket()) for _ in range(20)]
        for connection in stalled:
            connection.sendall(head(LONG) + b"x")
        assert unharmed.get("/health/live").status == 200
        statuses = [read_all(connection)[9:12] for connection in stalled]
    assert statuses.count(b"503") >= 10
    assert set(statuses) <= {b"503", b"408"}


@pytest.mark.parametrize("beginning", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: a\r\nX-A: "])
def test_heads_that_never_end_hold_no_thread(unharmed, beginning):
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(unharmed.socket()) for _ in range(16)]
        for connection in connections:
            connection.sendall(beginning)
        assert unharmed.get("/health/live").status == 200
        if beginning:
            answers = [read_all(connection) for connection in connections]
            assert all(answer.startswith(b"HTTP/1.1 408 ") for answer in answers)


def test_short_bodies_that_do_not_come_hold_no_thread(unharmed):
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(unharmed.socket()) for _ in range(40)]
        for connection in connections:
            connection.sendall(head(100, b"application/json") + b"{")
        assert unharmed.get("/health/live").status == 200
        answers = [read_all(connection) for connection in connections]
    assert all(answer.startswith(b"HTTP/1.1 408 ") for answer in answers)


def test_a_short_body_that_comes_byte_by_byte_is_taken(unharmed, jpeg):
    with unharmed.socket() as connection:
        for byte in head(8, b"text/plain") + b"{} {} {}":
            connection.sendall(bytes([byte]))
        assert connection.recv(100).startswith(b"HTTP/1.1 415 ")


def test_clients_that_do_not_hang_up_delay_no_other(unharmed):
    """Each is lingered for by the loop; waiting for one after the other took a minute for all."""
    with contextlib.ExitStack() as stack:
        for _ in range(30):
            connection = stack.enter_context(unharmed.socket())
            connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            assert read_all(connection).startswith(b"HTTP/1.1 200 ")
        last = stack.enter_context(unharmed.socket(timeout_s=30))
        last.sendall(b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n")
        assert last.recv(100).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("kind", ["image/jpeg", "multipart/form-data; boundary=b"])
def test_a_client_that_vanishes_in_an_upload_leaves_nothing(unharmed, jpeg, kind):
    part = b'--b\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'
    for end in range(0, 600, 60):
        connection = unharmed.socket()
        connection.sendall((head(5000, kind.encode()) + part * ("b" in kind[-1]) + jpeg)[:end])
        hang_up(connection)


def test_a_client_that_vanishes_in_a_chunked_upload_leaves_nothing(unharmed, jpeg):
    for end in (10, 120, 200):
        connection = unharmed.socket()
        connection.sendall((CHUNKED + b"%x\r\n" % len(jpeg) + jpeg)[:end])
        hang_up(connection)


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\r\n\r\n\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"G\0T / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: a\r\n" * 2000 + b"\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n folded: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nExpect: nothing\r\nConnection: close\r\n\r\n",
    ],
    ids=lambda data: repr(data[:20]),
)
def test_garbage_gets_an_error_without_internals(unharmed, nonsense):
    with unharmed.socket() as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(nonsense)
            connection.shutdown(socket.SHUT_WR)
        answered = read_all(connection)
    assert answered[9:10] in (b"4", b"5", b"")
    assert not answered.startswith(b"HTTP/1.1 500")
    for secret in (b"Traceback", b"/site-packages/", b"progimage.", str(unharmed.folder).encode()):
        assert secret not in answered


def test_clients_that_never_take_their_answer_hold_no_thread_and_are_cut_off(tmp_path, noise):
    few = {"server_threads": 29, "render_queue": 10, "deep_enabled": False}
    with running(tmp_path, **few, server_send_timeout_s=STALL_S) as server:
        path = server.upload(noise).encode()
        [web] = server.web_workers()
        before = open_sockets(web)
        with contextlib.ExitStack() as stack:
            slow = [stack.enter_context(server.socket()) for _ in range(40)]
            for connection in slow:
                connection.sendall(b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % path)
            assert server.get("/health/live").status == 200
            wait_until(lambda: len(server.log_lines("request")) >= 42)
            wait_until(lambda: open_sockets(web) <= before)
            assert len(read_all(slow[0])) < len(noise)
        assert "Traceback" not in server.log


def test_a_client_that_hangs_up_in_a_download_causes_no_error(server, noise):
    path = server.upload(noise).encode()
    for _ in range(5):
        connection = server.socket()
        connection.sendall(b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % path)
        connection.recv(1000)
        hang_up(connection)
    assert server.get("/health/ready").status == 200
    assert "Traceback" not in server.log
