"""With delivery.mode = "x-accel" the app decides and nginx sends."""

from __future__ import annotations

import os

import pytest

from progimage.stores import open_store
from tests.imaging.drawing import quadrants, saved
from tests.people import headers_of
from tests.system.nginx.front import host_port, in_front
from tests.system.nginx.test_renditions import SAME, canonical, hide
from tests.system.serving.server import assert_problem

HEADERS = (*(set(SAME) - {"link", "x-cache"}), "etag")


@pytest.fixture
def front(accelerated):
    return accelerated.front


@pytest.fixture
def picture(front, jpeg) -> str:
    return front.upload(jpeg)


def test_the_app_itself_sends_no_bytes(accelerated, picture):
    answer = accelerated.app.get(picture)
    assert answer.body == b""
    assert answer.headers["x-accel-redirect"].startswith("/_store/images/")


def test_an_original_is_sent_byte_for_byte_with_the_apps_headers(site, front, jpeg, picture):
    site.app.upload(jpeg)
    directly, answer = site.app.get(picture), front.get(picture)
    assert answer.status == 200
    assert answer.body == jpeg
    assert "x-accel-redirect" not in answer.headers
    assert {name: answer.headers.get(name) for name in HEADERS} == {
        name: directly.headers[name] for name in HEADERS
    }
    assert "x-request-id" in answer.headers


def test_every_character_of_a_key_survives_the_redirect(site, front, jpeg, picture):
    """By a spelling that is not canonical, so that the app has its say."""
    pipeline = "crop:x=1,y=2,w=20,h=10/watermark:text=by%20me%21/blur:1.5.webp"
    site.app.upload(jpeg)
    for server in (site.app, front):
        canonical(server, picture + pipeline)
    directly, answer = site.app.get(picture + pipeline), front.get(picture + pipeline)
    assert answer.status == 200
    assert answer.body == directly.body
    for name in (*SAME, "etag", "server-timing"):
        assert answer.headers[name] == directly.headers[name], name


def test_a_negotiated_rendition_still_varies_by_accept(front, picture):
    for _ in range(2):
        answer = front.get(f"{picture}resize:w=24.auto", Accept="image/webp")
        assert answer.headers["vary"] == "Accept"
        assert answer.headers["content-type"] == "image/webp"


def test_a_file_name_survives_the_redirect(front):
    data = saved(quadrants((44, 22)), "PNG")
    body = (
        b'--b\r\nContent-Disposition: form-data; name="image"; filename="caf\xc3\xa9 1.png"\r\n'
        b"Content-Type: image/png\r\n\r\n" + data + b"\r\n--b--\r\n"
    )
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    created = front.request("POST", "/images/", body, headers)
    answer = front.get(f"/images/{created.json['id']}/")
    assert answer.headers["content-disposition"] == (
        "inline; filename=\"caf_ 1.png\"; filename*=UTF-8''caf%C3%A9%201.png"
    )


def test_parts_of_an_original(front, jpeg, picture):
    etag = front.get(picture).headers["etag"]
    part = front.get(picture, Range="bytes=5-9", If_Range=etag)
    assert (part.status, part.body) == (206, jpeg[5:10])
    assert part.headers["content-range"] == f"bytes 5-9/{len(jpeg)}"
    stale = front.get(picture, Range="bytes=5-9", If_Range='"another"')
    assert (stale.status, stale.body) == (200, jpeg)


def test_a_range_past_the_end_is_a_problem_that_is_not_cached(front, picture):
    answer = front.get(picture, Range="bytes=9999999-")
    assert_problem(answer, 416, "Range")
    assert answer.headers["cache-control"] == "no-store"


def test_a_known_version_is_not_sent_again(front, picture):
    etag = front.get(picture).headers["etag"]
    answer = front.get(picture, If_None_Match=etag)
    assert (answer.status, answer.body) == (304, b"")
    assert answer.headers["etag"] == etag


def test_head_has_the_headers_of_get(front, jpeg, picture):
    head = front.request("HEAD", picture)
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(jpeg))
    assert head.headers["etag"] == front.get(picture).headers["etag"]


def test_a_private_original_is_not_for_caches(front, accelerated, jpeg):
    ann = headers_of(open_store(accelerated.app.store), "ann")
    sent = front.request("POST", "/images/", jpeg, {"Content-Type": "image/jpeg", **ann})
    picture = f"/images/{sent.json['id']}/"
    hide(front, picture, ann)
    assert_problem(front.get(picture), 404)
    answer = front.get(picture, **ann)
    assert answer.status == 200
    assert answer.headers["cache-control"] == "private, no-store"


def test_an_original_that_is_gone_is_a_problem_that_is_not_cached(accelerated, front, picture):
    [file] = accelerated.store.glob(f"images/*/{picture.split('/')[2]}/original-*")
    file.rename(file.with_name("elsewhere"))
    answer = front.get(picture)
    assert_problem(answer, 503, "upload the file again")
    assert answer.headers["retry-after"]
    assert "max-age" not in answer.headers.get("cache-control", "")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may run nginx as another user")
def test_a_file_that_nginx_may_not_read_is_the_same(accelerated, picture, tmp_path):
    """pytest's folders are closed to all other users."""
    upstream = host_port(accelerated.app)
    with in_front(tmp_path, accelerated.store, upstream, user="daemon") as stranger:
        answer = stranger.get(picture)
        assert_problem(answer, 503, "try again")
        assert "Permission denied" in stranger.log
