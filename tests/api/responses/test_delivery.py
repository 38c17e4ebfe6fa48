"""Bytes that leave through nginx or straight from S3."""

from __future__ import annotations

from typing import Any

import pytest
from falcon import testing
from PIL import Image

from progimage.config import Settings
from progimage.errors import ConfigError
from progimage.server import app
from progimage.stores import Reader
from progimage.stores.bytes_reader import BytesReader
from progimage.stores.folder.store import FilesystemStore
from progimage.stores.memory import MemoryStore
from tests.api.conftest import upload
from tests.imaging.documents import document, filled
from tests.imaging.drawing import saved
from tests.inline_pool import InlinePool
from tests.people import AUTH, headers_of


def client_of(store, mode: str, **settings) -> testing.TestClient:
    settings = Settings.model_validate({"delivery": {"mode": mode}, **settings})
    return testing.TestClient(app.create(settings, store, InlinePool()))


class EndsEarly:
    """A store whose original ends before its announced size."""

    def __init__(self, inner: FilesystemStore) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def open(self, key: str, start: int = 0, length: int | None = None) -> Reader:
        reader = self._inner.open(key, start, length)
        if "/original" not in key:
            return reader
        with reader:
            short = BytesReader(reader.read()[:-1])
        short.stat = reader.stat
        return short


@pytest.fixture
def folder(tmp_path):
    return FilesystemStore(tmp_path)


def test_x_accel_hands_the_key_to_nginx_and_sends_no_bytes(folder, jpeg):
    client = client_of(folder, "x-accel")
    path = upload(client, jpeg)
    client.simulate_get(path + "crop:width=20,height=10.webp")
    for wanted in (path, path + "crop:width=20,height=10.webp"):
        result = client.simulate_get(wanted)
        assert result.content == b""
        assert result.headers["x-accel-redirect"].startswith("/_store/")
        assert result.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert result.headers["content-type"].startswith("image/")


def test_x_accel_serves_what_was_just_made_itself(folder, jpeg):
    client = client_of(folder, "x-accel")
    result = client.simulate_get(upload(client, jpeg) + "thumbnail.webp")
    assert result.headers["x-cache"] == "miss"
    assert "x-accel-redirect" not in result.headers
    assert result.content[8:12] == b"WEBP"


class PresigningStore(MemoryStore):
    """A memory store with addresses of its own."""

    def presigned_url(self, key, *, expires_s, media_type):
        return f"https://s3.example/{key}?type={media_type}&expires={expires_s}"


def test_redirect_sends_clients_to_a_presigned_url_that_outlives_the_redirect(jpeg):
    client = client_of(PresigningStore(), "redirect")
    path = upload(client, jpeg)
    result = client.simulate_get(path)
    assert result.status_code == 307
    assert result.headers["location"].endswith(
        "?type=image/jpeg&expires=600"
    )  # 300 and some for clocks
    assert result.headers["cache-control"] == "public, max-age=150"
    assert result.content == b""


def test_private_pictures_are_never_redirected_into_a_shared_cache(jpeg):
    store = PresigningStore()
    client, ann = client_of(store, "redirect", auth=AUTH), headers_of(store, "ann")
    result = client.simulate_post(
        "/images/?visibility=private", body=jpeg, headers={"Content-Type": "image/jpeg", **ann}
    )
    shown = client.simulate_get(f"/images/{result.json['id']}/", headers=ann)
    assert shown.headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize("mode", ["x-accel", "redirect"])
def test_a_way_the_store_does_not_offer_is_refused_at_start(mode):
    with pytest.raises(ConfigError, match=f"delivery.mode: '{mode}' needs"):
        client_of(MemoryStore(), mode)


def test_many_bytes_of_the_folder_store_go_out_by_sendfile(folder):
    """What wsgi.file_wrapper gets has a descriptor, positioned at the range's start."""
    client = client_of(folder, "direct")
    large = saved(Image.effect_noise((400, 400), 100), "PNG")
    path = upload(client, large)
    wrapped = []

    def file_wrapper(stream, _block_size):
        wrapped.append(stream.fileno())
        return stream_bytes(stream)

    def stream_bytes(stream):
        with stream:
            yield stream.read()

    headers = {"Range": "bytes=5-99999"}
    result = client.simulate_get(path, headers=headers, file_wrapper=file_wrapper)
    assert result.content == large[5:100_000]
    assert len(wrapped) == 1


def test_a_small_picture_goes_out_in_one_piece(folder, jpeg):
    client = client_of(folder, "direct")
    path = upload(client, jpeg)
    result = client.simulate_get(path, file_wrapper=lambda *_: pytest.fail("not by sendfile"))
    assert result.content == jpeg
    part = client.simulate_get(path, headers={"Range": "bytes=5-9"})
    assert part.content == jpeg[5:10]


