"""The restore drill: a bucket is copied to a folder, served from there, and copied back.

What a person, a program or a link could do before, they can do with the copy.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.people import PASSWORD
from tests.stores.conftest import aws_credentials, s3_url
from tests.system.s3.real import make_bucket, real_url
from tests.system.serving.life import (
    ANONYMOUS,
    PIECE,
    RENDITION,
    SETTINGS,
    TUS,
    Life,
    Person,
    bearing,
    live,
    look,
    path_of,
    picture,
    send,
)
from tests.system.serving.server import Server, assert_problem, running, wait_until

__all__ = ["aws_credentials", "s3_url"]

# Several servers, one after another: `make test-s3` runs it.
pytestmark = [
    pytest.mark.timeout(400),
    pytest.mark.skipif(real_url() is None, reason="takes long: make test-s3 has it"),
]


def progimage(node: Server, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command line with a node's settings."""
    return subprocess.run(
        [Path(sys.executable).with_name("progimage"), *words],
        env={name: value for name, value in node.environ.items() if name != "TMPDIR"},
        capture_output=True,
        check=False,
        text=True,
        timeout=100,
    )


def new_bucket(url: str) -> str:
    """Return the URL of a store in a bucket of its own, on the same server."""
    made = url.replace(urlsplit(url).netloc, f"drill-{uuid.uuid4()}", 1)
    make_bucket(made)
    return made


def assert_copied(node: Server, source: str, target: str, *options: str) -> None:
    done = progimage(node, "copy-store", source, target, *options)
    assert done.returncode == 0, done.stdout + done.stderr


def assert_sound(node: Server) -> None:
    done = progimage(node, "check", "--grace-minutes", "0")
    assert done.returncode == 0, done.stdout + done.stderr


def assert_views_are_unchanged(life: Life, node: Server) -> None:
    now = look(node, life)
    assert now.keys() == life.seen.keys()
    for address, seen in life.seen.items():
        assert now[address] == seen, address
    for person in life.people:
        for path, original in person.originals.items():
            assert now[person.name, path][2] == original
    assert now["ann", life.private + RENDITION][0] == 200
    for name in ("bob", ANONYMOUS):
        for path in (life.private, life.private + RENDITION, life.private + "metadata/"):
            assert now[name, path][0] == 404
    assert all(now[ANONYMOUS, link][0] == 200 for link in life.links)


def assert_people_go_on_with_passwords_and_sessions(life: Life, node: Server) -> None:
    for person in life.people:
        credentials = {"username": person.name, "password": PASSWORD}
        token = send(node, "POST", "/tokens/", credentials).json["access_token"]
        assert node.get("/users/me/", **bearing(token)).json["username"] == person.name
        grant = send(node, "POST", "/tokens/", {"refresh_token": person.refresh_token})
        assert grant.status == 200, grant.body[:2000]
    wrong = {"username": "ann", "password": "another password"}
    assert_problem(send(node, "POST", "/tokens/", wrong), 401)


def assert_an_upload_goes_on_where_it_broke_off(life: Life, node: Server) -> None:
    headers = bearing(life.people[0].api_key)
    answer = node.request("HEAD", life.upload, headers={**TUS, **headers})
    offset = answer.headers["upload-offset"]
    assert offset == "1000"
    rest = life.upload_bytes[int(offset) :]
    done = node.request("PATCH", life.upload, rest, {**PIECE, **headers, "Upload-Offset": offset})
    assert done.status == 204, done.body[:2000]
    image = path_of(done.headers["location"])
    assert node.get(image, **headers).body == life.upload_bytes


def assert_new_pictures_are_taken(life: Life, node: Server) -> None:
    bob = life.people[1]
    path = bob.keep(node, picture(9), "tags=new")
    del bob.originals[path]
    assert node.get(path + RENDITION).status == 200
    found = node.get("/images/?tag=new").json["data"]
    assert [f"/images/{record['id']}/" for record in found] == [path]


