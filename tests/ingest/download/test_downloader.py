"""Fetching from servers that answer well, badly, or for ever."""

from __future__ import annotations

import gzip
import itertools
import random
import socket
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from pydantic import ValidationError

from progimage.config import Download
from progimage.errors import DownloadFailed, DownloadNotAllowed, PictureTooLarge
from tests.ingest.download.servers import (
    PUBLIC,
    URL,
    answer,
    fetch,
    fetched,
    redirect,
    refused,
    serving,
)


def test_the_body_comes_as_it_is(net):
    with serving(answer(b"picture" * 5000)) as server:
        net.add("pictures.example.com", server)
        with net.downloader().open(URL) as remote:
            assert (remote.url, remote.file_name) == (URL, "cat.jpg")
            assert remote.read(7) == b"picture"
            rest = b""
            while piece := remote.read(100_000):
                rest += piece
    assert rest == b"picture" * 4999
    assert net.dialled == [PUBLIC]


def test_an_answer_in_chunks_or_until_the_end_is_whole(net):
    chunked = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    )
    assert fetched(net, chunked) == b"abcde"
    assert fetched(net, b"HTTP/1.0 200 OK\r\n\r\nabcde") == b"abcde"


@pytest.mark.parametrize(
    "headers",
    [{"Host": "x"}, {"content-length": "1"}, {"Via": "x"}, {"A b": "x"}, {"A": "x\r\nB: y"}],
)
def test_headers_that_change_the_exchange_are_no_setting(headers):
    with pytest.raises(ValidationError):
        Download(headers=headers)


def test_it_can_be_turned_off(net):
    with pytest.raises(DownloadNotAllowed, match="does not fetch"):
        fetch(net.downloader(enabled=False), URL)


def test_redirects_are_followed_up_to_three(net):
    with serving(
        lambda c: c.sendall(redirect("/next") if len(server.requests) < 4 else answer(b"x"))
    ) as server:
        net.add("pictures.example.com", server)
        assert fetch(net.downloader(), URL) == b"x"
        assert len(server.requests) == 4
        assert server.requests[-1].startswith(b"GET /next HTTP/1.1\r\n")


def test_spaces_in_a_redirect_are_encoded(net):
    with serving(
        lambda c: c.sendall(redirect("/a b.png") if len(server.requests) < 2 else answer(b"x"))
    ) as server:
        net.add("pictures.example.com", server)
        assert fetch(net.downloader(), URL) == b"x"
        assert server.requests[-1].startswith(b"GET /a%20b.png HTTP/1.1\r\n")


def test_a_redirect_that_leads_round_in_a_circle_ends(net):
    with serving(redirect(URL)) as server:
        net.add("pictures.example.com", server)
        with pytest.raises(DownloadFailed, match="more than 3 redirects") as caught:
            fetch(net.downloader(), URL)
        assert len(server.requests) == 4
    assert not caught.value.retryable


@pytest.mark.parametrize(
    "to",
    [
        "http://127.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "//10.0.0.1/",
        "http://[::1]/",
        "http://2130706433/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_INFO",
        "http://user:hunter2@127.0.0.1/",
        "http://pictures.example.com\\@127.0.0.1/",
        "http://[::1/hunter2",
        "http://p\xe4.example.com:hunter2/",
    ],
)
def test_a_redirect_to_what_is_not_public_is_refused(net, to):
    error = refused(net, redirect(to), DownloadNotAllowed)
    assert "hunter2" not in str(error)
    assert net.dialled == [PUBLIC]


def test_a_redirect_to_nowhere_has_failed(net):
    assert "redirect without an address" in str(refused(net, answer(b"", status="302 Found")))


def test_a_server_that_says_nothing_is_left_at_the_deadline(net):
    error = refused(net, lambda c: c.recv(1), total_timeout_s=0.2)
    assert "within 0.2 s" in str(error)
    assert error.retryable


def drip(before: bytes, piece: bytes):
    def talk(connection: socket.socket) -> None:
        connection.sendall(before)
        while True:
            connection.sendall(piece)
            time.sleep(0.02)

    return talk


