"""What is counted and timed, for Prometheus. The only file that knows its library.

Under gunicorn every worker writes to files of its own in one folder, and whichever
worker is asked adds them up (the library's multiprocess mode). What a worker that has
ended counted is added to one file of the dead, so that no counter ever goes back and
the folder does not grow. RemoteRenderer, as in tests, the numbers are this process's.

Labels have few values: templates of routes, statuses, names of operations and formats.
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
    Counter,
    Gauge,
    Histogram,
    Metric,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from progimage.telemetry import allocated_dict
from progimage.telemetry.allocated_dict import AllocatedDict

allocated_dict.install()

# Of processes that count alone, too: those that count together have none.
disable_created_metrics()

MEDIA_TYPE = CONTENT_TYPE_PLAIN_0_0_4

_REGISTRY = CollectorRegistry()

_QUICK = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_SLOW = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

_requests = Histogram(
    "progimage_request_seconds",
    "Time from a request's head to its answer's head.",
    ("method", "route", "status"),
    buckets=_QUICK,
    registry=_REGISTRY,
)
_renditions = Counter(
    "progimage_renditions_total",
    "Renditions sent, by whether the cache had them.",
    ("cache",),
    registry=_REGISTRY,
)
_renders = Histogram(
    "progimage_render_seconds",
    "Time a render process took, by operation (`several`, `none`) and format.",
    ("operation", "format"),
    buckets=_SLOW,
    registry=_REGISTRY,
)
_render_waits = Histogram(
    "progimage_render_wait_seconds",
    "Time a render waited for a process.",
    buckets=_SLOW,
    registry=_REGISTRY,
)
_render_failures = Counter(
    "progimage_render_failures_total",
    "Renditions that did not succeed, by the error's name.",
    ("reason",),
    registry=_REGISTRY,
)
_places = Gauge(
    "progimage_places",
    "Requests that may be at work or wait for it, by kind of work.",
    ("work",),
    multiprocess_mode="livesum",
    registry=_REGISTRY,
)
_admitted = Gauge(
    "progimage_admitted",
    "Requests at work or waiting for it now, by kind of work.",
    ("work",),
    multiprocess_mode="livesum",
    registry=_REGISTRY,
)
_rejections = Counter(
    "progimage_rejections_total",
    "Requests turned away because too many waited, by kind of work.",
    ("work",),
    registry=_REGISTRY,
)
_store = Histogram(
    "progimage_store_seconds",
    "Time of store operations, by their outcome: ok, missing, conflict, error.",
    ("operation", "outcome"),
    buckets=_QUICK,
    registry=_REGISTRY,
)
_copies = Counter(
    "progimage_disk_cache_lookups_total",
    "Looks into the disk cache: trusted, confirmed by the store, or missed.",
    ("outcome",),
    registry=_REGISTRY,
)
_evictions = Counter(
    "progimage_disk_cache_evictions_total",
    "Copies that went from the disk cache to make room.",
    registry=_REGISTRY,
)
_copied = Gauge(
    "progimage_disk_cache_bytes",
    "Bytes of all copies in the disk cache, in blocks of the disk.",
    multiprocess_mode="livemostrecent",
    registry=_REGISTRY,
)
_job_items = Counter(
    "progimage_job_items_total",
    "Items of jobs with an outcome (done, failed), by kind of job.",
    ("kind", "outcome"),
    registry=_REGISTRY,
)

_announcements = Gauge(
    "progimage_index_announcements",
    "Changes announced and not swept yet, as this node saw them last.",
    multiprocess_mode="livemostrecent",
    registry=_REGISTRY,
)
_shelves = Gauge(
    "progimage_index_shelves",
    "Shelves that make up the index.",
    multiprocess_mode="livemostrecent",
    registry=_REGISTRY,
)
_shelf_bytes = Gauge(
    "progimage_index_bytes",
    "Bytes of the shelves that make up the index.",
    multiprocess_mode="livemostrecent",
    registry=_REGISTRY,
)
_publications = Counter(
    "progimage_index_publications_total",
    "Attempts to fold or merge shelves, by outcome: published, or lost to another process.",
    ("outcome",),
    registry=_REGISTRY,
)
_dropped_log_lines = Counter(
    "progimage_log_lines_dropped_total",
    "Log lines that were dropped because the log took none.",
    registry=_REGISTRY,
)

NAMES = frozenset(
    sample
    for metric in _REGISTRY.collect()
    for sample in (
        [f"{metric.name}_{part}" for part in ("bucket", "sum", "count")]
        if metric.type == "histogram"
        else [f"{metric.name}_total" if metric.type == "counter" else metric.name]
    )
)
"""The name of every time series there is."""

LABELS = frozenset(
    label
    for metric in (
        _requests,
        _renditions,
        _renders,
        _places,
        _store,
        _job_items,
        _render_failures,
        _publications,
    )
    for label in metric._labelnames
)
"""The name of every label there is."""

_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))

# The library's own look-up by labels takes as long as an observation.
_known_requests: dict[tuple[str, str | None, int], Histogram] = {}
_known_store: dict[tuple[str, str], Histogram] = {}


def request(method: str, route: str | None, status: int, seconds: float) -> None:
    """Note a request that was answered; `route` is None where none matched."""
    labels = (method, route, status)
    timed = _known_requests.get(labels)
    if timed is None:
        name = method if method in _METHODS else "other"
        timed = _requests.labels(name, route or "none", str(status))
        if name == method:
            _known_requests[labels] = timed
    timed.observe(seconds)


def store_operation(operation: str, outcome: str, seconds: float) -> None:
    """Note an operation of the store."""
    labels = (operation, outcome)
    timed = _known_store.get(labels)
    if timed is None:
        timed = _known_store[labels] = _store.labels(operation, outcome)
    timed.observe(seconds)


_hits, _misses = _renditions.labels("hit"), _renditions.labels("miss")


def rendition(*, hit: bool) -> None:
    """Note that a rendition was sent."""
    (_hits if hit else _misses).inc()


def render(operation: str, form: str, seconds: float, waited_s: float) -> None:
    """Note a render that succeeded."""
    _renders.labels(operation, form).observe(seconds)
    _render_waits.observe(waited_s)


def render_failure(reason: str) -> None:
    """Note a render that did not."""
    _render_failures.labels(reason).inc()


def places(work: str, count: int) -> None:
    """Tell for how many requests there is room in this process."""
    _places.labels(work).set(count)
    _admitted.labels(work).set(0)


def admitted(work: str, change: int) -> None:
    """Note that requests began (1) or ended (-1) to wait or work."""
    _admitted.labels(work).inc(change)


def rejection(work: str) -> None:
    """Note that a request was turned away."""
    _rejections.labels(work).inc()


def disk_cache_lookup(outcome: str) -> None:
    """Note a look into the disk cache: `trusted`, `confirmed` or `missed`."""
    _copies.labels(outcome).inc()


def disk_cache_evictions(count: int) -> None:
    """Note copies that went to make room."""
    _evictions.inc(count)


def disk_cache_bytes(count: int) -> None:
    """Tell how much the disk cache of this node holds."""
    _copied.set(count)


def job_item(kind: str, *, failed: bool) -> None:
    """Note that an item of a job has its outcome."""
    _job_items.labels(kind, "failed" if failed else "done").inc()


def index(announcements: int, shelves: int, size_bytes: int) -> None:
    """Note how large the index is."""
    _announcements.set(announcements)
    _shelves.set(shelves)
    _shelf_bytes.set(size_bytes)


def index_publication(outcome: str) -> None:
    """Note an attempt to fold or merge shelves: `published` or `lost`."""
    _publications.labels(outcome).inc()


def log_lines_dropped(count: int) -> None:
    """Note log lines that were dropped."""
    _dropped_log_lines.inc(count)


def exposition(folder: Path | None) -> bytes:
    """Return all numbers in Prometheus' text format: those of every process over `folder`."""
    if folder is None:
        return generate_latest(_REGISTRY)
    registry = CollectorRegistry()
    registry.register(_Files(folder))
    try:
        with _locked(folder, fcntl.LOCK_SH):
            return generate_latest(registry)
    except FileNotFoundError:  # somebody removed the folder: this process knows its own
        return generate_latest(_REGISTRY)


class _Files(Collector):
    """Adds up what the processes over a folder have written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        # A file that was made this instant is empty, which the library does not expect.
        files = [str(file) for file in self._folder.glob("*.db") if _size(file)]
        merged: Iterable[Metric] = MultiProcessCollector.merge(files)
        return merged


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def bury(folder: Path, pid: int) -> None:
    """Add what process `pid`, which has ended, counted to what the dead have; drop its gauges."""
    mark_process_dead(pid, str(folder))
    # Without waiting: gunicorn's master calls this, and a later death makes up for it.
    with suppress(BlockingIOError), _locked(folder, fcntl.LOCK_EX | fcntl.LOCK_NB):
        for kind in ("counter", "histogram"):
            file = folder / f"{kind}_{pid}.db"
            if not file.exists():
                continue
            # No process has this id, so the file never belongs to a living one.
            total = AllocatedDict(str(folder / f"{kind}_0.db"))
            for key, value, _, _ in AllocatedDict.read_all_values_from_file(str(file)):
                total.write_value(key, total.read_value(key)[0] + value, 0.0)
            if total.keeps_all:
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
