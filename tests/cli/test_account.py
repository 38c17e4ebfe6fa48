"""Logging in and out, jobs and links, with scripted servers."""

from __future__ import annotations

import json

from progimage.cli import credentials
from tests.cli.grants import GRANT
from tests.client.scripted import Reply, busy, scripted
from tests.client.test_flaky_server import ID, RECORD

RENEWED = {**GRANT, "access_token": "t2", "refresh_token": "r2"}


def test_a_refreshed_token_is_stored(run):
    with scripted(
        [Reply(200, GRANT), busy(401), Reply(200, RENEWED), Reply(200, RECORD)]
    ) as server:
        run("login", "ada", "--password-stdin", "--url", server.url, stdin=b"secret")
        assert run("show", ID, "--url", server.url).code == 0
        assert credentials.load(server.url).access_token == "t2"
        assert credentials.load(server.url).refresh_token == "r2"


def test_logout_removes_the_tokens_and_ends_the_session(run):
    with scripted([Reply(200, GRANT), Reply(204)]) as server:
        run("login", "ada", "--password-stdin", "--url", server.url, stdin=b"secret")
        assert run("logout", "--url", server.url).code == 0
        assert (server.seen[1].method, server.seen[1].path) == ("DELETE", "/tokens/s1/")
        assert credentials.load(server.url) is None
        assert "not logged in" in run("logout", "--url", server.url).err


def test_a_wrong_password_stores_nothing(run):
    with scripted([busy(401)]) as server:
        done = run("login", "ada", "--password-stdin", "--url", server.url, stdin=b"secret")
        assert done.code == 1
        assert not credentials.path().exists()
    assert run("login", "ada").code == 2


def test_a_link_is_printed(run):
    with scripted([Reply(201, {"url": "http://h/x?s=1", "expires": "2026"})]) as server:
        done = run("link", ID, "thumbnail.webp", "--expires-in", "60", "--url", server.url)
    assert done.lines == ["http://h/x?s=1"]
    requested = json.loads(server.seen[0].body)
    assert requested == {"transform": "thumbnail.webp", "expires_in": 60}