@pytest.mark.parametrize("headers", [{}, {"Range": "bytes=5-9"}], ids=["whole", "a range"])
def test_an_object_that_ends_early_is_503_and_no_shorter_picture(folder, jpeg, headers):
    """It would be stored by caches under the ETag of the whole."""
    client = client_of(EndsEarly(folder), "direct")
    path = upload(client, jpeg)
    result = client.simulate_get(path, headers=headers)
    assert result.status_code == 503
    assert result.headers["content-type"] == "application/problem+json"
    assert result.headers["cache-control"] == "no-store"
    assert "etag" not in result.headers
    assert int(result.headers["retry-after"]) >= 1


class TestDocuments:
    """A browser would open the original of a document as a page."""

    SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>x()</script></svg>'

    PDF = document(filled(1, 0, 0), filled(0, 1, 0))

    @pytest.mark.parametrize("query", ["", "download"])
    @pytest.mark.parametrize(
        ("data", "media_type"), [(SVG, "image/svg+xml"), (PDF, "application/pdf")]
    )
    def test_the_original_is_only_saved(self, client, query, data, media_type):
        path = upload(client, data)
        result = client.simulate_get(path, query_string=query)
        assert result.content == data
        assert result.headers["content-type"] == media_type
        assert result.headers["content-disposition"].startswith("attachment; filename=")
        assert "sandbox" in result.headers["content-security-policy"]
        assert result.headers["x-content-type-options"] == "nosniff"

    def test_renditions_are_shown_as_pixels(self, client):
        path = upload(client, self.SVG)
        for name, kind in (("thumbnail", "image/png"), ("thumbnail.webp", "image/webp")):
            result = client.simulate_get(f"{path}{name}")
            assert result.headers["content-type"] == kind
            assert result.headers["content-disposition"].startswith("inline")

    def test_a_raw_body_may_be_a_pdf_and_each_page_is_a_rendition(self, client):
        headers = {"Content-Type": "application/pdf"}
        record = client.simulate_post("/images/", body=self.PDF, headers=headers).json
        assert (record["media_type"], record["pages"]) == ("application/pdf", 2)
        path = f"/images/{record['id']}/"
        etags = {
            client.simulate_get(f"{path}{name}").headers["etag"]
            for name in ("thumbnail.png", "page:1/thumbnail.png", "page:2/thumbnail.png")
        }
        assert len(etags) == 2
        missing = client.simulate_get(f"{path}page:3/thumbnail.png")
        assert missing.status_code == 400
        assert "from 1 to 2" in missing.json["detail"]

    def test_nothing_is_written_as_svg(self, client):
        path = upload(client, self.SVG)
        assert client.simulate_get(f"{path}thumbnail.svg").status_code == 400


class TestLastModified:
    def test_a_client_that_knows_the_time_of_an_original_gets_304(self, client, uploaded):
        modified = client.simulate_get(uploaded).headers["last-modified"]
        again = client.simulate_get(uploaded, headers={"If-Modified-Since": modified})
        assert (again.status_code, again.content) == (304, b"")
        older = {"If-Modified-Since": "Sat, 01 Jan 2000 00:00:00 GMT"}
        assert client.simulate_get(uploaded, headers=older).status_code == 200

    def test_a_rendition_has_none_since_nodes_render_at_different_times(self, client, uploaded):
        assert "last-modified" not in client.simulate_get(f"{uploaded}blur.png").headers

    def test_if_none_match_decides_where_both_are_sent(self, client, uploaded):
        modified = client.simulate_get(uploaded).headers["last-modified"]
        headers = {"If-Modified-Since": modified, "If-None-Match": '"other"'}
        assert client.simulate_get(uploaded, headers=headers).status_code == 200

    @pytest.mark.parametrize("date", ["", "yesterday", "0", "Sat, 99 Jan 2000", "x" * 10_000])
    def test_a_date_that_is_none_is_ignored(self, client, uploaded, date):
        headers = {"If-Modified-Since": date}
        assert client.simulate_get(uploaded, headers=headers).status_code == 200

    def test_an_error_does_not_say_when_a_picture_was_stored(self, client, uploaded):
        headers = {"Range": "bytes=99999999-"}
        result = client.simulate_get(uploaded, headers=headers)
        assert result.status_code == 416
        assert "last-modified" not in result.headers


def test_caches_may_use_a_public_picture_for_max_age_s(make_client, jpeg):
    client = make_client(delivery={"max_age_s": 60})
    path = upload(client, jpeg)
    for name in ("", "blur.png"):
        caching = client.simulate_get(path + name).headers["cache-control"]
        assert caching == "public, max-age=60, immutable"
