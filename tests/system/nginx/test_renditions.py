"""Cached public renditions leave from the folder, everything else from the app."""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Mapping

import pytest
from PIL import Image

from progimage import keys
from progimage.imaging.codecs import formats
from tests.system.nginx.conftest import came_from_nginx
from tests.system.nginx.front import CONF, Front, host_port, in_front
from tests.system.serving.server import Server, assert_problem, running

# What nginx and the app must agree on, for one URL is answered now by one, now by the other.
SAME = (
    "content-type",
    "content-length",
    "cache-control",
    "content-security-policy",
    "cross-origin-resource-policy",
    "content-disposition",
    "x-content-type-options",
    "accept-ranges",
    "link",
    "x-cache",
)
PIPELINES = [
    "resize:width=24.jpg",
    "crop:height=10,width=20,x=1,y=2/rotate:degrees=90/grayscale.webp",
    "blur:radius=1.5/quality:value=70.jpg",
    "resize:width=24/watermark:text=by%20me%21.png",
]


def canonical(server: Server | Front, path: str) -> str:
    """Make the rendition and return its canonical URL."""
    answer = server.get(path)
    assert answer.status == 200, answer.body[:2000]
    found = re.fullmatch(r'<(.+)>; rel="canonical"', answer.headers["link"])
    assert found
    return found[1]


def hide(server: Server | Front, picture: str, who: Mapping[str, str]) -> None:
    """Turn a picture private."""
    etag = server.get(f"{picture}metadata/", **who).headers["etag"]
    headers = {"Content-Type": "application/merge-patch+json", "If-Match": etag, **who}
    answer = server.request("PATCH", f"{picture}metadata/", b'{"visibility": "private"}', headers)
    assert answer.status == 200, answer.body[:2000]


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_the_first_request_is_rendered_and_the_second_never_reaches_the_app(
    site, picture, pipeline
):
    url = canonical(site.front, picture + pipeline)
    assert url.startswith(picture)
    first, second = site.app.get(url), site.front.get(url)
    assert second.status == 200
    assert came_from_nginx(second)
    assert second.body == first.body


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_nginx_sends_the_headers_that_the_app_sends(site, picture, pipeline):
    url = canonical(site.front, picture + pipeline)
    by_app, by_nginx = site.app.get(url), site.front.get(url)
    assert came_from_nginx(by_nginx)
    assert {name: by_nginx.headers.get(name) for name in SAME} == {
        name: by_app.headers[name] for name in SAME
    }


@pytest.mark.parametrize("form", formats.WRITABLE, ids=lambda form: form.name)
def test_every_format_is_served_with_its_media_type(site, picture, form):
    url = canonical(site.front, f"{picture.rstrip('/')}.{form.extension}")
    assert url == f"{picture.rstrip('/')}.{form.extension}"
    answer, by_app = site.front.get(url), site.app.get(url)
    assert came_from_nginx(answer)
    assert answer.headers["content-type"] == form.media_type
    assert {name: answer.headers.get(name) for name in SAME} == {
        name: by_app.headers[name] for name in SAME
    }


def test_the_configuration_knows_the_engine_version_and_every_format():
    text = CONF.read_text("utf-8")
    assert f'map "" $engine {{ default {keys.ENGINE_VERSION}; }}' in text
    types = re.search(r"types \{(.*?)\}", text, re.S)
    extensions = re.search(r"\(\?<ext>([a-z0-9|]+)\)", text)
    assert types
    assert extensions
    assert dict(re.findall(r"(\S+) (\S+);", types[1])) == {
        form.media_type: form.extension for form in formats.WRITABLE
    }
    assert set(extensions[1].split("|")) == {form.extension for form in formats.WRITABLE}


@pytest.mark.parametrize("suffix", ["resize:w=24.jpg", "resize:width=24", "thumbnail/"])
def test_other_spellings_of_a_url_are_answered_by_the_app_from_its_cache(site, picture, suffix):
    canonical(site.front, picture + suffix)
    again = site.front.get(picture + suffix)
    assert again.headers["x-cache"] == "hit"
    assert "x-request-id" in again.headers


def test_a_query_goes_to_the_app_even_where_a_file_has_the_same_path(site, picture):
    url = canonical(site.front, f"{picture}resize:width=24.jpg")
    assert_problem(site.front.get(f"{url}?colour=blue"), 400, "colour")


def test_the_cache_key_of_a_conversion_is_not_its_url(site, picture):
    canonical(site.front, f"{picture.rstrip('/')}.webp")
    assert_problem(site.front.get(f"{picture}original.webp"), 400, "original")


def test_a_format_to_be_negotiated_is_never_answered_from_a_file(site, picture):
    canonical(site.front, f"{picture}resize:width=24.auto")
    for accept, expected in [("image/webp", "image/webp"), ("image/jpeg", "image/jpeg")]:
        for _ in range(2):
            answer = site.front.get(f"{picture}resize:width=24.auto", Accept=accept)
            assert answer.headers["content-type"] == expected
            assert answer.headers["vary"] == "Accept"
            assert "x-request-id" in answer.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_other_methods_go_to_the_app(site, picture, method):
    url = canonical(site.front, f"{picture}resize:width=24.jpg")
    answer = site.front.request(method, url, b"body")
    assert_problem(answer, 405, method)
    assert "GET" in answer.headers["allow"]


