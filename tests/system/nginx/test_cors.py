"""Scripts of other sites get the app's answer, whatever lies in the folder."""

from __future__ import annotations

import pytest

from tests.system.nginx.conftest import TRUST, came_from_nginx
from tests.system.nginx.front import host_port, in_front
from tests.system.nginx.test_renditions import canonical
from tests.system.serving.server import running

SITE = "https://app.example.com"


@pytest.mark.parametrize("delivery", ["direct", "x-accel"])
def test_a_named_site_may_read_what_is_cached_and_no_other_may(tmp_path, jpeg, delivery):
    settings = {"cors_origins": f'["{SITE}"]', "delivery_mode": delivery}
    with (
        running(tmp_path / "app", server_trusted_proxies=TRUST, **settings) as app,
        in_front(tmp_path / "front", tmp_path / "app" / "store", host_port(app)) as front,
    ):
        picture = front.upload(jpeg)
        cached = canonical(front, f"{picture}resize:width=24.jpg")
        plain = front.get(cached)
        assert came_from_nginx(plain)
        assert "Origin" in plain.headers["vary"]
        for path in (cached, picture):
            ours, theirs = front.get(path, Origin=SITE), front.get(path, Origin="https://b.example")
            assert ours.headers["access-control-allow-origin"] == SITE
            assert "ETag" in ours.headers["access-control-expose-headers"]
            assert "access-control-allow-origin" not in theirs.headers
            assert ours.body == theirs.body == front.get(path).body
            assert "Origin" in theirs.headers["vary"]
