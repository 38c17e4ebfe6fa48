"""Nothing but public renditions and what the app says leaves, however a path is spelt."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from progimage import keys
from tests.system.nginx.conftest import Site

SECRET = b"a secret that must stay in the store"
# Where the tests put SECRET, beside what the service itself keeps.
HIDDEN = (
    "renders/private/{ab}/{id}/{v}/resize:width=24.jpg",
    "renders/private/{ab}/{id}/{v}/original.jpg",
    "users/hidden.json",
    "hidden-key",
    "renders/public/{ab}/{id}/{v}/.hidden.jpg",
    "renders/public/{ab}/{id}/0/resize:width=24.jpg",
    "renders/public/secret.jpg",
    "copies/{ab}/{id}/0123456789abcdef-1-2048-1200x900",
    "images/{ab}/{id}/record.json",
    "images/{ab}/{id}/original-0123456789abcdef",
    "images/{ab}/{id}/original.jpg",
    ".tmp/0123456789abcdef.jpg",
    ".locks/00.jpg",
    "secret.jpg",
    "../secret.jpg",
)
PICTURE = "/images/{id}"
PATHS = [
    # Keys as they are, and through the internal location.
    *(f"/{key}" for key in HIDDEN),
    *(f"/_store/{key}" for key in HIDDEN),
    "/%5Fstore/secret.jpg",
    "/_store%2Fsecret.jpg",
    "//_store//secret.jpg",
    "/x/../_store/secret.jpg",
    "/_store/../_store/renders/private/{ab}/{id}/{v}/resize:width=24.jpg",
    # The private cache of a public picture's address.
    PICTURE + "/resize:width=24.jpg",
    PICTURE + ".jpg",
    # Dot segments, plain and encoded, once and twice.
    PICTURE + "/../../../../private/{ab}/{id}/{v}/resize:width=24.jpg",
    PICTURE + "/..%2f..%2f..%2f..%2fprivate%2f{ab}%2f{id}%2f{v}%2fresize:width=24.jpg",
    PICTURE + "/%2e%2e/%2e%2e/%2e%2e/%2e%2e/private/{ab}/{id}/{v}/resize:width=24.jpg",
    PICTURE + "/%252e%252e/%252e%252e/%252e%252e/%252e%252e/private/{ab}/{id}/{v}/original.jpg",
    PICTURE + "/..%5c..%5c..%5c..%5cprivate%5c{ab}%5c{id}%5c{v}%5coriginal.jpg",
    PICTURE + "/.%2e/.%2e/.%2e/secret.jpg",
    PICTURE + "/../{id}/../../../secret.jpg",
    PICTURE + "/resize:width=24/../../3/resize:width=24.jpg",
    PICTURE + "/resize:width=24%2f..%2f..%2f2%2fresize:width=24.jpg",
    PICTURE + "/..;/..;/..;/secret.jpg",
    PICTURE + "/%c0%ae%c0%ae/%c0%ae%c0%ae/secret.jpg",
    "/../secret.jpg",
    "/images/../secret.jpg",
    "/images/%2e%2e%2f%2e%2e%2fsecret.jpg",
    # Double slashes, also encoded.
    PICTURE + "//.hidden.jpg",
    PICTURE + "//secret.jpg",
    PICTURE + "/%2f%2fsecret.jpg",
    "//images//{id}//../../../private/{ab}/{id}/{v}/original.jpg",
    # Hidden names, names of other things, and other engine versions.
    PICTURE + "/.hidden.jpg",
    PICTURE + "/%2ehidden.jpg",
    PICTURE + "/record.json",
    PICTURE + "/original.jpg",
    PICTURE + "/3/resize:width=24.jpg",
    # NUL, newline and the like in front of an extension.
    PICTURE + "/resize:width=24.jpg%00.jpg",
    PICTURE + "/record.json%00.jpg",
    PICTURE + "%00.jpg",
    PICTURE + "/resize:width=24%0a.jpg",
    PICTURE + "/resize:width=24.jpg%0d%0aX-Injected:%201",
    PICTURE + "/resize:width=24.jpg%20",
    # Upper case.
    "/IMAGES/{id}/resize:width=24.jpg",
    "/images/{ID}/resize:width=24.jpg",
    "/images/{ID}.jpg",
    PICTURE + "/RESIZE:WIDTH=24.JPG",
    "/_STORE/secret.jpg",
    # Absolute and broken forms of the request target.
    "http://elsewhere.example/_store/secret.jpg",
    "http://elsewhere.example/renders/public/secret.jpg",
    "*",
    "secret.jpg",
]


@pytest.fixture(scope="module", params=["direct", "x-accel"])
def hiding(request, site, accelerated) -> tuple[Site, dict[str, str]]:
    """A store with secrets everywhere but in the public cache of its one private picture."""
    chosen: Site = site if request.param == "direct" else accelerated
    image_id = "c0ffee" + 58 * "0"
    engine = keys.ENGINE_VERSION
    words = {"id": image_id, "ID": image_id.upper(), "ab": image_id[:2], "v": engine}
    for key in HIDDEN:
        file = chosen.store / key.format(**words)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(SECRET)
    return chosen, words


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_no_path_reaches_a_hidden_file(hiding, method, path):
    site, words = hiding
    target = path.format(**words)
    answer = site.front.exchange(
        f"{method} {target} HTTP/1.1\r\nHost: img.example\r\nContent-Length: 0\r\n"
        f"Connection: close\r\n\r\n".encode()
    )
    head, _, body = answer.partition(b"\r\n\r\n")
    status = int(head.split()[1])
    assert SECRET not in answer
    assert 400 <= status < 600, head
    assert b"x-injected" not in head.lower()
    length = re.search(rb"(?i)content-length: (\d+)", head)
    assert length is None or int(length[1]) != len(SECRET)
    if method != "HEAD":
        assert b"application/problem+json" in head, head
        assert b"<html" not in body


def test_a_secret_would_be_found_where_a_public_rendition_belongs(hiding):
    """The tests above would notice: the file only has to lie in the public cache."""
    site, words = hiding
    file = site.store / Path("renders/public/{ab}/{id}/{v}/rotate:degrees=90.jpg".format(**words))
    file.write_bytes(SECRET)
    try:
        assert site.front.get(f"/images/{words['id']}/rotate:degrees=90.jpg").body == SECRET
    finally:
        file.unlink()
