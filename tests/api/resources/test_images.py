"""Originals go out byte for byte, whole or in part, and are never sent twice for nothing."""

from __future__ import annotations

import pytest

from tests.api.conftest import assert_problem, form, upload
from tests.stored import keys_outside_index

YEAR = "public, max-age=31536000, immutable"


def test_the_original_comes_back_byte_for_byte(client, jpeg, uploaded):
    result = client.simulate_get(uploaded)
    assert result.content == jpeg
    assert result.headers["content-type"] == "image/jpeg"
    assert result.headers["content-length"] == str(len(jpeg))
    assert result.headers["cache-control"] == YEAR


def test_it_is_sent_as_data_that_can_run_nothing(client, uploaded):
    headers = client.simulate_get(uploaded).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "sandbox" in headers["content-security-policy"]


@pytest.mark.parametrize("path", ["", "metadata/", "thumbnail/"])
def test_every_path_works_with_and_without_its_slash(client, uploaded, path):
    with_slash = client.simulate_get(uploaded + path)
    without = client.simulate_get((uploaded + path).rstrip("/"))
    assert with_slash.status_code == without.status_code == 200
    assert with_slash.content == without.content


def test_head_has_the_same_headers_without_a_body(client, uploaded):
    got, head = client.simulate_get(uploaded), client.simulate_head(uploaded)
    assert head.content == b""
    assert head.headers["content-length"] == got.headers["content-length"]
    assert head.headers["etag"] == got.headers["etag"]


@pytest.mark.parametrize("wrap", ["{}", "W/{}", '"other", {}', '"a" ,W/{} , "b"', "*"])
def test_a_client_that_has_it_gets_304(client, uploaded, wrap):
    etag = client.simulate_get(uploaded).headers["etag"]
    result = client.simulate_get(uploaded, headers={"If-None-Match": wrap.format(etag)})
    assert result.status_code == 304
    assert result.content == b""
    assert result.headers["etag"] == etag
    assert result.headers["cache-control"] == YEAR


def test_a_client_that_has_another_version_gets_the_bytes(client, uploaded):
    assert client.simulate_get(uploaded, headers={"If-None-Match": '"x"'}).status_code == 200


@pytest.mark.parametrize(
    ("requested", "first", "last"),
    [("bytes=0-9", 0, 9), ("bytes=10-", 10, None), ("bytes=-7", -7, None), ("bytes=5-5", 5, 5)],
)
def test_a_range_is_sent_as_206(client, jpeg, uploaded, requested, first, last):
    result = client.simulate_get(uploaded, headers={"Range": requested})
    expected = jpeg[first:] if last is None else jpeg[first : last + 1]
    assert result.status_code == 206
    assert result.content == expected
    assert result.headers["content-length"] == str(len(expected))
    start = jpeg.index(expected) if first >= 0 else len(jpeg) + first
    end = start + len(expected) - 1
    assert result.headers["content-range"] == f"bytes {start}-{end}/{len(jpeg)}"


def test_a_range_past_the_end_is_cut_there(client, jpeg, uploaded):
    result = client.simulate_get(uploaded, headers={"Range": f"bytes=5-{len(jpeg) + 99}"})
    assert result.content == jpeg[5:]


def test_a_range_that_begins_past_the_end_is_416(client, jpeg, uploaded):
    result = client.simulate_get(uploaded, headers={"Range": f"bytes={len(jpeg)}-"})
    assert_problem(result, 416, f"{len(jpeg):,}")
    assert result.headers["content-range"] == f"bytes */{len(jpeg)}"


@pytest.mark.parametrize("odd", ["bytes=9-5", "bytes=-", "lines=1-2", "bytes=a-b", "bytes=0-1,5-6"])
def test_a_range_we_do_not_serve_gets_the_whole(client, jpeg, uploaded, odd):
    result = client.simulate_get(uploaded, headers={"Range": odd})
    assert result.status_code == 200
    assert result.content == jpeg


