"""Addresses in answers, ids of requests, log lines, and errors of malformed requests."""

from __future__ import annotations

import json
import random
import socket
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.system.serving.server import PATIENCE_S, Server, read_all, running, wait_until


def location(server: Server, jpeg: bytes, headers: bytes) -> str:
    """Return the Location of an upload with these headers."""
    answered = server.exchange(
        b"POST /images/ HTTP/1.1\r\nContent-Type: image/jpeg\r\nConnection: close\r\n"
        b"Content-Length: %d\r\n%s\r\n%s" % (len(jpeg), headers, jpeg)
    )
    head = answered.partition(b"\r\n\r\n")[0].decode()
    fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:])
    return fields["location"]


@pytest.mark.parametrize(
    "host", ["img.example.com", "img.example.com:8080", "[::1]:8000", "my_host", "10.0.0.1"]
)
def test_location_is_under_the_host_of_the_request(server, jpeg, host):
    where = location(server, jpeg, b"Host: %s\r\n" % host.encode())
    assert where.startswith(f"http://{host}/images/")


@pytest.mark.parametrize(
    "host",
    [b'evil"><x', b"a b", b"a/../b", b"user@evil", b"a\\b", b"\xc3\xa9vil", b"<script>", b"a:b:c"],
)
def test_an_invalid_host_is_never_echoed(server, jpeg, host):
    where = location(server, jpeg, b"Host: %s\r\n" % host)
    assert where.startswith(f"http://127.0.0.1:{server.address[1]}/images/")


def test_no_header_can_be_smuggled_in_through_the_host(server):
    for break_ in (b"\r", b"\n", b"\0", b"\r\n "):
        answered = server.exchange(
            b"GET / HTTP/1.1\r\nHost: a%sSet-Cookie: x\r\nConnection: close\r\n\r\n" % break_
        )
        assert b"set-cookie" not in answered.partition(b"\r\n\r\n")[0].lower()


def test_forwarded_headers_of_clients_are_ignored(server, jpeg):
    """By default no proxy is trusted."""
    where = location(
        server,
        jpeg,
        b"Host: a.example\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https\r\n"
        b"Forwarded: host=evil.example;proto=https\r\nX-Forwarded-For: 1.2.3.4\r\n"
        b"X-Script-Name: /evil\r\n",
    )
    assert where.startswith("http://a.example/images/")
    assert {line["client"] for line in server.log_lines()} == {"127.0.0.1"}


def test_every_request_is_one_line_of_json_with_its_id_and_without_its_query(server, jpeg):
    path = server.upload(jpeg)
    secret = f"s3cr3t{random.randrange(10**9)}"
    answers = [
        server.get(f"{path}thumbnail/?width=20&sig={secret}", X_Request_Id="id-1"),
        server.get(f"/nothing?token={secret}", Authorization=f"Bearer {secret}", Cookie=secret),
        server.get("/health/live", X_Request_Id="not an id!"),
    ]
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert ids[0] == "id-1"
    assert "not" not in ids[2]
    wait_until(lambda: {line["request_id"] for line in server.log_lines()} >= set(ids))
    for answer, request_id in zip(answers, ids, strict=True):
        [line] = [line for line in server.log_lines() if line["request_id"] == request_id]
        assert line["status"] == answer.status
        assert line.keys() >= {"method", "path", "ms", "client", "timestamp", "level"}
    assert secret not in server.log


def test_every_line_of_the_log_is_json(tmp_path, jpeg):
    """Also gunicorn's own: machines read them."""
    with running(tmp_path) as server:
        server.upload(jpeg)
        server.exchange(b"nonsense\r\n\r\n")
        server.stop()
        greeting, hint, *lines = server.log.splitlines()
    assert greeting.startswith("ProgImage listens on ")
    assert hint.startswith("Try: curl ")
    assert {json.loads(line)["level"] for line in lines} >= {"info", "warning"}


