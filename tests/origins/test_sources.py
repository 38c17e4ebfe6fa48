"""The contract of sources, and what is special about each kind."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import boto3
import pytest

from progimage.config import Origin
from progimage.errors import (
    ConfigError,
    KeyMissing,
    OriginFailed,
    OriginMissing,
    OriginTimeout,
    StoreUnavailable,
)
from progimage.origins.opening import open_source
from progimage.origins.sources.bucket import BucketSource
from progimage.origins.sources.folder import FolderSource
from progimage.origins.sources.http_dates import is_shareable, max_age_s
from progimage.origins.sources.source import ListedSource, OriginDenied, Unchanged, Version
from progimage.origins.sources.web import WebSource
from progimage.stores.s3.objects import AccessDenied, ForeignBucket
from tests.closed_port import closed_port
from tests.stores.s3server import s3_server
from tests.web_server import WebServer


@pytest.fixture
def web() -> Iterator[WebServer]:
    server = WebServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def shop() -> Iterator[tuple[Any, ForeignBucket]]:
    """A bucket with a client and a source of its own; making these takes longer than a test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing-secret")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        with s3_server() as url:
            client = boto3.client("s3", endpoint_url=url, region_name="us-east-1")
            client.create_bucket(Bucket="shop")
            yield client, ForeignBucket("shop", "shop", endpoint_url=url, region="us-east-1")


@pytest.fixture
def bucket(shop: tuple[Any, ForeignBucket]) -> Iterator[tuple[Any, ForeignBucket]]:
    """The same, empty."""
    client, _ = shop
    yield shop
    for item in client.list_objects_v2(Bucket="shop").get("Contents", []):
        client.delete_object(Bucket="shop", Key=item["Key"])


@pytest.fixture(params=["folder", "bucket", "web"])
def source(request, tmp_path: Path):
    """Return a source of each kind, and a function that puts a picture there."""
    if request.param == "folder":

        def put(key: str, data: bytes) -> None:
            path = tmp_path / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

        return FolderSource(str(tmp_path)), put
    if request.param == "web":
        web = request.getfixturevalue("web")
        settings = Origin.model_validate({"from": web.url, "allow_private_addresses": True})

        def publish(key: str, data: bytes) -> None:
            web.files[f"/base/{quote(key, safe='/!$&()*+,;=:@')}"] = data

        return open_source("shop", settings), publish
    client, foreign = request.getfixturevalue("bucket")
    return BucketSource(foreign), lambda key, data: client.put_object(
        Bucket="shop", Key=f"shop/{key}", Body=data
    )


def read(source, key: str, known: str = "") -> tuple[str, bytes] | None:
    with source.open(key, known) as answer:
        if isinstance(answer, Unchanged):
            return None
        assert isinstance(answer, Version)
        data = b""
        while chunk := answer.stream.read(7):
            data += chunk
        return answer.name, data


class TestContract:
    def test_a_picture_is_read(self, source):
        reader, put = source
        put("2024/boat trip.jpg", b"picture of a boat")
        _, data = read(reader, "2024/boat trip.jpg")
        assert data == b"picture of a boat"

    def test_a_known_version_is_not_sent_again(self, source):
        reader, put = source
        put("a.jpg", b"one")
        version, _ = read(reader, "a.jpg")
        assert version
        assert read(reader, "a.jpg", version) is None

    def test_another_version_is(self, source):
        reader, put = source
        put("a.jpg", b"one")
        version, _ = read(reader, "a.jpg")
        put("a.jpg", b"another")
        found = read(reader, "a.jpg", version)
        assert found is not None
        assert found[1] == b"another"
        assert found[0] != version

    @pytest.mark.parametrize("key", ["none.jpg", "none/none.jpg", "x" * 400])
    def test_a_missing_object_is_reported_missing(self, source, key):
        reader, _ = source
        with pytest.raises(OriginMissing):
            read(reader, key)

    @pytest.mark.parametrize("key", ["a+b.jpg", "ä ö.jpg", "100%.jpg", "a&b=c.jpg", "(1).jpg"])
    def test_keys_are_taken_as_they_are(self, source, key):
        reader, put = source
        put(key, b"data")
        assert read(reader, key)[1] == b"data"

    @pytest.mark.parametrize("fault", [StoreUnavailable, KeyMissing, OSError])
    def test_what_the_block_raises_is_no_fault_of_the_origin(self, source, fault):
        """The block writes to the store of this service, which may fail too."""
        reader, put = source
        put("a.jpg", b"data")
        with pytest.raises(fault, match="the own store"), reader.open("a.jpg"):
            raise fault("the own store")

    def test_a_list_is_in_order_and_goes_on_behind_a_key(self, source):
        reader, put = source
        if not isinstance(reader, ListedSource):
            pytest.skip("a web server has no list")
        for key in ("b/2.jpg", "a.jpg", "b/1.jpg", "b-1.jpg", "c.jpg"):
            put(key, b"x")
        assert list(reader.list("")) == ["a.jpg", "b-1.jpg", "b/1.jpg", "b/2.jpg", "c.jpg"]
        assert list(reader.list("b/")) == ["b/1.jpg", "b/2.jpg"]
        assert list(reader.list("", after="b/1.jpg")) == ["b/2.jpg", "c.jpg"]


