"""Three nodes behind nginx, on one shared folder and on one bucket of a real Ceph."""

from __future__ import annotations

import os

import pytest

from tests.system.s3.real import REAL_SERVER, real_url

NODES = 3


@pytest.fixture(params=["folder", "ceph"])
def store(request, tmp_path) -> str:
    """The URL of an empty store."""
    if request.param == "folder":
        return f"file://{tmp_path}/store"
    url = real_url()
    if url is None:
        pytest.skip(f"make test-nodes starts a real server and names it in {REAL_SERVER}")
    return url


@pytest.fixture(scope="session")
def seed() -> int:
    """What the load is drawn from; PROGIMAGE_TEST_SEED names one, to see it again."""
    drawn = int(os.environ.get("PROGIMAGE_TEST_SEED") or int.from_bytes(os.urandom(4)))
    print(f"PROGIMAGE_TEST_SEED={drawn}")
    return drawn