@pytest.mark.parametrize(
    "talk",
    [
        drip(b"HTTP/1.1 200 OK\r\n", b"X"),
        drip(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
        drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        drip(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", b"x"),
        drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"x"),
        drip(b"HTTP/1.0 200 OK\r\n\r\n", b"x"),
    ],
    ids=["header", "headers", "continue", "body", "chunks", "extension", "endless"],
)
def test_a_server_that_drips_is_left_at_the_deadline(net, talk):
    assert "within 0.4 s" in str(refused(net, talk, total_timeout_s=0.4))


def test_the_deadline_is_one_for_all_redirects(net):
    def talk(connection: socket.socket) -> None:
        time.sleep(0.15)
        connection.sendall(redirect("/"))

    assert "within 0.4 s" in str(refused(net, talk, total_timeout_s=0.4, max_redirects=10))


def test_an_announced_size_past_the_limit_is_refused_at_once(net):
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100001\r\n\r\n"
    assert "at most 100,000 bytes" in str(refused(net, head, PictureTooLarge))
    with pytest.raises(PictureTooLarge):
        fetched(net, b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 19 + b"\r\n\r\n")


def endless(before: bytes, pieces):
    def talk(connection: socket.socket) -> None:
        connection.sendall(before)
        for piece in pieces:
            connection.sendall(piece)

    return talk


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"1000\r\n" + b"x" * 4096 + b"\r\n",
        ),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 4096),
    ],
    ids=["chunked", "until the end"],
)
def test_an_endless_body_is_left_at_the_limit(net, head, piece):
    refused(net, endless(head, itertools.repeat(piece)), PictureTooLarge)


def test_exactly_the_limit_is_taken(net):
    assert len(fetched(net, answer(b"x" * 100_000))) == 100_000


@pytest.mark.parametrize("encoding", ["gzip", "X-GZIP"])
def test_a_picture_that_a_server_compresses_is_inflated(net, encoding):
    picture = random.Random(1).randbytes(90_000) + bytes(9_000)
    sent = answer(gzip.compress(picture), f"Content-Encoding: {encoding}")
    assert fetched(net, sent) == picture


def test_inflating_ends_at_the_limit(net):
    bomb = gzip.compress(bytes(10_000_000))
    refused(net, answer(bomb, "Content-Encoding: gzip"), PictureTooLarge)


def test_headers_without_an_end_are_left(net):
    refused(
        net,
        endless(b"HTTP/1.1 200 OK\r\n", itertools.repeat(b"X-Header: " + b"x" * 5000 + b"\r\n")),
    )
    refused(net, endless(b"HTTP/1.1 200 OK\r\nX-Header: ", itertools.repeat(b"x" * 5000)))


@pytest.mark.parametrize(
    ("status", "retryable"),
    [
        ("204 No Content", False),
        ("206 Partial Content", False),
        ("304 Not Modified", False),
        ("401 Unauthorized", False),
        ("404 Not Found", False),
        ("408 Request Timeout", True),
        ("429 Too Many Requests", True),
        ("500 Oops", True),
        ("503 Service Unavailable", True),
    ],
)
def test_any_other_answer_than_200_has_failed(net, status, retryable):
    body = b"" if status[:3] in ("204", "304") else b"secret words"
    error = refused(net, answer(body, "X-Secret: words", status=status))
    assert f"answered {status[:3]}" in str(error)
    assert "secret" not in str(error)
    assert error.retryable is retryable


def test_a_server_may_say_when_to_come_back(net):
    def retry_after(value: str, status: str = "503 Busy") -> int | None:
        return refused(net, answer(b"", f"Retry-After: {value}", status=status)).retry_after_s

    assert retry_after("7") == 7
    assert retry_after("99999999999999999999") == 86400
    later = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    assert 3500 < retry_after(later) <= 3600
    assert retry_after("Fri, 31 Dec 1999 23:59:59 GMT") == 0
    assert retry_after("soon") is None
    assert retry_after("7", "404 Not Found") is None
