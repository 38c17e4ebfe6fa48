"""A store is chosen by its URL, and the error of every wrong URL says what would work."""

from __future__ import annotations

import subprocess
import sys
from urllib.parse import quote

import pytest

from progimage.errors import ConfigError, StoreUnavailable
from progimage.stores import (
    HasLocalPath,
    HasPresignedUrl,
    open_raw,
)
from progimage.stores.folder.store import FilesystemStore
from progimage.stores.memory import MemoryStore
from progimage.stores.s3.store import S3Store
from tests.stores.contract import get, put


def test_memory_url_opens_a_memory_store():
    assert isinstance(open_raw("memory://"), MemoryStore)


@pytest.mark.parametrize("form", ["file://{}/a/b", "file:{}/a/b", "file://localhost{}/a/b"])
def test_file_url_opens_the_folder_and_makes_it(tmp_path, form):
    store = open_raw(form.format(tmp_path), creates=True)
    put(store, "key", b"body")
    assert isinstance(store, FilesystemStore)
    assert (tmp_path / "a" / "b" / "key").read_bytes() == b"body"


@pytest.mark.parametrize("url", ["file:var/store", "file:./var/store", "file://./var/store"])
def test_a_relative_file_url_begins_at_the_working_directory(tmp_path, monkeypatch, url):
    monkeypatch.chdir(tmp_path)
    put(open_raw(url, creates=True), "key", b"body")
    assert (tmp_path / "var" / "store" / "key").read_bytes() == b"body"


def test_a_file_url_is_percent_decoded(tmp_path):
    put(open_raw(f"file://{tmp_path}/with%20space", creates=True), "key")
    assert (tmp_path / "with space" / "key").exists()


def test_s3_url_names_bucket_prefix_and_server(aws_credentials):
    store = open_raw(
        f"s3://bucket/pre/fix?endpoint_url={quote('http://localhost:7480', safe='')}&region=eu-x-1"
    )
    assert isinstance(store, S3Store)
    url = store.presigned_url("key", expires_s=60, media_type="image/png")
    assert url.startswith("http://localhost:7480/bucket/pre/fix/key?")
    assert "eu-x-1" in url


def test_s3_addresses_by_host_at_aws_and_by_path_elsewhere(aws_credentials):
    aws = open_raw("s3://bucket?region=eu-west-1")
    other = open_raw("s3://bucket?region=x&endpoint_url=http://s3.example:9000")
    chosen = open_raw("s3://bucket?region=x&endpoint_url=http://s3.example&addressing=virtual")
    urls = [
        store.presigned_url("key", expires_s=60, media_type="image/png").partition("key?")[0]
        for store in (aws, other, chosen)
    ]
    assert urls == [
        "https://bucket.s3.amazonaws.com/",
        "http://s3.example:9000/bucket/",
        "http://bucket.s3.example/",
    ]


def test_stores_offer_what_they_can(tmp_path, aws_credentials):
    assert isinstance(FilesystemStore(tmp_path), HasLocalPath)
    assert isinstance(S3Store("bucket", region="us-east-1"), HasPresignedUrl)


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("ftp://x", "store: 'ftp://x' has no known scheme; use file://, s3:// or memory://"),
        ("/srv/store", "use file://, s3:// or memory://"),
        ("", "use file://, s3:// or memory://"),
        ("file://", "expected file:///absolute/path or file:path/from/here"),
        ("file:///", "expected file:///absolute/path or file:path/from/here"),
        ("file:///a%00b", "expected file:///absolute/path or file:path/from/here"),
        ("file://var/store", "names a host; use file:///absolute/path or file:path/from/here"),
        ("file:///srv?sync=no", "take no parameters"),
        ("memory://name", "neither a path nor parameters"),
        ("memory://?size=3", "neither a path nor parameters"),
        ("s3://", "expected s3://bucket/prefix"),
        ("s3:///prefix", "expected s3://bucket/prefix"),
        ("s3://b", "expected s3://bucket/prefix"),
        ("s3://bucket?acl=public", "no parameter 'acl'; it has endpoint_url, region, addressing"),
        ("s3://bucket?region=a&region=b", "region: expected it only once"),
        ("s3://bucket?addressing=dns", "addressing: expected path or virtual"),
        ("s3://bucket?endpoint_url=localhost:9000", "endpoint_url: expected http://host:port"),
        ("s3://bucket?endpoint_url=http://", "endpoint_url: expected http://host:port"),
        ("s3://bucket?endpoint_url=http://[::1", "endpoint_url: expected http://host:port"),
        ("s3://bucket?read_timeout_s=soon", "read_timeout_s: expected a number of seconds"),
        ("s3://bucket?connect_timeout_s=0", "connect_timeout_s: expected a number of seconds"),
        ("s3://bucket?region=not a region", "region: expected a name such as eu-west-1"),
        ("s3://bucket/../x", "no segment that starts with a dot"),
        ("s3://bucket/a//b", "no empty segment"),
        ("s3://bucket/" + "p" * 124, "at most 123 bytes"),
        ("s3://[bucket", "expected a URL such as"),
    ],
)
def test_the_error_of_a_wrong_url_says_what_would_work(aws_credentials, url, complaint):
    with pytest.raises(ConfigError) as caught:
        open_raw(url)
    assert complaint in str(caught.value)
    assert str(caught.value).startswith("store: ")


@pytest.mark.parametrize(
    "url",
    [
        "s3://AKIA:hush-hush@bucket/prefix",
        "ftp://user:hush-hush@host/",
        "s3://bucket?endpoint_url=http://user:hush-hush@host",
        "s3://bucket?secret_key=hush-hush",
        "ftp://host/?secret_key=hush-hush",
    ],
)
def test_a_secret_in_the_url_is_refused_and_not_repeated(aws_credentials, url):
    with pytest.raises(ConfigError) as caught:
        open_raw(url)
    assert "hush-hush" not in str(caught.value)


def test_a_folder_that_cannot_be_made_is_a_clear_fault_without_its_path(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable) as caught:
        open_raw(f"file://{tmp_path}/file/store", creates=True)
    assert str(tmp_path) not in str(caught.value)


def test_a_folder_store_does_not_load_boto3(tmp_path):
    code = (
        "import sys; from progimage.stores import open_raw; "
        f"open_raw('file://{tmp_path}'); sys.exit('boto3' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_store_opened_twice_is_one_store(tmp_path):
    put(open_raw(f"file://{tmp_path}", creates=True), "key", b"body")
    assert get(open_raw(f"file://{tmp_path}"), "key") == b"body"


def test_a_folder_needs_names_in_utf8(tmp_path):
    code = (
        "from progimage.stores import create_store\n"
        f"try: create_store('file://{tmp_path}/store')\n"
        "except Exception as error: print(error)"
    )
    environ = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C", "LANG": "C"}
    finished = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True
    )
    assert "set PYTHONUTF8=1" in finished.stdout
