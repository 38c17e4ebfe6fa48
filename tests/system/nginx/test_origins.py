"""Keys of origins and links of other services arrive at the app as the client wrote them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from PIL import Image

from progimage.api.fronts.imgproxy.signature import KeyPair
from progimage.api.fronts.thumbor.signature import sign
from tests.origin_client import picture
from tests.system.nginx.conftest import TRUST
from tests.system.nginx.front import Front, host_port, in_front
from tests.system.serving.server import running

PAIR = KeyPair(b"test-key", b"test-salt")
THUMBOR_KEY = "my-security-key"
THUMBOR_HOST = "thumbs.example"

NAMES = {
    "a%20b.png": "a b.png",
    "a+b.png": "a+b.png",
    "a%2Bb.png": "a+b.png",
    "a%2540.png": "a%40.png",
    "a%252Fb.png": "a%2Fb.png",
    "dir%2Fb.png": "dir/b.png",
    "dir/b.png": "dir/b.png",
    "%C3%A9.png": "é.png",
    "%5B1%5D.png": "[1].png",
    "q%3Fx=1.png": "q?x=1.png",
    "a%26b=c.png": "a&b=c.png",
}
"""Keys as they are sent, and the files that they mean."""


class Shop(NamedTuple):
    front: Front
    root: Path


@pytest.fixture(scope="module", params=["direct", "x-accel"])
def shop(request, tmp_path_factory) -> Iterator[Shop]:
    """A service with an origin and two fronts behind nginx."""
    folder = tmp_path_factory.mktemp("shop")
    root = folder / "pictures"
    for name in NAMES.values():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(picture(60, 40))
    imgproxy = f'{{key = "{PAIR.key.hex()}", salt = "{PAIR.salt.hex()}"}}'
    settings = {
        "server_trusted_proxies": TRUST,
        "delivery_mode": request.param,
        "origins": f'{{shop = {{from = "{root.as_uri()}"}}}}',
        "fronts_imgproxy": f'{{prefix = "/imgproxy", keys = [{imgproxy}], '
        'sources = {"local:///" = "shop"}}',
        "fronts_thumbor": f'{{hosts = ["{THUMBOR_HOST}"], keys = ["{THUMBOR_KEY}"], '
        'sources = {"" = "shop"}}',
    }
    with (
        running(folder / "app", **settings) as app,
        in_front(folder / "front", folder / "app" / "store", host_port(app)) as front,
    ):
        yield Shop(front, root)


def size(answer) -> tuple[int, int]:
    assert answer.status == 200, answer.body[:2000]
    return Image.open(io.BytesIO(answer.body)).size


@pytest.mark.parametrize("raw", NAMES)
def test_a_key_of_an_origin(shop, raw):
    answer = shop.front.get(f"/origins/shop/resize:w=30.png/-/{raw}")
    assert size(answer) == (30, 20)
    assert answer.headers["cache-control"].startswith("public, max-age=")


@pytest.mark.parametrize("raw", NAMES)
def test_a_signed_link_of_imgproxy(shop, raw):
    path = f"/rs:fit:30:30/plain/local:///{raw}@png"
    assert size(shop.front.get(f"/imgproxy/{PAIR.sign(path)}{path}")) == (30, 20)


@pytest.mark.parametrize("raw", NAMES)
def test_a_signed_link_of_thumbor(shop, raw):
    path = f"fit-in/30x30/filters:format(png)/{raw}"
    answer = shop.front.get(f"/{sign(path, THUMBOR_KEY)}/{path}", Host=THUMBOR_HOST)
    assert size(answer) == (30, 20)


def test_double_slashes_are_not_merged(shop):
    """nginx would find dir/b.png, which is another key."""
    assert shop.front.get("/origins/shop/resize:w=30.png/-/dir//b.png").status == 404


@pytest.mark.parametrize("raw", ["%00.png", "a%0Ab.png", "..%2Fsecret.png", "dir/%2e%2e%2fb.png"])
def test_a_key_that_could_lead_elsewhere_is_400(shop, raw):
    assert shop.front.get(f"/origins/shop/resize:w=30.png/-/{raw}").status == 400
