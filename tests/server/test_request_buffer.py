"""When a request is handed to a thread: once its head and a short body have arrived."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progimage.server.request_buffer import MAX_HEAD, SHORT_BODY, RequestBuffer

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


def post(length: int | str, *headers: str) -> bytes:
    lines = ["POST / HTTP/1.1", "Host: a", f"Content-Length: {length}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def fed(*pieces: bytes) -> RequestBuffer:
    buffer = RequestBuffer()
    for piece in pieces:
        buffer.feed(piece)
    return buffer


def complete_after(request: bytes) -> int:
    """Return how many bytes have to arrive, one by one, until the request is complete."""
    buffer = RequestBuffer()
    for count, byte in enumerate(request, 1):
        buffer.feed(bytes([byte]))
        if buffer.is_complete:
            return count
    pytest.fail("it never was complete")


@pytest.mark.parametrize(
    "request_",
    [
        GET,
        post(5) + b"hello",
        post(0),
        post("05") + b"hello",
        CHUNKED + b"0\r\n\r\n",
        CHUNKED + b"5\r\nhello\r\n0\r\n\r\n",
        CHUNKED + b"5;name=value\r\nhello\r\n1\r\n!\r\n0\r\nTrailer: a\r\n\r\n",
        CHUNKED + b"2\r\n\r\n\r\n0\r\n\r\n",
    ],
)
def test_a_request_is_complete_with_its_last_byte(request_):
    assert complete_after(request_) == len(request_)


@pytest.mark.parametrize(
    "head",
    [
        post(SHORT_BODY + 1),
        post("x"),
        post("-1"),
        post("9" * 20),
        post(5, "Content-Length: 5"),
        post(5, "Transfer-Encoding: chunked"),
        b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    ],
)
def test_after_the_head_no_thread_waits_for_a_long_or_malformed_body(head):
    assert complete_after(head) == len(head)


@pytest.mark.parametrize(
    "body", [b"zz\r\n", b"\r\n", b"-1\r\n", b"f" * 1100, b"fffff\r\n", b"0x5\r\nhello\r\n"]
)
def test_no_thread_waits_for_malformed_or_long_chunks(body):
    assert fed(CHUNKED, body).is_complete


def test_many_chunks_that_are_long_together_are_not_waited_for():
    assert fed(CHUNKED, b"400\r\n" + b"a" * 1024 + b"\r\n").is_complete is False
    assert fed(CHUNKED, (b"400\r\n" + b"a" * 1024 + b"\r\n") * 130).is_complete


def test_a_head_without_end_is_left_to_the_parser():
    assert fed(b"GET / HTTP/1.1\r\nX: ", b"a" * MAX_HEAD).is_complete


def test_the_end_of_what_a_client_sends_is_the_end_of_the_request():
    assert fed(b"GET / HT", b"").is_complete
    assert fed(post(5) + b"he", b"").is_complete


def test_two_concurrent_requests_are_both_stored():
    assert fed(GET + GET).data == GET + GET


def test_an_expectation_is_taken_once_and_leaves_the_rest():
    buffer = fed(post(5, "Expect: 100-Continue", "X: y"))
    assert buffer.take_expectation()
    assert not buffer.take_expectation()
    buffer.feed(b"hell")
    assert not buffer.is_complete
    buffer.feed(b"o")
    assert buffer.is_complete
    assert bytes(buffer.data) == post(5, "X: y") + b"hello"


def test_an_expectation_before_chunks_is_taken_too():
    buffer = fed(CHUNKED.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"))
    assert buffer.take_expectation()
    buffer.feed(b"1\r\na\r\n0\r\n\r")
    assert not buffer.is_complete
    buffer.feed(b"\n")
    assert buffer.is_complete


def test_an_expectation_before_a_long_body_is_left_to_the_app():
    assert not fed(post(SHORT_BODY + 1, "Expect: 100-continue")).take_expectation()


REQUESTS = st.lists(
    st.sampled_from(
        [b"\r\n", b"Content-Length: 3", b"Transfer-Encoding: chunked", b"3", b"0", b"abc", b":"]
    ),
    max_size=30,
).map(b"".join)


@given(REQUESTS, st.lists(st.integers(1, 20), max_size=20))
def test_how_bytes_are_cut_changes_nothing(request_, cuts):
    pieces, rest = [], b"POST / HTTP/1.1\r\n" + request_
    for cut in cuts:
        pieces.append(rest[:cut])
        rest = rest[cut:]
    in_pieces = fed(*[piece for piece in (*pieces, rest) if piece])
    at_once = fed(b"POST / HTTP/1.1\r\n" + request_)
    assert in_pieces.is_complete == at_once.is_complete
    assert in_pieces.data == at_once.data
