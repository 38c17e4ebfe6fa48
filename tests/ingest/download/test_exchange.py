"""Requests, and answers that are not whole or not HTTP."""

from __future__ import annotations

import gzip
import socket
import struct

import pytest

from tests.ingest.download.servers import (
    URL,
    answer,
    fetch,
    fetched,
    refused,
    serving,
)


def test_the_request_says_no_more_than_it_must(net, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with serving(answer(b"x")) as server:
        net.add("pictures.example.com", server)
        fetch(net.downloader(), URL)
    [request] = server.requests
    first, *headers = request.decode().rstrip().split("\r\n")
    assert first == "GET /a/cat.jpg?size=2 HTTP/1.1"
    names = {header.partition(":")[0] for header in headers}
    assert names == {"Host", "User-Agent", "Accept", "Accept-Encoding", "Via", "Connection"}
    assert "Host: pictures.example.com" in headers
    assert "Accept-Encoding: identity" in headers


def test_more_bytes_than_announced_are_not_read(net):
    assert fetched(net, b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef") == b"abc"


def test_every_request_has_the_headers_of_the_settings(net):
    headers = {"User-Agent": "Shop/1.0", "Referer": "https://shop.example/"}
    with serving(answer(b"x")) as server:
        net.add("pictures.example.com", server)
        fetch(net.downloader(headers=headers), URL)
    lines = server.requests[-1].split(b"\r\n")
    assert b"Referer: https://shop.example/" in lines
    assert [line for line in lines if line.startswith(b"User-Agent")] == [b"User-Agent: Shop/1.0"]


@pytest.mark.parametrize(
    "sent",
    [
        (b"no gzip", "Content-Encoding: gzip"),
        (gzip.compress(bytes(100))[:-5], "Content-Encoding: gzip"),
        (b"x", "Content-Encoding: br"),
        (b"x", "Content-Encoding: gzip, gzip"),
    ],
    ids=["other bytes", "cut", "another way", "twice"],
)
def test_other_compressed_answers_have_failed(net, sent):
    refused(net, answer(*sent))


def test_compressed_chunks_have_failed(net):
    refused(net, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")


@pytest.mark.parametrize(
    "sent",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        b"HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\nabcd",
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\nabcd",
        b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n",
        b"HTTP/1.1 twohundred\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"\x00\xff\x00\xff" * 100,
        b"",
    ],
)
def test_an_answer_that_is_not_http_or_not_whole_has_failed(net, sent):
    error = refused(net, sent)
    assert error.retryable
    assert "SSH" not in str(error)


def test_a_connection_reset_within_the_body_has_failed(net):
    def talk(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nabc")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    assert refused(net, talk).retryable