ODD = st.sampled_from(
    [
        "%00",
        "%2f",
        "%2e%2e",
        "..",
        "%ff",
        "%",
        "%zz",
        "\\",
        ";",
        "&",
        "=",
        ":",
        ",",
        "'",
        '"',
        "<",
        "{",
        "}",
        "|",
        "^",
        "`",
        "~",
        "%0d%0a",
        "%e2%80%ae",
        "1e999",
        "NaN",
        "-1",
        "0x10",
        "é",
    ]
)
KNOWN = st.sampled_from(
    [
        "images",
        "on_demand",
        "transforms",
        "health",
        "live",
        "ready",
        "metadata",
        "renders",
        "thumbnail",
        "resize",
        "crop",
        "rotate",
        "watermark",
        "mask",
        "format",
        "quality",
        "compress",
        "auto",
        "w=1",
        "width=10",
        "fit=cover",
        "h=",
        ".webp",
        ".jpg",
        ".exe",
    ]
)
WORDS = st.one_of(ODD, KNOWN, st.text(max_size=8))
PATHS = st.lists(st.lists(WORDS, max_size=4).map("".join), max_size=5).map("/".join)
QUERIES = st.lists(st.tuples(WORDS, WORDS).map("=".join), max_size=4).map("&".join)
METHODS = st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "X", "get"])
HEADERS = st.dictionaries(
    st.sampled_from(
        [
            "Range",
            "If-None-Match",
            "If-Match",
            "If-Range",
            "Accept",
            "Content-Type",
            "Cookie",
            "Content-Disposition",
            "Accept-Encoding",
            "Authorization",
            "X-Request-Id",
            "Host",
        ]
    ),
    st.one_of(
        st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f")),
        st.sampled_from(
            [
                "bytes=0-",
                "bytes=-0",
                "*",
                'W/""',
                "image/*;q=nan",
                "image/jpeg",
                "application/json",
                "image/png;q=x",
                "multipart/form-data;boundary=a",
            ]
        ),
    ),
    max_size=4,
)


@settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=False,
)
@given(METHODS, st.booleans(), PATHS, QUERIES, HEADERS, st.binary(max_size=200))
def test_no_request_breaks_the_server(server, jpeg, method, of_picture, path, query, headers, body):
    """Every request is answered, none with a 500, none with internals of the server."""
    if of_picture and method != "DELETE":
        path = f"{server.upload(jpeg)[1:]}{path}"
    target = quote(f"/{path}", safe="/%:,;=&'\"<>{}|^`~\\.") + (
        f"?{quote(query, safe='/%:,;=&.')}" if query else ""
    )
    head = f"{method} {target} HTTP/1.1\r\n"
    head += "".join(f"{name}: {value.strip()}\r\n" for name, value in headers.items())
    head += "" if "Host" in headers else "Host: a\r\n"
    head += f"Connection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(server.address, timeout=PATIENCE_S) as connection:
        connection.sendall(head.encode("latin-1", "replace") + body)
        answered = read_all(connection)
    status = answered[9:12]
    assert answered.startswith(b"HTTP/1.1 "), head
    assert status.isdigit()
    assert status not in (b"500", b"502"), head
    assert b"unexpected error" not in answered
    for inside in (b"Traceback", b"site-packages", str(server.folder).encode()):
        assert inside not in answered


@pytest.mark.parametrize(
    ("request_", "status", "word"),
    [
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414, "8 KiB"),
        (b"GET / HTTP/1.1\r\nX-A: " + b"a" * 9000 + b"\r\n\r\n", 431, "8 KiB"),
        (b"nonsense\r\n\r\n", 400, "nonsense"),
        (b"GET / HTTP/1.1\r\nbad header\r\n\r\n", 400, "bad header"),
    ],
)
def test_a_malformed_request_gets_the_same_error_shape(server, request_, status, word):
    head, _, body = server.exchange(request_).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"Content-Type: application/problem+json" in head
    problem = json.loads(body)
    assert problem["status"] == status
    assert word in problem["detail"]
