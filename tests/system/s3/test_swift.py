"""OpenStack Swift, which checks a condition and writes later: found out, refused, or accepted."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from progimage.errors import ConfigError
from progimage.stores import open_raw
from progimage.stores.probe import prove_conditional_writes, prove_listing
from tests.imaging.drawing import quadrants, saved
from tests.system.s3.real import make_bucket
from tests.system.serving.server import Server, running

SCRIPT = Path(__file__).with_name("swift.sh")
URL = "s3://progimage-tests/swift?endpoint_url=http://127.0.0.1:8380&region=us-east-1"

pytestmark = pytest.mark.skipif(
    not os.environ.get("PROGIMAGE_TEST_SWIFT"), reason="make test-s3 starts Swift"
)


@pytest.fixture(scope="module", autouse=True)
def swift() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test:tester")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        subprocess.run([SCRIPT, "start"], check=True)
        try:
            make_bucket(URL)
            yield
        finally:
            subprocess.run([SCRIPT, "destroy"], check=True)


def test_its_faults_are_found_and_named():
    store = open_raw(URL)
    with pytest.raises(ConfigError, match=r"writers with the same If-None-Match: .* succeed") as it:
        prove_conditional_writes(store, racers=16, rounds=5)
    assert "If-Match" in str(it.value)
    assert 's3.conditional_writes = "off"' in str(it.value)
    prove_listing(store)
    assert list(store.list("")) == []


def test_the_service_refuses_it_unless_a_setting_allows_it(tmp_path):
    server = Server(tmp_path, URL)
    try:
        with pytest.raises(AssertionError, match="does not offer If-Match"):
            server.start()
        assert server.process.wait() != 0
    finally:
        server.close()


def test_with_conditions_off_it_warns_and_a_picture_goes_round(tmp_path):
    picture = saved(quadrants(), "JPEG")
    with running(tmp_path, URL, s3_conditional_writes="off") as server:
        assert server.log_lines("last writer wins")[0]["level"] == "warning"
        path = server.upload(picture)
        assert server.get(path).body == picture
        etag = server.get(f"{path}metadata/").headers["etag"]
        edit = {"Content-Type": "application/merge-patch+json", "If-Match": etag}
        first = server.request("PATCH", f"{path}metadata/", b'{"title": "a"}', edit)
        second = server.request("PATCH", f"{path}metadata/", b'{"title": "b"}', edit)
        assert (first.status, second.status) == (200, 412)
        assert server.get(f"{path}thumbnail.webp").headers["x-cache"] == "miss"
        assert server.get(f"{path}thumbnail.webp").headers["x-cache"] == "hit"
        assert server.request("DELETE", path).status == 204
        assert server.get(path).status == 404
        assert server.stop(signal.SIGTERM) == 0