def test_a_range_of_another_version_gets_the_whole(client, jpeg, uploaded):
    etag = client.simulate_get(uploaded).headers["etag"]
    stale = client.simulate_get(uploaded, headers={"Range": "bytes=0-9", "If-Range": '"old"'})
    fresh = client.simulate_get(uploaded, headers={"Range": "bytes=0-9", "If-Range": etag})
    assert (stale.status_code, fresh.status_code) == (200, 206)
    assert stale.content == jpeg


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cat.jpg", 'inline; filename="cat.jpg"'),
        ('a"b;c.jpg', "inline; filename=\"a_b;c.jpg\"; filename*=UTF-8''a%22b%3Bc.jpg"),
        ("Zoë.jpg", "inline; filename=\"Zo_.jpg\"; filename*=UTF-8''Zo%C3%AB.jpg"),
    ],
)
def test_it_is_named_as_it_came(client, jpeg, name, expected):
    sent = form(("image", jpeg, name.replace('"', "%22")))
    path = f"/images/{client.simulate_post('/images/', **sent).json['id']}/"
    shown = client.simulate_get(path).headers["content-disposition"]
    assert shown == expected or "%22" in name or '"' in name


@pytest.mark.parametrize("image_id", ["0" * 64, "xyz", "..", "A" * 64, "%00", "0" * 63])
@pytest.mark.parametrize("rest", ["/", "/metadata/", "/thumbnail/", ".webp"])
def test_a_missing_object_is_404(client, image_id, rest):
    assert_problem(client.simulate_get(f"/images/{image_id}{rest}"), 404)


def test_a_removed_picture_is_gone_with_everything(client, store, uploaded):
    client.simulate_get(uploaded + "thumbnail.webp")
    assert client.simulate_delete(uploaded).status_code == 204
    for path in (uploaded, uploaded + "metadata/", uploaded + "thumbnail.webp"):
        assert_problem(client.simulate_get(path), 404)
    assert keys_outside_index(store) == set()
    assert_problem(client.simulate_delete(uploaded), 404)


def test_a_purge_takes_the_renditions_and_leaves_the_picture(client, store, uploaded):
    client.simulate_get(uploaded + "thumbnail.webp")
    result = client.simulate_delete(uploaded + "renders/")
    assert result.json["purged"] == 1
    assert len(list(store.list("images/"))) == 2
    assert client.simulate_get(uploaded + "thumbnail.webp").headers["x-cache"] == "miss"


def test_uploading_again_after_a_removal_starts_afresh(client, jpeg):
    path = upload(client, jpeg, query_string="title=Old")
    client.simulate_delete(path)
    upload(client, jpeg)
    assert client.simulate_get(path + "metadata/").json["title"] == ""


@pytest.mark.parametrize(
    ("query", "url"),
    [
        ("w=400", "/resize:w=400"),
        ("width=400&height=300&fm=webp", "/resize:w=400,h=300.webp"),
        ("format=png", ".png"),
        ("format=<script>", "/resize:w=400"),
        ("w=../../etc&h=20", "/resize:h=20"),
    ],
)
def test_a_size_or_format_in_the_query_of_an_original_names_the_right_url(
    client, uploaded, query, url
):
    result = client.simulate_get(uploaded, query_string=query)
    assert_problem(result, 400, f"as in {uploaded.rstrip('/')}{url}")
    assert result.json["detail"].endswith(url)
    assert client.simulate_get(uploaded.rstrip("/") + url).status_code == 200


@pytest.mark.parametrize("query", ["dpr=2&w=400", "srcset=320,640", "widths=320"])
def test_several_sizes_in_the_query_of_an_original_name_the_right_url(client, uploaded, query):
    result = client.simulate_get(uploaded, query_string=query)
    assert_problem(result, 400, f"are at {uploaded}srcset?")
    url = result.json["detail"].rpartition(" ")[2]
    path, _, query = url.partition("?")
    assert client.simulate_get(path, query_string=query).json["images"]


def test_other_fields_in_the_query_of_an_original_are_ignored(client, uploaded, jpeg):
    assert client.simulate_get(uploaded, query_string="from=mail").content == jpeg