def test_a_bucket_comes_back_from_a_folder_as_it_was(s3_url, tmp_path):
    bucket, backup, again = new_bucket(s3_url), f"file://{tmp_path}/backup", new_bucket(s3_url)
    with running(tmp_path / "before", bucket, **SETTINGS) as node:
        life = live(node)
        assert_copied(node, bucket, backup)
    assert_copied(node, backup, again)
    for store in (backup, again):
        with running(tmp_path / "after" / store[:2], store, **SETTINGS) as node:
            assert_sound(node)
            assert_views_are_unchanged(life, node)
            assert_people_go_on_with_passwords_and_sessions(life, node)
            assert_an_upload_goes_on_where_it_broke_off(life, node)
            assert_new_pictures_are_taken(life, node)


class Busy:
    """A person who uploads, edits and removes without a pause, and what was acknowledged."""

    def __init__(self, node: Server, person: Person, seed: int) -> None:
        self._node, self._person, self._seed = node, person, seed
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self.titles: dict[str, set[str]] = {}
        """By path: each title that may be the picture's now."""
        self.removed: set[str] = set()

    @contextmanager
    def working(self) -> Iterator[None]:
        """Work until the block ends."""
        self._thread.start()
        try:
            yield
        finally:
            self._is_over.set()
            self._thread.join()

    def acknowledged(self) -> dict[str, set[str]]:
        """Return the pictures that are certainly there: acknowledged and never removed."""
        return {
            path: set(titles)
            for path, titles in self.titles.copy().items()
            if path not in self.removed
        }

    def _work(self) -> None:
        number = 0
        while not self._is_over.is_set():
            number += 1
            path = self._person.keep(self._node, picture(self._seed + number), f"title={number}")
            self.titles[path] = {str(number)}
            if number % 3 == 0:
                self.titles[path].add("edited")
                self._change("PATCH", path + "metadata/", 200)
            if number % 4 == 0:
                self.removed.add(path)
                self._change("DELETE", path, 204)

    def _change(self, method: str, path: str, status: int) -> None:
        headers = {**bearing(self._person.api_key), "If-Match": "*"}
        headers["Content-Type"] = "application/merge-patch+json"
        body = b'{"title": "edited", "tags": ["late"]}' if method == "PATCH" else None
        answer = self._node.request(method, path, body, headers)
        assert answer.status == status, answer.body[:2000]


def test_a_copy_made_while_pictures_come_and_go_has_all_that_was_there_when_it_began(
    s3_url, tmp_path
):
    bucket, backup = new_bucket(s3_url), f"file://{tmp_path}/backup"
    with running(tmp_path / "before", bucket, **SETTINGS) as node:
        person = Person.register(node, "ann")
        busy = [Busy(node, person, seed) for seed in (10_000, 20_000)]
        with busy[0].working(), busy[1].working():
            wait_until(lambda: all(len(one.acknowledged()) >= 12 for one in busy))
            before = busy[0].acknowledged() | busy[1].acknowledged()
            assert_copied(node, bucket, backup, "--passes", "1")
            during = busy[0].titles.keys() | busy[1].titles.keys()
        removed = busy[0].removed | busy[1].removed
        titles = busy[0].titles | busy[1].titles
    assert during > before.keys()
    with running(tmp_path / "after", backup, **SETTINGS) as node:
        repaired = progimage(node, "check", "--repair", "--grace-minutes", "0")
        assert repaired.returncode == 0, repaired.stdout + repaired.stderr
        assert "missing original" not in repaired.stdout
        assert_sound(node)
        listed = node.get("/images/?limit=1000").json["data"]
        found = {f"/images/{record['id']}/": record for record in listed}
        assert before.keys() - removed <= found.keys()
        for path, record in found.items():
            assert node.get(path).body == person.originals[path]
            assert record["title"] in titles[path]
