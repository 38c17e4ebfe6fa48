"""Clients that do all there is to do on two nodes, and remember what they were promised."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from progimage import keys
from tests.imaging.drawing import saved
from tests.system.serving.server import Answer, Server, assert_problem, wait_until

OWNER = "ann"
TAGS = ("red", "green", "blue")
RENDITION = "resize:width=9.png"
_TUS = {"Tus-Resumable": "1.0.0"}
_MERGE = {"Content-Type": "application/merge-patch+json"}
_JSON = {"Content-Type": "application/json"}


class Lost(Exception):
    """The connection broke before the answer came: it may have been done, or not."""


@dataclass
class Picture:
    """What is known of a picture: how it may be found afterwards.

    Attributes:
        may_be: "public", "private" or "gone"; more than one while an answer was lost.
        tags, doubted: that were acknowledged, and whose answer was lost.
        renditions: every answer to one request for a rendition.
    """

    id: str
    data: bytes
    may_be: set[str] = field(default_factory=lambda: {"gone"})
    tags: set[str] = field(default_factory=set)
    doubted: set[str] = field(default_factory=set)
    renditions: set[bytes] = field(default_factory=set)

    @property
    def path(self) -> str:
        return f"/images/{self.id}/"


class MixedLoad:
    """Uploads, looks, edits, hides and removes, each in threads of its own.

    Every client asks the nodes in turn, and after a broken connection the next one, as
    behind a load balancer; each knows which of its actions got no answer.

    Attributes:
        pictures: all that was ever sent.
        done: how often each action was done to its end.
        lost: how many answers never came.
        under_way: how many requests each node has in its hands.
        slowest_s: the longest that anybody waited for one.
    """

    def __init__(self, nodes: Sequence[Server], who: Mapping[str, str], seed: int) -> None:
        self._nodes = nodes
        self._who = dict(who)
        self._seed = seed
        self._is_over = threading.Event()
        self._ends = 0.0
        self._lock = threading.Lock()
        self.pictures: list[Picture] = []
        self.done: Counter[str] = Counter()
        self.lost = 0
        self.under_way: Counter[Server] = Counter()
        self.slowest_s = 0.0

    @property
    def actions(self) -> list[Callable[[random.Random], None]]:
        return [self.upload, self.stream, self.resume, self.edit, self.hide, self.remove]

    @property
    def is_over(self) -> bool:
        """True if the clients must stop, or one of them found something wrong."""
        return self._is_over.is_set()

    def wait_for_more(self, count: int) -> None:
        """Return when every action was done so many times more."""
        before = self.done.copy()
        names = [act.__name__ for act in self.actions]
        wait_until(
            lambda: (
                self._is_over.is_set()
                or all(self.done[name] >= before[name] + count for name in names)
            ),
            timeout_s=120,
        )

    def run(self, number: int) -> None:
        """Do one kind of action over and over."""
        chance = random.Random(f"{self._seed} {number}")
        act = self.actions[number % len(self.actions)]
        try:
            while not self._is_over.is_set():
                act(chance)
                self.done[act.__name__] += 1
        finally:
            self.stop()

    def stop(self) -> None:
        """Let each client finish its action, for a minute at most."""
        if not self._is_over.is_set():
            self._ends = time.monotonic() + 60
            self._is_over.set()

    @property
    def _must_end(self) -> bool:
        """True if the nodes have not answered for a minute after the end of the load."""
        return self._is_over.is_set() and time.monotonic() > self._ends

    def upload(self, chance: random.Random) -> Picture:
        """A small picture, with a tag, in one go; and a thumbnail of it."""
        picture, tag = self._drawn(chance), chance.choice(TAGS)
        headers = {"Content-Type": "image/png"}
        picture.may_be |= {"public"}
        picture.doubted.add(tag)
        self._until_acknowledged("POST", f"/images/?tags={tag}", picture.data, headers)
        picture.may_be = {"public"}
        picture.tags, picture.doubted = {tag}, set()
        shown = self._until_acknowledged("GET", picture.path + RENDITION)
        picture.renditions.add(shown.body)
        return picture

    def stream(self, chance: random.Random) -> None:
        """The same, its body in pieces with pauses in between."""
        picture = self._drawn(chance, size=60)
        picture.may_be |= {"public"}

        def pieces() -> Iterator[bytes]:
            for start in range(0, len(picture.data), 2_000):
                yield picture.data[start : start + 2_000]
                time.sleep(0.02)

        headers = {"Content-Type": "image/png"}
        self._until_acknowledged("POST", "/images/", pieces, headers)
        picture.may_be = {"public"}

    def resume(self, chance: random.Random) -> None:
        """By tus, in three pieces; after each lost answer it asks how far it has come."""
        picture = self._drawn(chance, size=60)
        picture.may_be |= {"public"}
        size = len(picture.data)
        length = {**_TUS, "Upload-Length": str(size)}
        path = self._until_acknowledged("POST", "/uploads/", headers=length).json["_links"]["self"][
            "href"
        ]
        offset = 0
        while offset < size:
            headers = {
                **_TUS,
                "Content-Type": "application/offset+octet-stream",
                "Upload-Offset": str(offset),
            }
            data = picture.data[offset : offset + size // 3 + 1]
            try:
                answer = self._ask("PATCH", path, data, headers, well=(204, 409))
            except Lost:
                answer = None
            if answer is None or answer.status == 409:
                # What the dead node had sent to the store may arrive after a look at it.
                answer = self._until_acknowledged("HEAD", path, headers=_TUS)
            offset = int(answer.headers["upload-offset"])
        # A HEAD finishes what a node had all of when it died.
        reported = self._until_acknowledged("GET", path).json
        assert (reported["state"], reported["image"]) == ("finished", picture.id), reported
        picture.may_be = {"public"}

    def edit(self, chance: random.Random) -> None:
        """One tag after another, on the condition that no other client edits."""
        picture = self.upload(chance)
        for tag in TAGS:
            while tag not in picture.tags:
                shown = self._until_acknowledged("GET", f"{picture.path}metadata/")
                now = set(shown.json["tags"])
                assert picture.tags <= now <= picture.tags | picture.doubted
                picture.tags, picture.doubted = now, {tag}
                headers = {**_MERGE, "If-Match": shown.headers["etag"]}
                body = json.dumps({"tags": sorted(now | {tag})})
                try:
                    answer = self._ask(
                        "PATCH", f"{picture.path}metadata/", body, headers, well=(200, 412)
                    )
                except Lost:
                    continue
                if answer.status == 200:
                    picture.tags.add(tag)

    def hide(self, chance: random.Random) -> None:
        """Several pictures that have public renditions, with one request."""
        pictures = [self.upload(chance) for _ in range(3)]
        for picture in pictures:
            picture.may_be = {"public", "private"}
        body = {"images": [picture.id for picture in pictures], "visibility": "private"}
        # 207: some of the pictures were hidden, and the others met an error of the store.
        while (
            self._until_acknowledged(
                "PATCH", "/images/", json.dumps(body), _JSON, well=(200, 207)
            ).status
            == 207
        ):
            pass
        for picture in pictures:
            picture.may_be = {"private"}

    def remove(self, chance: random.Random) -> None:
        picture = self.upload(chance)
        picture.may_be = {"public", "gone"}
        self._until_acknowledged("DELETE", picture.path, well=(204, 404))
        picture.may_be = {"gone"}

    def _drawn(self, chance: random.Random, size: int = 10) -> Picture:
        data = saved(Image.frombytes("RGB", (size, size), chance.randbytes(size * size * 3)), "PNG")
        id_hash = keys.id_hash(OWNER)
        id_hash.update(data)
        picture = Picture(id_hash.hexdigest(), data)
        with self._lock:
            self.pictures.append(picture)
        return picture

    def _until_acknowledged(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        well: tuple[int, ...] = (200, 201, 204),
    ) -> Answer:
        """Ask again, the next node, while answers are lost; `body` may be made again each time."""
        while True:
            try:
                return self._ask(method, path, body() if callable(body) else body, headers, well)
            except Lost:
                if self._must_end:
                    raise

    def _ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        well: tuple[int, ...] = (200, 201, 204),
    ) -> Answer:
        while True:
            for node in random.sample(self._nodes, len(self._nodes)):
                started = time.monotonic()
                with self._lock:
                    self.under_way[node] += 1
                try:
                    answer = node.request(method, path, body, {**self._who, **(headers or {})})
                except ConnectionRefusedError:
                    if self._must_end:
                        raise
                    continue
                except (OSError, http.client.HTTPException) as error:
                    self.lost += 1
                    raise Lost from error
                finally:
                    with self._lock:
                        self.under_way[node] -= 1
                    self.slowest_s = max(self.slowest_s, time.monotonic() - started)
                if answer.status == 503:
                    assert_problem(answer, 503)
                    assert int(answer.headers["retry-after"]) >= 1
                    raise Lost
                assert answer.status in well, (method, path, answer.status, answer.body[:2000])
                return answer


@contextmanager
def mixed_load(
    nodes: Sequence[Server], who: Mapping[str, str], seed: int, kind: type[MixedLoad] = MixedLoad
) -> Iterator[MixedLoad]:
    """Run clients of every kind; what one of them finds wrong is raised at the end."""
    load = kind(nodes, who, seed)
    with ThreadPoolExecutor(len(load.actions)) as threads:
        runs = [threads.submit(load.run, number) for number in range(len(load.actions))]
        try:
            yield load
        finally:
            load.stop()
            for run in runs:
                run.result()
