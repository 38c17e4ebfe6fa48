"""Accounts, links and jobs on the command line, with a real server that has accounts."""

from __future__ import annotations

import re
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
    """A server with the accounts of ann and ben, created by `progimage user add`."""
    accounts = {"auth_mode": "required", "auth_secret": SECRET}
    quotas = {"quota_enabled": "true", "quota_max_pictures": 1_000}
    with running(tmp_path_factory.mktemp("signed-in"), **QUICK, **accounts, **quotas) as server:
        for name in ("ann", "ben"):
            done = subprocess.run(
                [Path(sys.executable).with_name("progimage"), "user", "add", name],
                env=server.environ, input=PASSWORD + "\n", text=True, check=False,
                capture_output=True,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
        yield server


@pytest.fixture
def sign_in(use):
    def sign_in(name: str, password: str = PASSWORD):
        return use("login", name, "--password-stdin", stdin=password.encode() + b"\n")

    return sign_in


@pytest.fixture
def photo(tmp_path, fresh_jpeg) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(fresh_jpeg)
    return path


def status_of(server: Server, address: str) -> int:
    """Return the status of a request without an account."""
    return server.get(address.partition(url_of(server))[2]).status


def url_of(server: Server) -> str:
    return "http://{}:{}".format(*server.address)


def test_a_private_image_belongs_to_the_account_that_is_logged_in(use, sign_in, photo):
    failed = use("upload", photo)
    assert failed.code == 1
    assert "progimage login" in failed.err
    assert sign_in("ann", "wrong horse battery").code == 1
    assert sign_in("ann").code == 0
    image_id = use("upload", photo, "--private", "--json").json[0]["id"]
    assert use("show", image_id).code == 0
    assert sign_in("ben").code == 0
    assert use("show", image_id).code == 1
    assert use("rm", "--yes", image_id).code == 1
    assert sign_in("ann").code == 0
    assert use("rm", "--yes", image_id).code == 0


def test_logging_out_ends_the_session_at_the_server(use, sign_in, url, server: Server):
    sign_in("ann")
    tokens = credentials.load(url)
    assert stat.S_IMODE(credentials.path().stat().st_mode) == 0o600
    done = use("logout")
    assert done.code == 0, done.err
    assert credentials.load(url) is None
    body = f'{{"refresh_token": "{tokens.refresh_token}"}}'
    assert server.request("POST", "/tokens/", body).status == 401
    assert use("jobs", "list").code == 1


def test_an_invalid_access_token_is_renewed_and_the_new_ones_are_stored(use, sign_in, url):
    sign_in("ann")
    before = credentials.load(url)
    credentials.store(url, type(before)("expired.or.worse", before.refresh_token, before.session))
    assert use("jobs", "list").code == 0
    after = credentials.load(url)
    assert after.refresh_token not in ("", before.refresh_token)
    assert use("jobs", "list").code == 0


def test_a_link_shows_a_private_image_without_an_account(use, sign_in, photo, server):
    sign_in("ann")
    image_id = use("upload", photo, "--private", "--json").json[0]["id"]
    [address] = use("link", image_id, "thumbnail.webp", "--expires-in", "60").lines
    assert status_of(server, address) == 200
    assert status_of(server, address.replace("thumbnail", "blur")) == 404
    assert status_of(server, f"{url_of(server)}/images/{image_id}/thumbnail.webp") == 404
    [original] = use("link", image_id).lines
    assert status_of(server, original) == 200


def test_html_of_a_private_image_has_signed_addresses(use, sign_in, photo, server):
    sign_in("ann")
    image_id = use("upload", photo, "--private", "--json").json[0]["id"]
    printed = use("html", image_id, "flip.png", "--widths", "20,30", "--sizes", "50vw").text
    addresses = re.findall(r'[" ](http[^" ]*)', printed)
    assert len(addresses) == 3
    assert all(status_of(server, address) == 200 for address in addresses)
    assert use("html", image_id, "--json").json[0]["expires"]


def test_an_import_is_followed_and_its_job_is_listed(use, sign_in):
    sign_in("ann")
    with source() as remote:
        remote.answers = {"1.png": [404]}
        lines = "\n".join([remote.url("0.png"), remote.url("1.png"), "", "nonsense"])
        done = use("import-urls", "-", "--tag", "cli", "--private", "--json", stdin=lines.encode())
    assert done.code == 1
    job, *failures = done.json
    assert (job["status"], job["complete"], job["failed"]) == ("complete", 1, 2)
    assert {failure["url"] for failure in failures} == {remote.url("1.png"), "nonsense"}
    assert all(failure["error"] for failure in failures)
    assert len(use("ls", "--tag", "cli").lines) == 1
    assert use("jobs", "show", job["id"]).code == 0
    assert use("jobs", "follow", job["id"]).code == 1
    assert job["id"] in use("jobs", "list").text
    assert "is already complete" in use("jobs", "cancel", job["id"]).err
    sign_in("ben")
    assert use("jobs", "show", job["id"]).code == 1
    assert use("jobs", "list").lines == []


def test_a_cancelled_job_stays_cancelled(use, sign_in):
    sign_in("ann")
    with source() as remote:
        remote.gate.clear()
        done = use("import-urls", "-", "--no-follow", stdin="\n".join(remote.urls(50)).encode())
        [job_id] = done.lines
        assert use("jobs", "cancel", job_id).err.startswith("cancelled")
        [shown] = [line for line in use("jobs", "show", job_id, "--json").json if "status" in line]
        assert shown["status"] == "cancelled"


def test_a_link_to_an_album_shows_private_images_to_all(server, use, sign_in, photo):
    sign_in("ann")
    image_id = use("upload", str(photo), "--private", "--json").json[0]["id"]
    album = use("album", "create", "Harbours", image_id).text.strip()
    assert server.get(f"/albums/{album}/images/").status == 404
    signed = use("album", "link", album, "--expires-in", "60")
    assert "valid until" in signed.err
    path = signed.text.strip().partition(url_of(server))[2]
    shown = server.get(path)
    assert [image["id"] for image in shown.json["data"]] == [image_id]
    assert status_of(server, signed.text.strip().replace("sig=v1", "sig=v2")) == 404


def test_an_account_sees_what_it_has_stored_and_may_store(use, sign_in, photo, server):
    sign_in("ben")
    assert use("upload", photo).code == 0
    assert re.fullmatch(
        r"name\tben\npictures\t[1-9] of 1,000\nbytes\t[0-9,]+, without a limit\n",
        use("account").text,
    )
