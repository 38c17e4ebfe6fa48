"""Metrics in Prometheus' text format, of all processes together.

Under gunicorn each worker writes to its own files in one folder, and the worker that
gets the request for `/metrics` adds them up (the library's multiprocess mode). The counts
of an ended worker are added to one common file, so that no counter ever decreases and the
folder does not grow. Without such a folder, as in tests, the metrics are those of this
process.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    CollectorRegistry,
    Metric,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from progimage.telemetry.allocated_dict import AllocatedDict
from progimage.telemetry.series import REGISTRY

MEDIA_TYPE = CONTENT_TYPE_PLAIN_0_0_4


def text_of(folder: Path | None) -> bytes:
    """Return the metrics in Prometheus' text format.

    Args:
        folder: of the files of all processes; None for the metrics of this process alone.
    """
    if folder is None:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    registry.register(_Files(folder))
    try:
        with _locked(folder, fcntl.LOCK_SH):
            return generate_latest(registry)
    except FileNotFoundError:  # the folder was removed: report this process alone
        return generate_latest(REGISTRY)


class _Files(Collector):
    """Adds up the files that processes have written to a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        # A file that was just created is empty, which the library cannot read.
        files = [str(file) for file in self._folder.glob("*.db") if _size(file)]
        merged: Iterable[Metric] = MultiProcessCollector.merge(files)
        return merged


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def merge_dead_process(folder: Path, pid: int) -> None:
    """Add the counts of the ended process `pid` to the common file, and remove its gauges.

    If the folder is locked, the counts stay in the file of the process, which is read too.
    """
    mark_process_dead(pid, str(folder))
    # Without waiting for the lock: gunicorn's master calls this.
    with suppress(BlockingIOError), _locked(folder, fcntl.LOCK_EX | fcntl.LOCK_NB):
        for kind in ("counter", "histogram"):
            file = folder / f"{kind}_{pid}.db"
            if not file.exists():
                continue
            # No process has the id 0, so the file never belongs to a running process.
            total = AllocatedDict(str(folder / f"{kind}_0.db"))
            for key, value, _, _ in AllocatedDict.read_all_values_from_file(str(file)):
                total.write_value(key, total.read_value(key)[0] + value, 0.0)
            if total.is_all_on_disk:
                file.unlink()
            total.close()


@contextmanager
def _locked(folder: Path, how: int) -> Iterator[None]:
    lock = os.open(folder / "files.lock", os.O_RDONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, how)
        yield
    finally:
        os.close(lock)
