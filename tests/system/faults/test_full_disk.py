"""A store on a disk without blocks or inodes left gives room again by DELETE; needs root."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from falcon import testing

from progimage.config import Settings
from progimage.server import app
from progimage.stores import create_store
from tests.api.conftest import upload
from tests.imaging.drawing import quadrants, saved
from tests.inline_pool import InlinePool

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="mounting takes root")

FULL = {"blocks": "size=4m", "inodes": "size=64m,nr_inodes=500"}


@pytest.fixture(params=FULL)
def disk(request, tmp_path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", FULL[request.param], "tmpfs", folder]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this machine mounts nothing")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def picture(number: int) -> bytes:
    return saved(quadrants((48 + number, 32)), "BMP")


def test_a_full_disk_is_503_for_uploads_and_freed_by_removals(disk):
    url = f"file://{disk}/store"
    create_store(url)
    client = testing.TestClient(app.create(Settings(store=url), pool=InlinePool()))
    paths = [upload(client, picture(0))]
    number, filler = 1, disk / "filler"
    filler.mkdir()
    while True:
        try:
            (filler / str(number)).write_bytes(b"x" * 4096)
        except OSError:
            break
        number += 1
    full = client.simulate_post("/images/", body=picture(1), headers={"Content-Type": "image/bmp"})
    assert full.status_code == 503
    assert full.headers["Retry-After"]
    assert client.simulate_get(paths[0]).content == picture(0)
    assert client.simulate_delete(paths[0]).status_code == 204
    assert client.simulate_get(paths[0]).status_code == 404
    assert list((disk / "store").glob("images/*/*/*")) == []
