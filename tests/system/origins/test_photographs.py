"""A thousand photographs where they already are: all served, all right, all adopted.

`PROGIMAGE_TEST_PHOTOGRAPHS` is their number. The test over S3 runs where a real server is named,
as by tests/system/s3/run.sh.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import boto3
import pytest
from botocore.config import Config

from tests.system.origins.photographs import MOST, number_in, write_photographs
from tests.system.s3.real import real_url
from tests.system.serving.server import ROOT, Server, running

COUNT = min(int(os.environ.get("PROGIMAGE_TEST_PHOTOGRAPHS", "1000")), MOST)
THREADS = 4

pytestmark = pytest.mark.timeout(3_600)


@pytest.fixture(scope="session")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("photographs")


@pytest.fixture(scope="session")
def keys(folder: Path) -> list[str]:
    return write_photographs(folder, COUNT)


@pytest.fixture
def web(folder: Path, keys) -> Iterator[str]:
    """The address of a web server over the folder."""

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_arguments: object) -> None:
            """Write nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture
def bucket(folder: Path, keys) -> str:
    """The URL of a prefix of a real bucket with all photographs."""
    url = real_url()
    if url is None:
        pytest.skip("no S3 server is named")
    parts = urlsplit(url)
    arguments = {name: values[0] for name, values in parse_qs(parts.query).items()}
    client = boto3.session.Session().client(
        "s3",
        endpoint_url=arguments["endpoint_url"],
        region_name=arguments["region"],
        config=Config(read_timeout=120, retries={"total_max_attempts": 10, "mode": "standard"}),
    )
    with ThreadPoolExecutor(THREADS) as threads:
        prefix = parts.path.strip("/")
        list(
            threads.map(
                lambda key: client.upload_file(str(folder / key), parts.netloc, f"{prefix}/{key}"),
                keys,
            )
        )
    where = f"endpoint_url={arguments['endpoint_url']}&region={arguments['region']}"
    return f"s3://{parts.netloc}/{prefix}?{where}"


def serve_all(server: Server, keys: list[str], report) -> None:
    """Ask for a thumbnail of each photograph, twice; each must be that of its own key."""

    def get(number: int) -> tuple[int, bytes, str]:
        path = f"/origins/photos/thumbnail.jpg/-/{quote(keys[number])}"
        answer = server.get(path)
        return answer.status, answer.body, answer.headers.get("x-cache", "")

    started = time.perf_counter()
    status, body, _ = get(0)
    report("s to the first thumbnail", time.perf_counter() - started)
    assert (status, number_in(body)) == (200, 0)
    started = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as threads:
        first = list(threads.map(get, range(len(keys))))
        report("s for all of them", time.perf_counter() - started)
        started = time.perf_counter()
        second = list(threads.map(get, range(len(keys))))
    report("s for all of them again", time.perf_counter() - started)
    assert {answer[0] for answer in first} == {200}
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    assert [number_in(answer[1]) for answer in first] == [numbers[key] for key in keys]
    # What took longer than the pictures are fresh is renewed behind the answer.
    assert {answer[2] for answer in second} <= {"hit", "stale"}
    assert [answer[1] for answer in second] == [answer[1] for answer in first]


def adopt_all(server: Server, folder: Path, keys: list[str], report) -> None:
    """Import all by the command; the library then has exactly the bytes of the origin."""
    command = [Path(sys.executable).with_name("progimage"), "adopt", "photos", "--tag", "old"]
    environ = {**server.environ, "PROGIMAGE_URL": "http://{}:{}".format(*server.address)}
    run = partial(
        subprocess.run, command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    started = time.perf_counter()
    done = run()
    report("s to adopt all", time.perf_counter() - started)
    assert done.returncode == 0, done.stderr
    assert f"{len(keys)} imported, 0 failed" in done.stderr
    wanted = {hashlib.sha256((folder / key).read_bytes()).hexdigest(): key for key in keys}
    assert library_of(server) == wanted.keys()
    for image_id in list(wanted)[:: max(1, len(wanted) // 50)]:
        metadata = server.get(f"/images/{image_id}/metadata/").json
        assert metadata["source"] == f"origin://photos/{quote(wanted[image_id])}"
    again = run()
    assert again.returncode == 0, again.stderr
    assert library_of(server) == wanted.keys()


def library_of(server: Server) -> set[str]:
    """Return the ids of all pictures in the library."""
    found: set[str] = set()
    path = "/images/?tag=old&limit=100"
    while path:
        page = server.get(path)
        assert page.status == 200, page.body[:2000]
        found |= {record["id"] for record in page.json["data"]}
        path = page.json["next"]
    return found


@pytest.fixture
def report(request, record_property):
    """Print a measurement, and note it in the report."""

    def note(what: str, value: float) -> None:
        record_property(what, value)
        print(f"{request.node.name}: {len(request.getfixturevalue('keys'))} photographs: "
              f"{value:.1f} {what}")  # fmt: skip

    return note


def origins(text: str) -> dict[str, str]:
    return {
        "origins": f"{{photos = {text}}}",
        "transforms_cold_per_minute": "0",
        "server_workers": "2",
    }


def test_a_folder(folder, keys, tmp_path, report):
    settings = tmp_path / "settings.toml"
    # The only settings that are needed.
    settings.write_text(f'[origins.photos]\nfrom = "{folder.as_uri()}"\n')
    with running(tmp_path / "node", server_workers=2, settings=settings) as server:
        serve_all(server, keys, report)
        adopt_all(server, folder, keys, report)


def test_a_web_server(web, keys, tmp_path, report):
    chosen = origins(f'{{from = "{web}", allow_private_addresses = true}}')
    with running(tmp_path / "node", **chosen) as server:
        serve_all(server, keys, report)


def test_a_web_server_whose_pictures_are_imported_at_their_first_request(
    web, folder, keys, tmp_path, report
):
    """Clients of several processes ask at once; the library then has each photograph once."""
    chosen = origins(
        f'{{from = "{web}", allow_private_addresses = true, adopt = "first request", '
        'adopt_tags = ["old"]}'
    )
    with running(tmp_path / "node", **chosen) as server:
        serve_all(server, [key for key in keys for _ in range(2)], report)
        digests = {hashlib.sha256((folder / key).read_bytes()).hexdigest() for key in keys}
        assert library_of(server) == digests
        assert server.get("/images/?tag=old").json["total"] == len(keys)


def test_a_bucket_of_a_real_s3_server(bucket, folder, keys, tmp_path, report):
    with running(tmp_path / "node", **origins(f'{{from = "{bucket}"}}')) as server:
        serve_all(server, keys, report)
        adopt_all(server, folder, keys, report)
