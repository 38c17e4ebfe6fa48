"""Uploads and downloads over a real socket, in every shape HTTP has for them."""

from __future__ import annotations

import io
import json
from contextlib import closing

import pytest
from PIL import Image

from tests.api.conftest import form
from tests.imaging.drawing import saved
from tests.system.serving.server import (
    Server,
    answer_of,
    assert_problem,
    peak_memory_bytes,
    running,
)


def chunks(data: bytes, size: int = 50):
    return (data[start : start + size] for start in range(0, len(data), size))


def shapes(data: bytes) -> dict[str, dict]:
    multipart = form(("image", data, "a.jpg"), ("title", "A"))
    raw = {"Content-Type": "image/jpeg"}
    return {
        "multipart": multipart,
        "raw": {"body": data, "headers": raw},
        "chunked": {"body": chunks(data), "headers": raw, "encode_chunked": True},
        "chunked multipart": {
            "body": chunks(multipart["body"]),
            "headers": multipart["headers"],
            "encode_chunked": True,
        },
    }


@pytest.mark.parametrize("shape", ["multipart", "raw", "chunked", "chunked multipart"])
def test_an_upload_is_found_where_location_says(server: Server, fresh_jpeg, shape):
    request = shapes(fresh_jpeg)[shape]
    if "chunked" in shape:
        request["headers"]["Transfer-Encoding"] = "chunked"
    created = server.request("POST", "/images/", **request)
    assert created.status == 201
    host, port = server.address
    prefix = f"http://{host}:{port}"
    assert created.headers["location"] == f"{prefix}/images/{created.json['id']}/"
    original = server.get(created.headers["location"].removeprefix(prefix))
    assert (original.status, original.body) == (200, fresh_jpeg)


def test_one_connection_serves_original_range_head_304_and_thumbnail(server: Server, jpeg):
    path = server.upload(jpeg)
    connection = server.connect()

    def ask(method: str, path: str, **headers: str):
        connection.request(method, path, headers={k.replace("_", "-"): headers[k] for k in headers})
        return answer_of(connection)

    with closing(connection):
        whole = ask("GET", path)
        first_socket = connection.sock
        assert whole.body == jpeg
        part = ask("GET", path, Range="bytes=10-19")
        assert (part.status, part.body) == (206, jpeg[10:20])
        tail = ask("GET", path, Range="bytes=-7")
        assert (tail.status, tail.body) == (206, jpeg[-7:])
        head = ask("HEAD", path)
        assert (head.status, head.body) == (200, b"")
        assert head.headers["content-length"] == str(len(jpeg))
        unchanged = ask("GET", path, If_None_Match=whole.headers["etag"])
        assert (unchanged.status, unchanged.body) == (304, b"")
        beyond = ask("GET", path, Range="bytes=999999-")
        assert_problem(beyond, 416)
        made = ask("GET", f"{path}thumbnail:20x20.png")
        assert Image.open(io.BytesIO(made.body)).size == (20, 13)
        again = ask("GET", f"{path}thumbnail:20x20.png")
        assert (again.headers["x-cache"], again.body) == ("hit", made.body)
        unchanged = ask("GET", f"{path}thumbnail:20x20.png", If_None_Match=made.headers["etag"])
        assert (unchanged.status, unchanged.body) == (304, b"")
        part = ask("GET", f"{path}thumbnail:20x20.png", Range="bytes=1-3")
        assert (part.status, part.body) == (206, b"PNG")
        assert connection.sock is first_socket


def test_a_range_of_a_rendition_just_made_is_that_of_the_cached_one(server: Server, fresh_jpeg):
    path = server.upload(fresh_jpeg)
    part = server.get(f"{path}sepia.png", Range="bytes=1-3")
    assert (part.status, part.headers["x-cache"], part.body) == (206, "miss", b"PNG")


def test_pipelined_requests_are_answered_in_order(server: Server, jpeg):
    path = server.upload(jpeg).encode()
    requested = b"".join(
        b"GET %s HTTP/1.1\r\nHost: a\r\n%s\r\n" % (where, last)
        for where, last in [
            (path + b"metadata/", b""),
            (b"/nothing", b""),
            (path, b"Connection: close\r\n"),
        ]
    )
    answered = server.exchange(requested)
    positions = [answered.find(mark) for mark in (b"200 OK", b"404 Not Found", jpeg)]
    assert positions == sorted(positions)
    assert min(positions) >= 0
    assert answered.endswith(jpeg)


def test_a_client_that_expects_100_continue_gets_it(server: Server, jpeg):
    with server.socket() as connection:
        connection.sendall(
            b"POST /images/ HTTP/1.1\r\nHost: a\r\nContent-Type: image/jpeg\r\n"
            b"Content-Length: %d\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n" % len(jpeg)
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 100 Continue\r\n")
        connection.sendall(jpeg)
        assert connection.recv(100).startswith(b"HTTP/1.1 20")


def test_a_refused_body_leaves_no_confusion_on_the_connection(server: Server, jpeg):
    """The rest of a body that was refused early is never taken for the next request."""
    connection = server.connect()
    with closing(connection):
        smuggled = b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n" * 100
        connection.request("POST", "/images/", smuggled, {"Content-Type": "text/plain"})
        assert_problem(answer_of(connection), 415)
        connection.request("GET", "/transforms/")
        assert "operations" in answer_of(connection).json


def test_large_pictures_pass_through_the_web_process_in_constant_memory(folder, jpeg):
    """A bound of a third of the picture, which is twice what its threads were seen to take."""
    large = saved(Image.new("RGB", (5_500, 5_500)), "BMP")
    limits = {"upload_max_bytes": 2 * len(large), "upload_max_request_bytes": 2 * len(large)}
    with running(folder, **limits) as server:
        [web] = server.web_workers()
        # What a process loads once, at its first picture, is no part of the measure.
        path = server.upload(jpeg)
        assert server.get(path, Range="bytes=5-").status == 206
        assert server.request("POST", "/images/", **form(("image", jpeg, "a.jpg"))).status == 200
        before = peak_memory_bytes(web)
        path = server.upload(large)
        is_whole = server.get(path).body == large
        assert is_whole, "a failed comparison would print 90 MB"
        assert len(server.get(path, Range="bytes=5000000-").body) == len(large) - 5_000_000
        multipart = form(("image", large + b"x", "a.bmp"))
        assert server.request("POST", "/images/", **multipart).status in (201, 422)
        assert peak_memory_bytes(web) - before < len(large) // 3


def test_many_pictures_in_one_request_are_each_answered(server: Server, jpeg):
    sent = form(("image", jpeg, "a.jpg"), ("image", b"no picture", "b.jpg"))
    answer = server.request("POST", "/images/", **sent)
    assert answer.status == 207
    assert [item["status"] in (200, 201) for item in answer.json["images"]] == [True, False]
    assert json.dumps(answer.json)
