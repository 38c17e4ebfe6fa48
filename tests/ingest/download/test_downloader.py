"""Fetching from servers that answer well, badly, or for ever."""

from __future__ import annotations

import gzip
import itertools
import random
import socket
import struct
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from pydantic import ValidationError

from progimage.config import Download
from progimage.errors import DownloadFailed, DownloadNotAllowed, PictureTooLarge
from progimage.ingest.download.downloader import Downloader
from tests.ingest.download.servers import (
    OTHER_PUBLIC,
    PUBLIC,
    FakeInternet,
    answer,
    fetch,
    redirect,
    serving,
)

URL = "http://pictures.example.com/a/cat.jpg?size=2"


@pytest.fixture
def net() -> FakeInternet:
    return FakeInternet()


def fetched(net: FakeInternet, talk, **settings) -> bytes:
    """Return what comes from a server that talks like this."""
    with serving(talk) as server:
        net.add("pictures.example.com", server)
        return fetch(net.downloader(**settings), URL)


def refused(net: FakeInternet, talk, error=DownloadFailed, **settings):
    """Return the error that comes of a server that talks like this."""
    with pytest.raises(error) as caught:
        fetched(net, talk, **settings)
    return caught.value


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


def test_an_answer_in_chunks_or_until_the_end_is_whole(net):
    chunked = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    )
    assert fetched(net, chunked) == b"abcde"
    assert fetched(net, b"HTTP/1.0 200 OK\r\n\r\nabcde") == b"abcde"


def test_more_bytes_than_announced_are_not_read(net):
    assert fetched(net, b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef") == b"abc"


# Where to


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://0.0.0.0/",
        "http://localhost/",
        "http://intranet/",
    ],
)
def test_private_addresses_are_refused_without_a_connection(net, url):
    net.names = {"localhost": [["127.0.0.1"]], "intranet": [["10.0.0.1"]]}
    with pytest.raises(DownloadNotAllowed, match="no public address"):
        fetch(net.downloader(), url)
    assert net.dialled == []


def test_a_name_of_which_one_address_is_private_is_refused(net):
    net.names["pictures.example.com"] = [[PUBLIC, "10.0.0.1"]]
    with pytest.raises(DownloadNotAllowed, match="no public address"):
        fetch(net.downloader(), URL)
    assert net.dialled == []


def test_a_private_name_and_one_that_is_not_there_look_alike(net):
    net.names["pictures.example.com"] = [["10.0.0.1"]]
    messages = set()
    for url in (URL, "http://nowhere.example.com/"):
        with pytest.raises(DownloadNotAllowed) as caught:
            fetch(net.downloader(), url)
        messages.add(str(caught.value))
    assert len(messages) == 1


def test_a_name_that_changes_its_answer_gets_the_connection_that_was_checked(net):
    with serving(answer(b"public")) as server:
        net.add("pictures.example.com", server)
        net.names["pictures.example.com"] = [[PUBLIC], ["127.0.0.1"]]
        assert fetch(net.downloader(), URL) == b"public"
        assert net.dialled == [PUBLIC]
        # The next look at it finds the other address, and refuses that.
        with pytest.raises(DownloadNotAllowed):
            fetch(net.downloader(), URL)
        assert net.dialled == [PUBLIC]


def test_a_name_that_changes_its_answer_between_redirects_is_checked_again(net):
    with serving(redirect(URL)) as server:
        net.add("pictures.example.com", server)
        net.names["pictures.example.com"] = [[PUBLIC], ["127.0.0.1"]]
        with pytest.raises(DownloadNotAllowed):
            fetch(net.downloader(), URL)
    assert net.dialled == [PUBLIC]


def test_the_next_address_is_tried_when_one_does_not_answer(net):
    with serving(answer(b"second")) as server:
        net.add("pictures.example.com", server, OTHER_PUBLIC)
        net.names["pictures.example.com"] = [[PUBLIC, OTHER_PUBLIC]]
        assert fetch(net.downloader(), URL) == b"second"
    assert net.dialled == [PUBLIC, OTHER_PUBLIC]


