"""Nodes whose clocks are wrong, by libfaketime."""

from __future__ import annotations

from pathlib import Path

from tests.system.serving.server import ROOT, Server

# Where Debian puts it: below a folder of the machine's architecture.
LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))


class SkewedServer(Server):
    """A server whose time of day is wrong; its monotonic clock and the store's are right."""

    def __init__(self, folder: Path, url: str, skew_s: int, **settings: object) -> None:
        super().__init__(folder, url, **settings)
        self.environ |= {
            "LD_PRELOAD": str(LIBRARIES[0]),
            "FAKETIME": f"{skew_s:+d}s",
            # One name for each version of it.
            "DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            # The times of files are those of the disk, gunicorn's heartbeat among them.
            "NO_FAKE_STAT": "1",
            "PYTHONPATH": str(ROOT / "tests" / "system" / "faults" / "skewed"),
        }

    def die(self) -> None:
        super().die()
        self._forget()

    def close(self) -> None:
        super().close()
        self._forget()

    def _forget(self) -> None:
        # What libfaketime shares with child processes stays behind those that are killed.
        for name in ("faketime_shm", "sem.faketime_sem"):
            Path(f"/dev/shm/{name}_{self.process.pid}").unlink(missing_ok=True)
