"""Logging in and out, jobs and links, with scripted servers."""

from __future__ import annotations

import json
import os
import stat

from progimage.cli import credentials
from tests.client.scripted import Reply, busy, scripted
from tests.client.test_flaky_server import COMPLETE, ID, PENDING, RECORD, REST

GRANT = {"access_token": "t1", "refresh_token": "r1", "session": "s1", "expires_in": 900}
RENEWED = {**GRANT, "access_token": "t2", "refresh_token": "r2"}


def test_tokens_are_stored_per_server_and_readable_by_their_owner_only(run):
    old = os.umask(0)
    try:
        with scripted([Reply(200, GRANT), Reply(200, RECORD)]) as server:
            done = run("login", "ada", "--password-stdin", "--url", server.url, stdin=b"secret\n")
            assert done.code == 0
            assert "secret" not in done.err + done.text
            assert json.loads(server.seen[0].body) == {"username": "ada", "password": "secret"}
            file = credentials.path()
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
            assert run("show", ID, "--url", server.url + "/").code == 0
            assert server.seen[1].headers["authorization"] == "Bearer t1"
        with scripted([Reply(200, RECORD)]) as other:
            assert run("show", ID, "--url", other.url).code == 0
            assert "authorization" not in other.seen[0].headers
    finally:
        os.umask(old)


def test_a_refreshed_token_is_stored(run):
    with scripted(
        [Reply(200, GRANT), busy(401), Reply(200, RENEWED), Reply(200, RECORD)]
    ) as server:
        run("login", "ada", "--password-stdin", "--url", server.url, stdin=b"secret")
        assert run("show", ID, "--url", server.url).code == 0
        assert credentials.load(server.url).access_token == "t2"
        assert credentials.load(server.url).refresh_token == "r2"


def test_the_environment_takes_precedence_over_stored_tokens(run, monkeypatch):
    with scripted([Reply(200, GRANT), Reply(200, RECORD)]) as server:
        run("login", "ada", "--password-stdin", "--url", server.url, stdin=b"secret")
        monkeypatch.setenv("PROGIMAGE_TOKEN", "from-outside")
        monkeypatch.setenv("PROGIMAGE_URL", server.url)
        assert run("show", ID).code == 0
        assert server.seen[1].headers["authorization"] == "Bearer from-outside"


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


def test_a_home_that_cannot_be_written_is_an_error_of_one_line(run, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", "/proc/nowhere")
    monkeypatch.setenv("HOME", "/proc/nowhere")
    with scripted([Reply(200, GRANT)]) as server:
        done = run("login", "ada", "--password-stdin", "--url", server.url, stdin=b"secret")
    assert done.code == 1
    [line] = done.err.splitlines()
    assert "/proc/nowhere" in line
    assert "t1" not in line


def test_a_token_file_that_others_can_read_is_an_error(run):
    with scripted([Reply(200, GRANT)]) as server:
        run("login", "ada", "--password-stdin", "--url", server.url, stdin=b"secret")
        credentials.path().chmod(0o644)
        done = run("show", ID, "--url", server.url)
    assert done.code == 2
    assert "chmod 600" in done.err


def test_an_import_is_followed_to_its_end_and_failures_are_printed(run):
    replies = [Reply(202, PENDING), Reply(200, PENDING), Reply(200, COMPLETE), Reply(200, REST)]
    with scripted(replies) as server:
        urls = b"# pictures\nhttp://x/a.png\n\nhttp://x/b.png\n"
        done = run("import-urls", "-", "--tag", "t", "--url", server.url, stdin=urls)
    assert done.code == 1
    assert "failed:\tc\tno" in done.lines
    sent = json.loads(server.seen[0].body)
    assert sent == {"urls": ["http://x/a.png", "http://x/b.png"], "tags": ["t"]}


def test_jobs_are_listed_shown_and_cancelled(run):
    page = {"data": [COMPLETE], "next": None}
    replies = [Reply(200, page), Reply(200, PENDING), Reply(200, PENDING), Reply(204)]
    with scripted(replies) as server:
        assert run("jobs", "list", "--url", server.url).lines[0].startswith("j1\t")
        [shown] = run("jobs", "show", "j1", "--json", "--url", server.url).json
        assert shown["status"] == "pending"
        assert run("jobs", "cancel", "j1", "--url", server.url).code == 0
    assert server.seen[-1].method == "DELETE"


def test_a_link_is_printed(run):
    with scripted([Reply(201, {"url": "http://h/x?s=1", "expires": "2026"})]) as server:
        done = run("link", ID, "thumbnail.webp", "--expires-in", "60", "--url", server.url)
    assert done.lines == ["http://h/x?s=1"]
    requested = json.loads(server.seen[0].body)
    assert requested == {"transform": "thumbnail.webp", "expires_in": 60}
