"""A service behind nginx, shared by all tests that leave it as they found it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from PIL import Image

from progimage.stores import open_store
from tests.imaging.drawing import saved
from tests.people import SECRET, headers_of
from tests.system.nginx.front import Front, host_port, in_front
from tests.system.serving.server import Server, running

TRUST = '["127.0.0.1/32"]'
ACCOUNTS = {"auth_mode": "optional", "auth_secret": SECRET}


class Site(NamedTuple):
    """A service, nginx before it, and the folder that both use."""

    app: Server
    front: Front
    store: Path


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    with (
        running(folder / "app", server_trusted_proxies=TRUST, **ACCOUNTS) as app,
        in_front(folder / "front", folder / "app" / "store", host_port(app)) as front,
    ):
        yield Site(app, front, folder / "app" / "store")


@pytest.fixture(scope="session")
def accelerated(tmp_path_factory) -> Iterator[Site]:
    """A service that leaves every stored byte to nginx."""
    folder = tmp_path_factory.mktemp("accelerated")
    settings = {"server_trusted_proxies": TRUST, "delivery_mode": "x-accel", **ACCOUNTS}
    with (
        running(folder / "app", **settings) as app,
        in_front(folder / "front", folder / "app" / "store", host_port(app)) as front,
    ):
        yield Site(app, front, folder / "app" / "store")


@pytest.fixture
def jpeg() -> bytes:
    """A JPEG of 60 x 40 that no other test has uploaded."""
    colour = tuple(random.randrange(256) for _ in range(3))
    return saved(Image.new("RGB", (60, 40), colour), "JPEG", comment=random.randbytes(16).hex())


@pytest.fixture
def picture(site, jpeg) -> str:
    """The path of a public picture."""
    return site.front.upload(jpeg)


@pytest.fixture
def ann(site) -> dict[str, str]:
    """The headers of a client with an account."""
    return headers_of(open_store(site.app.store), f"ann-{random.randbytes(6).hex()}")


@pytest.fixture
def anns_picture(site, jpeg, ann) -> str:
    """The path of a public picture of hers."""
    headers = {"Content-Type": "image/jpeg", **ann}
    answer = site.front.request("POST", "/images/", jpeg, headers)
    return f"/images/{answer.json['id']}/"


def came_from_nginx(answer) -> bool:
    """True if no process of the service had a hand in the answer: each of them signs its own."""
    return answer.headers.get("x-cache") == "hit" and "x-request-id" not in answer.headers
