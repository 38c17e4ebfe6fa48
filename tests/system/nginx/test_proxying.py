"""What nginx passes to the app, and what it makes of the answers."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from progimage.config import Settings
from tests.system.nginx.front import NOWHERE, host_port, in_front
from tests.system.serving.server import assert_problem, read_all, wait_until

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


@contextmanager
def scripted(answer: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """Run a node that answers every request so; yield where, and a list of what it was sent."""
    heard: list[bytes] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                heard.append(connection.recv(65536))
                connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}", heard
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_an_upload_arrives_and_its_location_is_where_the_client_asked(site, jpeg):
    answer = site.front.request(
        "POST", "/images/", jpeg, {"Content-Type": "image/jpeg", "Host": "img.example:8443"}
    )
    assert answer.status == 201
    picture = f"/images/{answer.json['id']}/"
    assert answer.headers["location"] == f"http://img.example:8443{picture}"
    assert site.front.get(picture).body == jpeg


def test_a_client_cannot_choose_what_it_is_known_as(site, jpeg):
    """Headers that only proxies may send count from nginx, not from those before it."""
    headers = {
        "Content-Type": "image/jpeg",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-For": "198.51.100.7",
        "Forwarded": "host=evil.example;proto=https",
    }
    answer = site.front.request("POST", "/images/", jpeg, headers)
    picture = f"/images/{answer.json['id']}/"
    assert answer.headers["location"] == f"http://{host_port(site.front)}{picture}"


def test_the_app_gets_the_address_of_the_client(site):
    with socket.socket() as client:
        client.bind(("127.0.0.2", 0))
        client.connect(site.front.address)
        client.sendall(
            b"GET /transforms/ HTTP/1.1\r\nHost: x\r\nX-Request-Id: who-asked\r\n"
            b"Connection: close\r\n\r\n"
        )
        assert b"200 OK" in read_all(client)
    wait_until(lambda: [line for line in site.app.log_lines() if line["request_id"] == "who-asked"])
    [line] = [line for line in site.app.log_lines() if line["request_id"] == "who-asked"]
    assert line["client"] == "127.0.0.2"


def test_a_client_of_http_1_0_without_a_host_is_answered(site):
    assert b" 200 OK" in site.front.exchange(b"GET /transforms/ HTTP/1.0\r\n\r\n")


@pytest.mark.parametrize(
    "target",
    ["/images/a%2Fb/c%20d", "/images//x", "/x/%2e%2e/y?a=%2F&b=%20c", "/images/%C3%BC?"],
)
def test_the_app_sees_the_address_as_the_client_wrote_it(tmp_path, target):
    with scripted(OK) as (node, heard), in_front(tmp_path, tmp_path, node) as front:
        assert front.get(target).body == b"ok"
        assert heard[0].startswith(f"GET {target} HTTP/1.1\r\n".encode())


def test_a_missing_rendition_is_asked_for_as_the_client_wrote_it(tmp_path):
    target = f"/images/{64 * 'a'}/resize%3Awidth=24.jpg"
    with scripted(OK) as (node, heard), in_front(tmp_path, tmp_path, node) as front:
        assert front.get(target).body == b"ok"
        assert heard[0].startswith(f"GET {target} HTTP/1.1\r\n".encode())


def test_the_app_hears_of_an_upload_when_all_of_it_is_here(tmp_path, jpeg):
    """So no thread of the app waits for a slow client."""
    with scripted(OK) as (node, heard), in_front(tmp_path, tmp_path, node) as front:
        with front.socket() as client:
            client.sendall(b"POST /images/ HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab")
            # Served meanwhile on the same node, so nginx had its chance to pass on the other.
            assert front.get("/").body == b"ok"
            assert [request[:4] for request in heard] == [b"GET "]
            client.sendall(b"cd")
            assert b"200 OK" in client.recv(65536)
        assert heard[1].endswith(b"\r\n\r\nabcd")


def test_the_app_hears_of_a_resumable_upload_while_it_comes(tmp_path):
    """So it has what came before the connection broke."""
    with scripted(OK) as (node, heard), in_front(tmp_path, tmp_path, node) as front:
        with front.socket() as client:
            client.sendall(b"PATCH /uploads/a HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab")
            assert b"200 OK" in client.recv(65536)
        assert heard[0].startswith(b"PATCH /uploads/a ")
        assert not heard[0].endswith(b"abcd")


def test_a_resumable_upload_goes_through(site, jpeg):
    tus = {"Tus-Resumable": "1.0.0"}
    length = {"Upload-Length": str(len(jpeg))}
    created = site.front.request("POST", "/uploads/", headers=tus | length)
    assert created.status == 201, created.body[:2000]
    assert created.headers["location"].startswith(f"http://{host_port(site.front)}/uploads/")
    path = created.headers["location"].removeprefix(f"http://{host_port(site.front)}")
    for start, end in [(0, 100), (100, len(jpeg))]:
        piece = {"Upload-Offset": str(start), "Content-Type": "application/offset+octet-stream"}
        answer = site.front.request("PATCH", path, jpeg[start:end], tus | piece)
        assert answer.status == 204, answer.body[:2000]
        assert answer.headers["upload-offset"] == str(end)


def test_a_request_larger_than_the_app_takes_is_refused_before_it_is_sent(site):
    size = Settings().upload.max_request_bytes
    answer = site.front.request("POST", "/images/", headers={"Content-Length": str(size + 1)})
    assert_problem(answer, 413, "upload.max_request_bytes")
    assert "x-request-id" not in answer.headers


def test_a_picture_larger_than_the_app_takes_is_refused_by_the_app(site):
    size = Settings().upload.max_bytes
    headers = {"Content-Type": "image/png"}
    answer = site.front.request("POST", "/images/", bytes(size + 1), headers)
    assert_problem(answer, 413, "bytes")
    assert "x-request-id" in answer.headers


def test_headers_that_are_too_large_are_a_problem(site):
    assert_problem(site.front.get("/", X_Long=20_000 * "x"), 431)


def test_an_address_that_is_too_long_is_a_problem(site):
    assert_problem(site.front.get(f"/{20_000 * 'x'}"), 414)


def test_an_answer_that_is_not_http_is_a_problem(site):
    answer = site.front.exchange(b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"Content-Type: application/problem+json" in answer


def test_the_apps_own_errors_come_through_untouched(site):
    answer = site.front.get(f"/images/{64 * '0'}/")
    assert_problem(answer, 404, 64 * "0")
    assert "x-request-id" in answer.headers


def test_errors_of_nginx_have_the_members_that_the_apps_errors_have(site, tmp_path):
    by_app = site.front.get("/nothing/here")
    with in_front(tmp_path, tmp_path, NOWHERE) as front:
        by_nginx = front.get("/nothing/here")
    assert by_nginx.json.keys() == by_app.json.keys()
    assert by_nginx.json["status"] == by_nginx.status == 502
    assert by_nginx.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_a_node_that_hangs_up_is_passed_over_where_repeating_is_safe(tmp_path, method):
    with (
        scripted(b"") as (broken, heard),
        scripted(OK) as (sound, _),
        in_front(tmp_path, tmp_path, broken, sound) as front,
    ):
        assert [front.request(method, "/").status for _ in range(4)] == 4 * [200]
        assert heard


def test_a_post_is_never_sent_twice(tmp_path):
    with (
        scripted(b"") as (one, heard_by_one),
        scripted(b"") as (two, heard_by_two),
        in_front(tmp_path, tmp_path, one, two) as front,
    ):
        assert_problem(front.request("POST", "/images/", b"body"), 502)
        assert len(heard_by_one) + len(heard_by_two) == 1


def test_a_post_goes_to_another_node_if_the_first_is_not_there(tmp_path):
    with scripted(OK) as (sound, _), in_front(tmp_path, tmp_path, NOWHERE, sound) as front:
        for _ in range(4):
            assert front.request("POST", "/images/", b"body").status == 200


def test_the_log_distinguishes_hits_from_misses_and_has_no_query(site, picture):
    path = f"{picture}resize:width=25.jpg"
    site.front.get(path, X_Request_Id="miss-1")
    site.front.get(path)
    site.front.get(f"{path}?signature=s3cret")

    def lines() -> list[dict[str, object]]:
        entries = map(json.loads, site.front.access_log.read_text("utf-8").splitlines())
        return [entry for entry in entries if entry["path"] == path]

    wait_until(lambda: len(lines()) == 3)
    assert [(line["status"], line["cache"]) for line in lines()[:2]] == [
        (200, "miss"),
        (200, "hit"),
    ]
    assert lines()[0]["request_id"] == "miss-1"
    assert "s3cret" not in site.front.access_log.read_text("utf-8")


@pytest.mark.parametrize(
    "path", ["/metrics", "/metrics/", "//metrics", "/%6detrics", "/x/../metrics"]
)
def test_metrics_of_a_node_are_not_public(site, path):
    assert site.app.get("/metrics").status == 200
    answer = site.front.get(path)
    assert answer.status == 404
    assert b"progimage_" not in answer.body
