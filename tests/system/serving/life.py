"""A service in use: two people, what they did, and what each of them sees."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from PIL import Image

from tests.imaging.drawing import saved
from tests.people import PASSWORD, SECRET
from tests.system.serving.server import Answer, Server, wait_until

# Links and pages name the service, whichever node answers.
SERVICE = "http://pictures.example"
SETTINGS = {
    "auth_mode": "optional",
    "auth_secret": SECRET,
    "auth_registration": "open",
    "server_public_url": SERVICE,
    "jobs_poll_s": 0.1,
    "log_format": "json",
}
RENDITION = "resize:width=24.png"
TUS = {"Tus-Resumable": "1.0.0"}
PIECE = {**TUS, "Content-Type": "application/offset+octet-stream"}
ANONYMOUS = ""

Seen = dict[tuple[str, str], tuple[int, str, bytes]]


def picture(seed: int) -> bytes:
    rng = random.Random(seed)
    return saved(Image.frombytes("RGB", (40, 30), rng.randbytes(40 * 30 * 3)), "PNG")


def path_of(url: str) -> str:
    """Return what stands behind the host of one of the service's URLs."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def send(server: Server, method: str, path: str, body: Any, token: str = "") -> Answer:
    headers = {"Content-Type": "application/json", **bearing(token)}
    return server.request(method, path, json.dumps(body), headers)


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


@dataclass
class Person:
    """A person with an account, a session and an API key."""

    name: str
    api_key: str
    refresh_token: str
    originals: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def register(cls, server: Server, name: str) -> Person:
        body = {"username": name, "password": PASSWORD}
        assert send(server, "POST", "/users/", body).status == 201
        grant = send(server, "POST", "/tokens/", body).json
        made = send(server, "POST", "/users/me/keys/", {"label": "drill"}, grant["access_token"])
        return cls(name, made.json["key"], grant["refresh_token"])

    def keep(self, server: Server, data: bytes, query: str) -> str:
        """Upload a picture and return its path."""
        headers = {**bearing(self.api_key), "Content-Type": "image/png"}
        answer = server.request("POST", f"/images/?{query}", data, headers)
        assert answer.status == 201, answer.body[:2000]
        path = path_of(answer.headers["location"])
        self.originals[path] = data
        return path


@dataclass
class Life:
    """Everything that was done at the service before it was copied."""

    people: list[Person]
    private: str
    links: list[str]
    job: str
    upload: str
    upload_bytes: bytes
    seen: Seen = field(default_factory=dict)


def live(server: Server) -> Life:
    """Use every part of the service once."""
    ann, bob = people = [Person.register(server, name) for name in ("ann", "bob")]
    shared = picture(0)
    for owner in people:  # The same bytes, twice: two pictures.
        owner.keep(server, shared, "title=Harbour+at+dusk&tags=sea,boats")
    private = ann.keep(server, picture(1), "visibility=private&title=Secret&tags=sea")
    edited = bob.keep(server, picture(2), "tags=lake")
    removed = bob.keep(server, picture(3), "tags=lake")
    etag = server.get(edited + "metadata/").headers["etag"]
    headers = {**bearing(bob.api_key), "If-Match": etag}
    headers["Content-Type"] = "application/merge-patch+json"
    changes = json.dumps({"title": "Lake", "tags": ["lake", "bødø"]})
    assert server.request("PATCH", edited + "metadata/", changes, headers).status == 200
    assert server.request("DELETE", removed, headers=bearing(bob.api_key)).status == 204
    del bob.originals[removed]

    body = {"images": [path.split("/")[2] for path in ann.originals], "transforms": [RENDITION]}
    job = path_of(send(server, "POST", "/jobs/", body, ann.api_key).headers["location"])
    wait_until(lambda: server.get(job, **bearing(ann.api_key)).json["status"] == "complete")
    links = [
        path_of(send(server, "POST", private + "links/", body, ann.api_key).json["url"])
        for body in ({"transform": RENDITION}, {"transform": "original"})
    ]
    half = picture(4)
    length = {"Upload-Length": str(len(half)), "Upload-Metadata": "title TGF0ZQ=="}
    headers = {**PIECE, **length, **bearing(ann.api_key)}
    upload = server.request("POST", "/uploads/", half[:1_000], headers)
    assert upload.status == 201, upload.body[:2000]
    life = Life(people, private, links, job, path_of(upload.headers["location"]), half)
    life.seen = look(server, life)
    return life


def look(server: Server, life: Life) -> Seen:
    """Return what each account, and a client without one, gets at every address."""
    seen: Seen = {}
    paths = [*life.links, life.job, life.upload, "/jobs/", "/tags/", "/images/?tag=sea"]
    paths += ["/images/?q=harb", "/images/?tags_any=lake&tags_any=boats", "/images/?q=secret"]
    for person in life.people:
        for path in person.originals:
            paths += [path, path + RENDITION, path + "metadata/"]
    for name, token in [(p.name, p.api_key) for p in life.people] + [(ANONYMOUS, "")]:
        page: str | None = "/images/?limit=2"
        while page:  # Every page, by the links between them.
            seen[name, page] = get(server, page, token)
            following = json.loads(seen[name, page][2])["next"]
            page = following and path_of(following)
        for path in paths:
            seen[name, path] = get(server, path, token)
    return seen


def get(server: Server, path: str, token: str = "") -> tuple[int, str, bytes]:
    answer = server.get(path, **bearing(token))
    return answer.status, answer.headers.get("etag", ""), answer.body
