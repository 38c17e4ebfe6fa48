"""Tokens of sessions on the disk of the user."""

from __future__ import annotations

import json
import os
import stat

from progimage.cli import credentials
from tests.cli.grants import GRANT
from tests.client.scripted import Reply, scripted
from tests.client.test_flaky_server import ID, RECORD


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


def test_the_environment_takes_precedence_over_stored_tokens(run, monkeypatch):
    with scripted([Reply(200, GRANT), Reply(200, RECORD)]) as server:
        run("login", "ada", "--password-stdin", "--url", server.url, stdin=b"secret")
        monkeypatch.setenv("PROGIMAGE_TOKEN", "from-outside")
        monkeypatch.setenv("PROGIMAGE_URL", server.url)
        assert run("show", ID).code == 0
        assert server.seen[1].headers["authorization"] == "Bearer from-outside"


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
