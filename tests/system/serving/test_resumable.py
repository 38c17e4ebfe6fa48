"""30 MB over a network that breaks, to nodes that die: real tus clients, real servers."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tusclient.client import TusClient
from tusclient.exceptions import TusUploadFailed

from progimage.ingest.resumable.chunks import PIECE_BYTES
from tests.system.serving.network import Network, flaky
from tests.system.serving.server import Server, running, wait_until

# Less than a quarter of the picture: only who resumes will ever be through.
CUT_AFTER = 7_000_000
TUS_JS = Path(__file__).parent / "tus_js"
METADATA = {"filename": "noise.png", "title": "Noïse", "tags": "one,two"}

Send = Callable[[str, Path], str]


@pytest.fixture
def nodes(tmp_path) -> Iterator[list[Server]]:
    """Two servers over one folder."""
    store = f"file://{tmp_path}/store"
    with running(tmp_path / "a", store) as one, running(tmp_path / "b", store) as other:
        yield [one, other]


@pytest.fixture
def network(nodes) -> Iterator[Network]:
    """A flaky network before both nodes, the first of which dies at the third cut."""

    def die(cut: int) -> None:
        if cut == 3:
            nodes[0].die()

    with flaky(nodes, cut_after=CUT_AFTER, on_cut=die) as network:
        yield network


@pytest.fixture
def picture(tmp_path, noise) -> Path:
    assert len(noise) > 4 * CUT_AFTER
    path = tmp_path / "noise.png"
    path.write_bytes(noise)
    return path


def with_tuspy(url: str, path: Path, **options: object) -> str:
    """Send a file with tuspy and return the address of its upload."""
    with path.open("rb") as file:
        uploader = TusClient(f"{url}/uploads/").uploader(
            file_stream=file, metadata=METADATA, retries=1000, retry_delay=0.05, **options
        )
        uploader.upload()
    return str(uploader.url)


def with_tuspy_in_checked_pieces(url: str, path: Path) -> str:
    """The same in pieces of 5 MB with a checksum each."""
    return with_tuspy(url, path, chunk_size=5_000_000, upload_checksum=True)


def with_tus_js(url: str, path: Path, **options: object) -> str:
    """Send a file with tus-js-client in Node and return the address of its upload."""
    if shutil.which("node") is None or not (TUS_JS / "node_modules").is_dir():
        reason = "tus-js-client is not installed; 'make test-tus-js' does that"
        if os.environ.get("TUS_JS_IS_NEEDED"):
            pytest.fail(reason)
        pytest.skip(reason)
    done = subprocess.run(
        ["node", TUS_JS / "upload.mjs", f"{url}/uploads/", path, json.dumps(options)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout)["url"])


def with_tus_js_of_unknown_length(url: str, path: Path) -> str:
    """The same as a stream whose length is only known at its end."""
    return with_tus_js(url, path, uploadLengthDeferred=True, chunkSize=5_000_000)


def with_tus_js_from_the_first_request(url: str, path: Path) -> str:
    """The same with bytes in the request that creates the upload, and POST for PATCH."""
    return with_tus_js(
        url, path, uploadDataDuringCreation=True, overridePatchMethod=True, chunkSize=5_000_000
    )


@pytest.mark.parametrize(
    "send",
    [
        with_tuspy,
        with_tuspy_in_checked_pieces,
        with_tus_js,
        with_tus_js_of_unknown_length,
        with_tus_js_from_the_first_request,
    ],
    ids=lambda send: send.__name__,
)
def test_a_picture_arrives_whole_over_a_broken_network_and_a_dead_node(
    nodes, network, picture, noise, send: Send
):
    upload = send(f"http://{network.address}", picture)
    path = "/uploads/" + upload.rstrip("/").rsplit("/", 1)[1]

    reported = nodes[1].get(path).json
    image_id = hashlib.sha256(noise).hexdigest()
    assert (reported["state"], reported["image"]) == ("finished", image_id)
    assert_is(nodes[1].get(f"/images/{image_id}/").body, noise)
    record = nodes[1].get(f"/images/{image_id}/metadata/").json
    assert (record["title"], record["file_name"]) == ("Noïse", "noise.png")
    assert record["tags"] == ["one", "two"]
    if send in (with_tuspy, with_tus_js):
        assert network.cuts >= 4
        assert not nodes[0].family()
    left = [name for name in nodes[1].stored_files() if "piece-" in name]
    assert left == []


def test_pictures_stored_by_a_killed_node_are_on_another(nodes, noise):
    tus = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(noise))}
    path = nodes[0].request("POST", "/uploads/", headers=tus).json["_links"]["self"]["href"]
    piece = {**tus, "Content-Type": "application/offset+octet-stream"}
    head = "".join(f"{name}: {value}\r\n" for name, value in {**piece, "Upload-Offset": 0}.items())
    with nodes[0].socket() as connection:
        head = f"PATCH {path} HTTP/1.1\r\nHost: x\r\n{head}Content-Length: {len(noise)}\r\n\r\n"
        connection.sendall(head.encode() + noise[:20_000_000])
        wait_until(lambda: sum("piece-" in name for name in nodes[0].stored_files()) == 4)
        nodes[0].die()

    offset = int(nodes[1].request("HEAD", path, headers=tus).headers["upload-offset"])
    assert offset == 4 * PIECE_BYTES
    piece["Upload-Offset"] = str(offset)
    answer = nodes[1].request("PATCH", path, noise[offset:], piece)
    assert (answer.status, answer.headers["upload-offset"]) == (204, str(len(noise)))
    assert_is(nodes[1].get(f"/images/{hashlib.sha256(noise).hexdigest()}/").body, noise)


def assert_is(data: bytes, expected: bytes) -> None:
    """Compare pictures that are too large to be printed."""
    is_equal = data == expected
    assert is_equal, f"{len(data)} bytes in place of {len(expected)}, or others"


def test_bytes_before_a_client_fell_silent_are_stored(tmp_path, noise):
    with running(tmp_path, upload_stall_timeout_s=3) as server:
        tus = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(noise))}
        path = server.request("POST", "/uploads/", headers=tus).json["_links"]["self"]["href"]
        answer = server.exchange(
            f"PATCH {path} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
            "Content-Type: application/offset+octet-stream\r\n"
            f"Content-Length: {len(noise)}\r\n\r\n".encode()
            + noise[:1_000_000]
        )
        assert answer.startswith(b"HTTP/1.1 204 ")
        [stored] = re.findall(rb"(?i)upload-offset: (\d+)", answer)
        assert 900_000 < int(stored) <= 1_000_000
        reported = server.request("HEAD", path, headers=tus).headers
        assert reported["upload-offset"] == stored.decode()


def test_the_client_reports_a_file_that_is_no_picture(server):
    uploader = TusClient("http://{}:{}/uploads/".format(*server.address)).uploader(
        file_stream=io.BytesIO(b"no picture")
    )
    with pytest.raises(TusUploadFailed) as error:
        uploader.upload()
    assert error.value.status_code == 415
    assert json.loads(error.value.response_content)["title"] == "Unsupported file type"
