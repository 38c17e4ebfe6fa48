"""Accounts, links and jobs on the command line, against a real server that has accounts."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from progimage.cli import credentials
from tests.jobs.source import source
from tests.people import PASSWORD, SECRET
from tests.system.serving.server import Server, running

QUICK = {"download_allow_private": "true", "jobs_poll_s": 0.2, "jobs_host_pause_s": 0}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server with the accounts of ann and ben, made as its operator makes them."""
    accounts = {"auth_mode": "required", "auth_secret": SECRET}
    with running(tmp_path_factory.mktemp("signed-in"), **QUICK, **accounts) as server:
        for name in ("ann", "ben"):
            done = subprocess.run(
                [Path(sys.executable).with_name("progimage"), "user", "add", name],
                env=server.environ, input=PASSWORD + "\n", text=True, check=False,
                capture_output=True,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
        yield server


@pytest.fixture
def sign_in(talk):
    def sign_in(name: str, password: str = PASSWORD):
        return talk("login", name, "--password-stdin", stdin=password.encode() + b"\n")

    return sign_in


@pytest.fixture
def photo(tmp_path, fresh_jpeg) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(fresh_jpeg)
    return path


def status_of(server: Server, address: str) -> int:
    """Ask without an account."""
    return server.get(address.partition(url_of(server))[2]).status


def url_of(server: Server) -> str:
    return "http://{}:{}".format(*server.address)


def test_who_is_logged_in_has_pictures_of_their_own(talk, sign_in, photo):
    refused = talk("upload", photo)
    assert refused.code == 1
    assert "progimage login" in refused.err
    assert sign_in("ann", "wrong horse battery").code == 1
    assert sign_in("ann").code == 0
    image_id = talk("upload", photo, "--private", "--json").json[0]["id"]
    assert talk("show", image_id).code == 0
    assert sign_in("ben").code == 0
    assert talk("show", image_id).code == 1
    assert talk("rm", "--yes", image_id).code == 1
    assert sign_in("ann").code == 0
    assert talk("rm", "--yes", image_id).code == 0


def test_logging_out_ends_the_session_at_the_server(talk, sign_in, url, server: Server):
    sign_in("ann")
    tokens = credentials.recall(url)
    assert stat.S_IMODE(credentials.path().stat().st_mode) == 0o600
    done = talk("logout")
    assert done.code == 0, done.err
    assert credentials.recall(url) is None
    body = f'{{"refresh_token": "{tokens.refresh_token}"}}'
    assert server.request("POST", "/tokens/", body).status == 401
    assert talk("jobs", "list").code == 1


def test_a_lost_access_token_is_renewed_and_the_new_ones_are_kept(talk, sign_in, url):
    sign_in("ann")
    before = credentials.recall(url)
    credentials.remember(
        url, type(before)("expired.or.worse", before.refresh_token, before.session)
    )
    assert talk("jobs", "list").code == 0
    after = credentials.recall(url)
    assert after.refresh_token not in ("", before.refresh_token)
    assert talk("jobs", "list").code == 0


def test_a_link_shows_a_private_picture_to_those_without_an_account(talk, sign_in, photo, server):
    sign_in("ann")
    image_id = talk("upload", photo, "--private", "--json").json[0]["id"]
    [address] = talk("link", image_id, "thumbnail.webp", "--expires-in", "60").lines
    assert status_of(server, address) == 200
    assert status_of(server, address.replace("thumbnail", "blur")) == 404
    assert status_of(server, f"{url_of(server)}/images/{image_id}/thumbnail.webp") == 404
    [original] = talk("link", image_id).lines
    assert status_of(server, original) == 200


def test_an_import_is_followed_and_its_job_is_told_of(talk, sign_in):
    sign_in("ann")
    with source() as remote:
        remote.answers = {"1.png": [404]}
        lines = "\n".join([remote.url("0.png"), remote.url("1.png"), "", "nonsense"])
        done = talk("import-urls", "-", "--tag", "cli", "--private", "--json", stdin=lines.encode())
    assert done.code == 1
    job, *failures = done.json
    assert (job["status"], job["complete"], job["failed"]) == ("complete", 1, 2)
    assert {failure["url"] for failure in failures} == {remote.url("1.png"), "nonsense"}
    assert all(failure["error"] for failure in failures)
    assert len(talk("ls", "--tag", "cli").lines) == 1
    assert talk("jobs", "show", job["id"]).code == 0
    assert talk("jobs", "follow", job["id"]).code == 1
    assert job["id"] in talk("jobs", "list").text
    assert "was complete before" in talk("jobs", "cancel", job["id"]).err
    sign_in("ben")
    assert talk("jobs", "show", job["id"]).code == 1
    assert talk("jobs", "list").lines == []


def test_a_job_that_is_cancelled_stays_so(talk, sign_in):
    sign_in("ann")
    with source() as remote:
        remote.gate.clear()
        done = talk("import-urls", "-", "--no-follow", stdin="\n".join(remote.urls(50)).encode())
        [job_id] = done.lines
        assert talk("jobs", "cancel", job_id).err.startswith("cancelled")
        [shown] = [line for line in talk("jobs", "show", job_id, "--json").json if "status" in line]
        assert shown["status"] == "cancelled"