def test_a_refused_connection_may_be_tried_again(net):
    net.names["pictures.example.com"] = [[PUBLIC]]
    with pytest.raises(DownloadFailed, match="no server answers") as caught:
        fetch(net.downloader(), URL)
    assert caught.value.retryable


def test_this_server_itself_is_refused_by_its_public_address_too(net):
    class Mirror(socket.socket):
        def getsockname(self):
            return (PUBLIC, 50000)

    net.names["pictures.example.com"] = [[PUBLIC]]
    net.dial = lambda *_: Mirror()
    with pytest.raises(DownloadNotAllowed, match="this server itself"):
        fetch(net.downloader(), URL)


def test_private_networks_may_be_opened_but_never_metadata(net):
    with serving(answer(b"inside")) as server:
        settings = Download(allow_private=True)
        assert fetch(Downloader(settings, 1000), f"http://127.0.0.1:{server.port}/") == b"inside"
        assert fetch(Downloader(settings, 1000), f"http://localhost:{server.port}/") == b"inside"
    for host in ("169.254.169.254", "[fd00:ec2::254]", "[::ffff:127.0.0.1]", "[::]"):
        with pytest.raises(DownloadNotAllowed):
            fetch(net.downloader(allow_private=True), f"http://{host}/")


def test_only_allowed_hosts_are_fetched_from_and_never_denied_ones(net):
    def get(url: str, **settings) -> bytes:
        return fetch(net.downloader(**settings), url)

    with serving(answer(b"x")) as server:
        net.add("pictures.example.com", server)
        assert get(URL, allowed_hosts=["*.example.com"]) == b"x"
        assert get("http://PICTURES.example.com/", allowed_hosts=["pictures.EXAMPLE.com"]) == b"x"
        for settings in (
            {"allowed_hosts": ["example.com"]},
            {"denied_hosts": ["pictures.example.com"]},
            {"allowed_hosts": ["*.example.com"], "denied_hosts": ["*.example.com"]},
            {"denied_hosts": [PUBLIC]},
        ):
            with pytest.raises(DownloadNotAllowed, match="this host"):
                get(URL, **settings)


def test_every_request_has_the_headers_of_the_settings(net):
    headers = {"User-Agent": "Shop/1.0", "Referer": "https://shop.example/"}
    with serving(answer(b"x")) as server:
        net.add("pictures.example.com", server)
        fetch(net.downloader(headers=headers), URL)
    lines = server.requests[-1].split(b"\r\n")
    assert b"Referer: https://shop.example/" in lines
    assert [line for line in lines if line.startswith(b"User-Agent")] == [b"User-Agent: Shop/1.0"]


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


# Redirects


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


# Time


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


def test_a_resolver_that_hangs_is_left_at_the_deadline(net):
    net.look_up = lambda name, port: time.sleep(1) or [PUBLIC]
    with pytest.raises(DownloadFailed, match=r"within 0\.1 s"):
        fetch(net.downloader(total_timeout_s=0.1), URL)


def test_a_resolver_in_trouble_may_be_asked_again(net):
    def look_up(name: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_AGAIN, "try again")

    net.look_up = look_up
    with pytest.raises(DownloadFailed, match="looked up") as caught:
        fetch(net.downloader(), URL)
    assert caught.value.retryable


# Bytes


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


def test_headers_without_an_end_are_left(net):
    refused(
        net,
        endless(b"HTTP/1.1 200 OK\r\n", itertools.repeat(b"X-Header: " + b"x" * 5000 + b"\r\n")),
    )
    refused(net, endless(b"HTTP/1.1 200 OK\r\nX-Header: ", itertools.repeat(b"x" * 5000)))


# Statuses


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
