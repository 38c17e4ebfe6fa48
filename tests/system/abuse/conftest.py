"""A server to attack, and requests to it meanwhile.

Attackers and all other clients come from different loopback addresses, so that limits of one
client do not hide what an attack does to others.
"""

from __future__ import annotations

import resource
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.imaging.drawing import quadrants, saved
from tests.system.abuse.bounds import RENDER_BYTES, work_s
from tests.system.serving.server import Server, running


@pytest.fixture(scope="session", autouse=True)
def sockets() -> None:
    """Let the attackers have thousands of connections."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    with running(
        tmp_path_factory.mktemp("abuse"),
        server_workers=2,
        server_trusted_proxies='["127.0.0.1/32"]',
        render_memory_bytes=RENDER_BYTES,
        transforms_cold_per_minute=0,
    ) as server:
        # Each web process starts its render process with its first picture, which takes seconds
        # on a busy machine.
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(work_s, [server] * 24))
        yield server


@pytest.fixture(scope="module")
def hit(server) -> str:
    """The path of a cached rendition."""
    path = server.upload(saved(quadrants(), "JPEG")) + "thumbnail.png"
    assert server.get(path).status == 200
    return path
