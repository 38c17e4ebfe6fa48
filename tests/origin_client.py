"""A service with one origin in a folder, whose clock the tests move."""

from __future__ import annotations

import io
from collections.abc import Callable
from concurrent.futures import Executor, Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from falcon import testing
from PIL import Image

from progimage.config import Settings
from progimage.errors import OriginFailed
from progimage.server import app
from progimage.stores.memory import MemoryStore
from tests.inline_pool import InlinePool


def picture(width: int = 60, height: int = 40, colour: str = "teal") -> bytes:
    """Return a small PNG of one colour."""
    data = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(data, "PNG")
    return data.getvalue()


class Later(Executor):
    """Runs what is submitted when `settle` is called, or at once if nothing holds it."""

    def __init__(self) -> None:
        self._waiting: list[Callable[[], Any]] = []

    def submit(self, fn, /, *args, **kwargs):
        future: Future[Any] = Future()
        self._waiting.append(lambda: future.set_result(fn(*args, **kwargs)))
        return future

    def hold(self) -> None:
        """Keep what comes until `release`."""

    def release(self) -> None:
        """Run the deferred work."""
        waiting, self._waiting = self._waiting, []
        for run in waiting:
            run()


class OriginClient:
    """One node, its folder and its clock.

    Args:
        options: settings of the origin; `budget` is that of the copies, `others` are further
            settings of the service.
    """

    def __init__(self, root: Path, store: MemoryStore, options: dict[str, Any]) -> None:
        self.root, self.store, self._options = root, store, options
        self.executor = Later()
        self.asked = 0
        self.failure: OriginFailed | None = None
        self.before_asking: Callable[[], object] = lambda: None
        options = dict(options)
        budget = options.pop("budget", 10 << 30)
        others = options.pop("others", {})
        settings = Settings.model_validate(
            {
                "store": "memory://",
                "origins": {"shop": {"from": root.as_uri(), **options}},
                "origin_cache": {"max_bytes": budget},
                **others,
            }
        )
        self.service = app.create(settings, store, InlinePool())
        self.client = testing.TestClient(self.service)
        self._ahead = timedelta()
        # The parts that a test replaces: what runs behind, the clock, and the source.
        resource = next(r.resource for r in self.service.routes if r.name == "origin")
        origin = resource.origins["shop"]
        origin.executor = origin.copies.executor = self.executor
        origin.clock = origin.fetcher.clock = self._now
        origin.fetcher.source = self._watched(origin.fetcher.source)

    def _now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def _watched(self, source):
        client = self

        class Watched:
            def open(self, key: str, known: str = ""):
                client.asked += 1
                client.before_asking()
                if client.failure is not None:
                    raise client.failure
                return source.open(key, known)

            def list(self, prefix: str, after: str = ""):
                return source.list(prefix, after)

        return Watched()

    def put(self, name: str, data: bytes) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def get(self, path: str, headers: dict[str, str] | None = None) -> testing.Result:
        return self._send("GET", path, headers)

    def head(self, path: str) -> testing.Result:
        return self._send("HEAD", path, None)

    def delete(self, path: str) -> testing.Result:
        return self._send("DELETE", path, None)

    def _send(self, method: str, path: str, headers: dict[str, str] | None) -> testing.Result:
        raw, _, query = f"/origins/shop/{path}".partition("?")
        return self.client.simulate_request(
            method,
            # With RAW_URI there, the decoded path only has to lead to the resource.
            unquote(raw).replace("?", "_"),
            query_string=query,
            headers=headers,
            extras={"RAW_URI": f"/origins/shop/{path}"},
        )

    def pass_time(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)

    def settle(self) -> None:
        """Let what was begun behind the answers end."""
        self.executor.release()

    def work_off(self, job: str) -> dict[str, int]:
        """Do all items of a job in this thread; return how many are complete and failed."""
        runner = self.service.runner
        while (claim := runner.claim()) is not None:
            runner.work_through(claim)
            runner.leases.release(claim.lease)
        counts = self.client.simulate_get(job).json["counts"]
        return {state: counts[state] for state in ("complete", "failed")}

    def break_down(self, error: OriginFailed | None = None) -> None:
        self.failure = error or OriginFailed("the origin is down", retryable=True, retry_after_s=5)

    def repair(self) -> None:
        self.failure = None

    def other_node(self) -> OriginClient:
        other = OriginClient(self.root, self.store, self._options)
        other._ahead = self._ahead
        return other