def test_head_is_get_without_the_body(site, picture):
    url = canonical(site.front, f"{picture}resize:width=24.jpg")
    get, head = site.front.get(url), site.front.request("HEAD", url)
    assert came_from_nginx(head)
    assert head.body == b""
    assert head.headers.items() - {("date", head.headers["date"])} == get.headers.items() - {
        ("date", get.headers["date"])
    }


def test_a_range_request_gets_a_part(site, picture):
    url = canonical(site.front, f"{picture}resize:width=24.jpg")
    whole = site.front.get(url)
    part = site.front.get(url, Range="bytes=10-19", If_Range=whole.headers["etag"])
    assert came_from_nginx(part)
    assert (part.status, part.body) == (206, whole.body[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(whole.body)}"


def test_a_part_past_the_end_is_a_problem(site, picture):
    url = canonical(site.front, f"{picture}resize:width=24.jpg")
    size = len(site.front.get(url).body)
    answer = site.front.get(url, Range="bytes=9999999-")
    assert_problem(answer, 416, "Range")
    assert answer.headers["content-range"] == f"bytes */{size}"
    assert answer.headers["cache-control"] == "no-store"


def test_many_parts_at_once_are_answered_with_the_whole(site, picture):
    url = canonical(site.front, f"{picture}resize:width=24.jpg")
    answer = site.front.get(url, Range="bytes=0-1,3-4,6-7")
    assert (answer.status, answer.body) == (200, site.front.get(url).body)


def test_a_known_version_is_not_sent_again(site, picture):
    url = canonical(site.front, f"{picture}resize:width=24.jpg")
    etag = site.front.get(url).headers["etag"]
    answer = site.front.get(url, If_None_Match=f'"other", {etag}')
    assert came_from_nginx(answer)
    assert (answer.status, answer.body) == (304, b"")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_a_purge_takes_effect_at_once(site, picture):
    url = canonical(site.front, f"{picture}resize:width=24.jpg")
    for _ in range(3):
        assert came_from_nginx(site.front.get(url))
        purged = site.front.request("DELETE", f"{picture}renders/")
        assert json.loads(purged.body)["purged"] == 1
        assert site.front.get(url).headers["x-cache"] == "miss"


def test_a_deleted_picture_is_gone_at_once(site, picture):
    url = canonical(site.front, f"{picture}resize:width=24.jpg")
    assert came_from_nginx(site.front.get(url))
    assert site.front.request("DELETE", picture).status == 204
    assert_problem(site.front.get(url), 404)


def test_a_picture_turned_private_is_gone_at_once(site, anns_picture, ann):
    picture = anns_picture
    urls = [
        canonical(site.front, f"{picture}resize:width=24.jpg"),
        canonical(site.front, f"{picture.rstrip('/')}.webp"),
    ]
    assert all(came_from_nginx(site.front.get(url)) for url in urls)
    hide(site.front, picture, ann)
    for url in urls:
        assert_problem(site.front.get(url), 404)
        answer = site.front.get(url, **ann)
        assert not came_from_nginx(answer)
        assert answer.headers["cache-control"] == "private, no-store"
        # Also once it is in the cache for its owner.
        assert site.front.get(url, **ann).headers["x-cache"] == "hit"
        assert_problem(site.front.get(url), 404)


def test_cached_renditions_outlive_the_app_and_the_rest_is_a_problem(tmp_path, jpeg):
    with (
        running(tmp_path / "app") as app,
        in_front(tmp_path / "front", tmp_path / "app" / "store", host_port(app)) as front,
    ):
        picture = front.upload(jpeg)
        cached = canonical(front, f"{picture}resize:width=24.jpg")
        before = front.get(cached)
        app.close()
        after = front.get(cached)
        assert came_from_nginx(after)
        assert after.body == before.body
        assert Image.open(io.BytesIO(after.body)).size == (24, 16)
        for path in (picture, f"{picture}resize:width=25.jpg", f"{cached}?width=24", "/"):
            answer = front.get(path)
            assert_problem(answer, 502, "try again")
            assert answer.headers["retry-after"] == "5"
            assert answer.headers["cache-control"] == "no-store"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may run nginx as another user")
def test_a_rendition_that_nginx_may_not_read_is_sent_by_the_app(site, picture, tmp_path):
    """pytest's folders are closed to all other users."""
    url = canonical(site.front, f"{picture}resize:width=24.jpg")
    with in_front(tmp_path, site.store, host_port(site.app), user="daemon") as stranger:
        answer = stranger.get(url)
        assert not came_from_nginx(answer)
        assert (answer.status, answer.body) == (200, site.front.get(url).body)
        assert "Permission denied" in stranger.log
