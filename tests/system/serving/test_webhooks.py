"""Events arrive at a receiver in a process of its own, whatever is killed on the way.

The receivers are the examples of docs/webhooks.md.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path

import pytest
from PIL import Image

from tests.closed_port import reserve_port
from tests.imaging.drawing import saved
from tests.system.serving.server import Server, running, wait_until

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PAGE = (Path(__file__).parents[3] / "docs" / "webhooks.md").read_text("utf-8")
PROGRAMS = {"python": (sys.executable, "receive.py"), "js": ("node", "receive.mjs")}


class Receiver:
    """The example of a language as a process; it can be killed and started again.

    Attributes:
        lines: type, id and subject of each event that it accepted.
    """

    def __init__(self, folder: Path, language: str = "python") -> None:
        self._program, name = PROGRAMS[language]
        [source] = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
        assert source.count("9000") == 1
        self._file, self._source = folder / name, source
        # Also while it is killed no other program may take the port.
        self._reserved = reserve_port()
        self.port = self._reserved.getsockname()[1]
        self.lines: list[tuple[str, str, str]] = []

    def start(self) -> None:
        self._file.write_text(self._source.replace("9000", str(self.port)))
        self.process = subprocess.Popen(
            [self._program, str(self._file)],
            env={**os.environ, "WEBHOOK_SECRET": SECRET},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout.readline().split()[1] == str(self.port)
        self._reader = threading.Thread(target=self._read, args=[self.process.stdout])
        self._reader.start()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()
        self.process.stdout.close()

    def close(self) -> None:
        self.kill()
        self._reserved.close()

    def _read(self, stdout) -> None:
        for line in stdout:
            kind, event_id, subject = line.split()
            self.lines.append((kind, event_id, subject))

    def ids_of(self, kind: str) -> dict[str, set[str]]:
        """Return the ids of the events of each subject."""
        found: dict[str, set[str]] = defaultdict(set)
        for event_kind, event_id, subject in self.lines.copy():
            if event_kind == kind:
                found[subject].add(event_id)
        return found


@contextmanager
def receiving(folder: Path, language: str = "python") -> Iterator[Receiver]:
    receiver = Receiver(folder, language)
    receiver.start()
    try:
        yield receiver
    finally:
        receiver.close()


def settings(receiver: Receiver) -> dict[str, object]:
    url = f"http://127.0.0.1:{receiver.port}/"
    hook = f'{{url = "{url}", secret = "{SECRET}", allow_private_addresses = true}}'
    return {"webhooks": f"{{shop = {hook}}}", "jobs_lease_s": 2, "jobs_poll_s": 0.5}


def picture(number: int) -> bytes:
    return saved(Image.new("RGB", (8, 8), (number % 256, number // 256, 7)), "PNG")


@pytest.mark.parametrize("language", PROGRAMS)
def test_the_examples_of_the_page_receive_events(language, tmp_path):
    if shutil.which(PROGRAMS[language][0]) is None:
        pytest.skip(f"{PROGRAMS[language][0]} is missing")
    with (
        receiving(tmp_path, language) as receiver,
        running(tmp_path / "node", trash_days=1, **settings(receiver)) as server,
    ):
        path = server.upload(picture(1))
        changes = server.request(
            "PATCH",
            f"{path}metadata/",
            b'{"title": "Harbour"}',
            {"Content-Type": "application/merge-patch+json", "If-Match": "*"},
        )
        assert changes.status == 200, changes.body[:2000]
        assert server.request("DELETE", path).status == 204
        job = server.request(
            "POST", "/jobs/", b'{"urls": ["nonsense"]}', {"Content-Type": "application/json"}
        )
        assert job.status == 202, job.body[:2000]
        wait_until(lambda: len(receiver.lines) >= 4)
        kinds = {line[0] for line in receiver.lines}
        assert kinds == {"image.created", "image.updated", "image.deleted", "job.finished"}
        assert {line[2] for line in receiver.lines} == {path.split("/")[2], job.json["id"]}
        assert SECRET not in server.log


def test_kills_of_server_and_receiver_lose_no_event(tmp_path):
    acknowledged: list[str] = []
    with (
        receiving(tmp_path) as receiver,
        running(tmp_path / "node", **settings(receiver)) as server,
    ):
        for round_number in range(3):
            numbers = iter(range(round_number * 1000, (round_number + 1) * 1000))
            is_over = threading.Event()

            def upload(numbers=numbers, is_over=is_over) -> None:
                while not is_over.is_set():
                    try:
                        acknowledged.append(server.upload(picture(next(numbers))).split("/")[2])
                    except (OSError, HTTPException, ValueError):
                        return

            before = len(acknowledged)
            with ThreadPoolExecutor(4) as threads:
                for _ in range(4):
                    threads.submit(upload)
                wait_until(lambda before=before: len(acknowledged) > before + 10)
                if round_number == 1:
                    receiver.kill()
                server.die()
                is_over.set()
            server.start()
            if round_number == 1:
                receiver.start()
        wait_until(lambda: set(acknowledged) <= receiver.ids_of("image.created").keys())
        assert all(len(ids) == 1 for ids in receiver.ids_of("image.created").values())


def test_events_of_two_nodes_arrive_when_one_of_them_is_killed(tmp_path):
    with receiving(tmp_path) as receiver:
        store = f"file://{tmp_path}/store"
        chosen = settings(receiver)
        with (
            running(tmp_path / "a", store, **chosen) as a,
            running(tmp_path / "b", store, **chosen) as b,
        ):
            nodes: list[Server] = [a, b]
            sent = [nodes[n % 2].upload(picture(n)).split("/")[2] for n in range(10)]
            wait_until(lambda: set(sent) <= receiver.ids_of("image.created").keys())
            a.die()
            sent += [b.upload(picture(n)).split("/")[2] for n in range(10, 15)]
            wait_until(lambda: set(sent) <= receiver.ids_of("image.created").keys())
            for image_id in sent:
                assert b.request("DELETE", f"/images/{image_id}/").status == 204
            wait_until(lambda: set(sent) <= receiver.ids_of("image.deleted").keys())
            for kind in ("image.created", "image.deleted"):
                assert all(len(ids) == 1 for ids in receiver.ids_of(kind).values())
