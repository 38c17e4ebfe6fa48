"""Under a closed transforms.policy nginx serves by itself what is open to anybody, no more."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from progimage.access.signed_links import LinkSigner, link_key
from tests.people import SECRET
from tests.system.nginx.conftest import TRUST, Site, came_from_nginx
from tests.system.nginx.front import host_port, in_front
from tests.system.nginx.test_renditions import canonical
from tests.system.serving.server import ROOT, Server, assert_problem, running

CLOSED = {
    "server_trusted_proxies": TRUST,
    "auth_secret": SECRET,
    "transforms_policy": "signed",
    "presets": '{card = "resize:w=24"}',
}


@pytest.fixture(scope="module")
def closed(tmp_path_factory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("closed")
    with (
        running(folder / "app", **CLOSED) as app,
        in_front(folder / "front", folder / "app" / "store", host_port(app)) as front,
    ):
        yield Site(app, front, folder / "app" / "store")


def signed(path: str) -> str:
    token, _ = LinkSigner({"default": link_key(SECRET.encode())}, "default", 600).sign(path, 60)
    return f"{path}?sig={token}"


def collect_garbage(server: Server) -> None:
    program = Path(sys.executable).with_name("progimage")
    subprocess.run([program, "gc"], cwd=ROOT, env=server.environ, check=True, capture_output=True)


def test_a_preset_leaves_from_the_folder_under_its_canonical_url(closed, jpeg):
    picture = closed.front.upload(jpeg)
    url = canonical(closed.front, f"{picture}card.png")
    assert url == f"{picture}resize:width=24.png"
    assert came_from_nginx(closed.front.get(url))


def test_a_rendition_opened_by_a_signature_is_never_served_without_it(closed, jpeg):
    path = f"{closed.front.upload(jpeg)}thumbnail:height=20,width=20.png"
    for cache in ("miss", "hit"):
        answer = closed.front.get(signed(path))
        assert (answer.status, answer.headers["x-cache"]) == (200, cache)
        assert not came_from_nginx(answer)
    for again in (path, f"{path}?sig=", f"{path}?sig=v1", signed(path)[:-3]):
        assert_problem(closed.front.get(again), 403)


def test_renditions_made_before_the_policy_closed_are_collected(tmp_path, jpeg):
    before = {name: CLOSED[name] for name in ("server_trusted_proxies", "auth_secret", "presets")}
    store = tmp_path / "before" / "store"
    with (
        running(tmp_path / "before", **before) as app,
        in_front(tmp_path / "front", store, host_port(app)) as front,
    ):
        picture = front.upload(jpeg)
        shut, still_open = (
            canonical(front, picture + name) for name in ("thumbnail.png", "card.png")
        )
    with (
        running(tmp_path / "after", f"file://{store}", **CLOSED) as app,
        in_front(tmp_path / "front", store, host_port(app)) as front,
    ):
        collect_garbage(app)
        assert_problem(front.get(shut), 403)
        assert came_from_nginx(front.get(still_open))