class TestFolder:
    def test_one_that_is_away_is_down_and_not_empty(self, tmp_path: Path):
        with pytest.raises(OriginFailed):
            read(FolderSource(str(tmp_path / "away")), "a.jpg")

    def test_it_is_absolute(self):
        with pytest.raises(ConfigError, match=r"origins\.shop\.from"):
            open_source("shop", Origin.model_validate({"from": "file:relative"}))


class TestBucket:
    """S3 answers 403 for a missing object if the bucket may not be listed."""

    def source(self, monkeypatch) -> BucketSource:
        bucket = ForeignBucket("shop", endpoint_url="http://127.0.0.1:1", region="us-east-1")

        @contextmanager
        def open_(key: str, known: str = ""):
            raise AccessDenied("the S3 server denies access to an object")
            yield

        monkeypatch.setattr(bucket, "open", open_)
        return BucketSource(bucket)

    def test_an_unknown_object_is_missing(self, monkeypatch):
        with pytest.raises(OriginMissing):
            read(self.source(monkeypatch), "a.jpg")

    def test_a_known_object_is_not_taken_for_gone(self, monkeypatch):
        with pytest.raises(OriginDenied):
            read(self.source(monkeypatch), "a.jpg", known="an-etag")


class TestWeb:
    def source(self, web: WebServer, **settings) -> WebSource:
        settings = {"from": web.url, "allow_private_addresses": True, **settings}
        return open_source("shop", Origin.model_validate(settings))

    def test_private_addresses_are_not_asked_by_default(self, web: WebServer):
        web.files["/base/a.jpg"] = b"x"
        with pytest.raises(OriginFailed):
            read(self.source(web, allow_private_addresses=False), "a.jpg")
        assert web.seen == []

    def test_what_follows_a_question_mark_is_part_of_the_path_or_the_query(self, web: WebServer):
        web.files["/base/a%20b.jpg%3Fc=d%20e"] = b"of the path"
        web.files["/base/a%20b.jpg?c=d%20e"] = b"of the query"
        assert read(self.source(web), "a b.jpg?c=d e")[1] == b"of the path"
        assert read(self.source(web, queries=True), "a b.jpg?c=d e")[1] == b"of the query"

    def test_headers_come_from_the_environment(self, web: WebServer, monkeypatch):
        monkeypatch.setenv("SHOP_TOKEN", "Bearer secret")
        web.files["/base/a.jpg"] = b"x"
        read(self.source(web, headers={"Authorization": "SHOP_TOKEN"}), "a.jpg")
        assert web.seen[0]["Authorization"] == "Bearer secret"
        monkeypatch.delenv("SHOP_TOKEN")
        with pytest.raises(ConfigError, match="SHOP_TOKEN"):
            self.source(web, headers={"Authorization": "SHOP_TOKEN"})

    def test_a_redirect_stays_at_the_host(self, web: WebServer):
        web.files["/base/b.jpg"] = b"x"
        web.location = "/base/b.jpg"
        assert read(self.source(web), "a.jpg")[1] == b"x"
        web.location = "http://127.0.0.1:1/base/b.jpg"
        with pytest.raises(OriginFailed):
            read(self.source(web), "a.jpg")

    @pytest.mark.parametrize(
        "location",
        ["/secret/b.jpg", "/base/../secret/b.jpg", "/base/%2e%2E/secret/b.jpg", "/baseball/b.jpg"],
    )
    def test_a_redirect_stays_below_the_base(self, web: WebServer, location: str):
        web.location = location
        for path in ("/secret/b.jpg", location):
            web.files[path] = b"not of this origin"
        with pytest.raises(OriginFailed, match="below"):
            read(self.source(web), "a.jpg")
        assert len(web.seen) == 1

    @pytest.mark.parametrize("headers", [{"Cache-Control": "private"}, {"Set-Cookie": "a=b"}])
    def test_a_known_version_that_became_private_is_no_longer_shared(self, web, headers):
        web.files["/base/a.jpg"] = b"x"
        version, _ = read(self.source(web), "a.jpg")
        web.headers = headers
        with pytest.raises(OriginFailed, match="one client"):
            read(self.source(web), "a.jpg", version)

    def test_redirects_in_a_circle_end(self, web: WebServer):
        """imgproxy/imgproxy#786."""
        web.redirects = 1_000
        web.location = "/base/a.jpg"
        with pytest.raises(OriginFailed, match="too often"):
            read(self.source(web), "a.jpg")
        assert len(web.seen) == 4

    @pytest.mark.parametrize(
        "headers",
        [
            {"Set-Cookie": "a=b"},
            {"Cache-Control": "private"},
            {"Vary": "*"},
            {"Content-Encoding": "br"},
        ],
    )
    def test_answers_for_one_client_are_not_shared(self, web: WebServer, headers):
        web.files["/base/a.jpg"] = b"x"
        web.headers = headers
        with pytest.raises(OriginFailed):
            read(self.source(web), "a.jpg")

    def test_gzip_is_inflated(self, web: WebServer):
        web.files["/base/a.jpg"] = gzip.compress(b"picture" * 100)
        web.headers = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        assert read(self.source(web), "a.jpg")[1] == b"picture" * 100

    def test_gzip_that_breaks_off_is_a_failure(self, web: WebServer):
        web.files["/base/a.jpg"] = gzip.compress(b"picture" * 100)[:-4]
        web.headers = {"Content-Encoding": "gzip"}
        with pytest.raises(OriginFailed, match="broke off"):
            read(self.source(web), "a.jpg")

    @pytest.mark.parametrize("status", [401, 403, 500, 503])
    def test_another_status_is_a_failure_and_not_missing(self, web: WebServer, status):
        web.files["/base/a.jpg"] = b"x"
        web.status = status
        with pytest.raises(OriginFailed) as caught:
            read(self.source(web), "a.jpg")
        assert caught.value.retryable

    def test_gone_is_missing(self, web: WebServer):
        web.files["/base/a.jpg"] = b"x"
        web.status = 410
        with pytest.raises(OriginMissing):
            read(self.source(web), "a.jpg")

    def test_a_body_that_is_too_short_is_a_failure(self, web: WebServer):
        web.files["/base/a.jpg"] = b"x" * 100
        web.lies_by = 50
        with pytest.raises(OriginFailed):
            read(self.source(web), "a.jpg")

    def test_one_that_sends_more_than_it_announced_is_read_as_far_as_that(self, web: WebServer):
        web.files["/base/a.jpg"] = b"x" * 100
        web.lies_by = -50
        assert read(self.source(web), "a.jpg")[1] == b"x" * 50

    def test_one_that_drips_does_not_outlast_the_time_for_the_whole_picture(self, web: WebServer):
        web.files["/base/a.jpg"] = b"x" * 100
        web.drips = True
        with pytest.raises(OriginTimeout):
            read(self.source(web, timeout_s=0.5), "a.jpg")

    def test_one_that_hangs_is_a_timeout(self, web: WebServer):
        web.files["/base/a.jpg"] = b"x" * 100
        web.hangs.set()
        with pytest.raises(OriginTimeout):
            read(self.source(web, timeout_s=0.3), "a.jpg")

    def test_a_closed_port_is_a_failure(self):
        with closed_port() as url:
            settings = {"from": f"{url}/", "allow_private_addresses": True}
            source = open_source("shop", Origin.model_validate(settings))
            with pytest.raises(OriginFailed):
                read(source, "a.jpg")

    def test_max_age_comes_along(self, web: WebServer):
        web.files["/base/a.jpg"] = b"x"
        web.headers = {"Cache-Control": "public, max-age=77"}
        with self.source(web).open("a.jpg") as answer:
            assert answer.max_age_s == 77


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", None),
        ("public", None),
        ("max-age=60", 60),
        ("max-age=60, s-maxage=9", 9),
        ("no-cache", 0),
        ("no-store, max-age=60", 0),
        ("MAX-AGE=60", 60),
        ("max-age=x", None),
        ("max-age=99999999999", 31_536_000),
    ],
)
def test_max_age(header, expected):
    assert max_age_s(header) == expected


@pytest.mark.parametrize(
    ("age", "expected"), [("", 60), ("20", 40), ("90", 0), ("-5", 60), ("soon", 60), ("²", 60)]
)
def test_age_is_subtracted_from_max_age(age, expected):
    assert max_age_s("max-age=60", age) == expected


def test_shareable():
    assert is_shareable("public", "Accept", sets_cookie=False)
    assert not is_shareable("private, max-age=3", "", sets_cookie=False)
    assert not is_shareable("", "*", sets_cookie=False)
    assert not is_shareable("", "", sets_cookie=True)
