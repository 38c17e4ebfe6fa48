"""Metrics for Prometheus. Only this file and `allocated_dict` use its library.

Under gunicorn each worker writes to its own files in one folder, and the worker that
gets the request for `/metrics` adds them up (the library's multiprocess mode). The counts
of an ended worker are added to one common file, so that no counter ever decreases and the
folder does not grow. Without such a folder, as in tests, the metrics are those of this
process.

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

# For single processes too, since the multiprocess mode has none.
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
    "Renditions sent, by cache hit or miss.",
    ("cache",),
    registry=_REGISTRY,
)
_renders = Histogram(
    "progimage_render_seconds",
    "Time in a render process, by operation (`several`, `none`) and format.",
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
    "Failed renders, by the error's name.",
    ("reason",),
    registry=_REGISTRY,
)
_places = Gauge(
    "progimage_places",
    "Limit on requests that run or wait, by kind of work.",
    ("work",),
    multiprocess_mode="livesum",
    registry=_REGISTRY,
)
_admitted = Gauge(
    "progimage_admitted",
    "Requests that run or wait now, by kind of work.",
    ("work",),
    multiprocess_mode="livesum",
    registry=_REGISTRY,
)
_rejections = Counter(
    "progimage_rejections_total",
    "Requests rejected because too many waited, by kind of work.",
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
    "Lookups in the disk cache: trusted, confirmed by the store, or missed.",
    ("outcome",),
    registry=_REGISTRY,
)
_evictions = Counter(
    "progimage_disk_cache_evictions_total",
    "Copies removed from the disk cache to make room.",
    registry=_REGISTRY,
)
_copied = Gauge(
    "progimage_disk_cache_bytes",
    "Bytes of all copies in the disk cache, in whole disk blocks.",
    multiprocess_mode="livemostrecent",
    registry=_REGISTRY,
)
_job_items = Counter(
    "progimage_job_items_total",
    "Finished items of jobs, by outcome (done, failed) and kind of job.",
    ("kind", "outcome"),
    registry=_REGISTRY,
)
_webhook_events = Counter(
    "progimage_webhook_events_total",
    "Tries to send events to a webhook: sent, failed or given_up.",
    ("hook", "outcome"),
    registry=_REGISTRY,
)
_webhook_waiting = Gauge(
    "progimage_webhook_waiting",
    "Events that wait for a webhook, counted by the process that sends to it.",
    ("hook",),
    multiprocess_mode="livemax",
    registry=_REGISTRY,
)

_origin_pictures = Counter(
    "progimage_origin_pictures_total",
    "Pictures of an origin that were asked for: hit, stale, renewed, miss, missing or failed.",
    ("origin", "state"),
    registry=_REGISTRY,
)
_origin_fetches = Histogram(
    "progimage_origin_fetch_seconds",
    "Time to ask an origin and to check what it sends: new, unchanged, missing or failed.",
    ("origin", "outcome"),
    buckets=_SLOW,
    registry=_REGISTRY,
)
_origin_answers = Gauge(
    "progimage_origin_answers",
    "1 if the origin answers, 0 after three requests in a row without an answer.",
    ("origin",),
    multiprocess_mode="livemostrecent",
    registry=_REGISTRY,
)
_origin_evictions = Counter(
    "progimage_origin_evictions_total",
    "Copies of origins' pictures removed to make room.",
    registry=_REGISTRY,
)
_announcements = Gauge(
    "progimage_index_announcements",
    "Changes that are announced but not yet in the index, as last seen by this node.",
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
    "Log lines dropped because the log could not be written.",
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
"""The names of all time series."""

LABELS = frozenset(
    label
    for metric in (
        _requests,
        _renditions,
        _renders,
        _places,
        _store,
        _job_items,
        _webhook_events,
        _render_failures,
        _publications,
        _origin_pictures,
        _origin_fetches,
        _origin_answers,
    )
    for label in metric._labelnames
)
"""The names of all labels."""

_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))

# Cached: the library's lookup by labels takes as long as an observation.
_known_requests: dict[tuple[str, str | None, int], Histogram] = {}
_known_store: dict[tuple[str, str], Histogram] = {}


def request(method: str, route: str | None, status: int, seconds: float) -> None:
    """Count and time an answered request; `route` is None if none matched."""
    labels = (method, route, status)
    timed = _known_requests.get(labels)
    if timed is None:
        name = method if method in _METHODS else "other"
        timed = _requests.labels(name, route or "none", str(status))
        if name == method:
            _known_requests[labels] = timed
    timed.observe(seconds)


def store_operation(operation: str, outcome: str, seconds: float) -> None:
    """Count and time an operation of the store."""
    labels = (operation, outcome)
    timed = _known_store.get(labels)
    if timed is None:
        timed = _known_store[labels] = _store.labels(operation, outcome)
    timed.observe(seconds)


_hits, _misses = _renditions.labels("hit"), _renditions.labels("miss")


def rendition(*, hit: bool) -> None:
    """Count a rendition that was sent."""
    (_hits if hit else _misses).inc()


def render(operation: str, form: str, seconds: float, waited_s: float) -> None:
    """Count and time a successful render."""
    _renders.labels(operation, form).observe(seconds)
    _render_waits.observe(waited_s)


def render_failure(reason: str) -> None:
    """Count a failed render; `reason` is the error's name."""
    _render_failures.labels(reason).inc()


def places(work: str, count: int) -> None:
    """Set the limit on requests that run or wait in this process."""
    _places.labels(work).set(count)
    _admitted.labels(work).set(0)


def admitted(work: str, change: int) -> None:
    """Add `change` to the number of requests that run or wait."""
    _admitted.labels(work).inc(change)


def rejection(work: str) -> None:
    """Count a request that was rejected because too many waited."""
    _rejections.labels(work).inc()


def disk_cache_lookup(outcome: str) -> None:
    """Count a lookup in the disk cache: `trusted`, `confirmed` or `missed`."""
    _copies.labels(outcome).inc()


def disk_cache_evictions(count: int) -> None:
    """Count copies that were removed to make room."""
    _evictions.inc(count)


def disk_cache_bytes(count: int) -> None:
    """Set the number of bytes in the disk cache of this node."""
    _copied.set(count)


def job_item(kind: str, *, failed: bool) -> None:
    """Count a finished item of a job."""
    _job_items.labels(kind, "failed" if failed else "done").inc()


def webhook_events(hook: str, outcome: str, count: int = 1) -> None:
    """Count tries to send events: sent, failed or given_up."""
    _webhook_events.labels(hook, outcome).inc(count)


def webhook_waiting(hook: str, count: int) -> None:
    """Note how many events wait for a webhook."""
    _webhook_waiting.labels(hook).set(count)


def origin_picture(origin: str, state: str) -> None:
    """Count a picture of an origin that was asked for, by how it was found."""
    _origin_pictures.labels(origin, state).inc()


def origin_fetch(origin: str, outcome: str, seconds: float) -> None:
    """Count and time a request to an origin: `new`, `unchanged`, `missing` or `failed`."""
    _origin_fetches.labels(origin, outcome).observe(seconds)


def origin_answers(origin: str, *, is_up: bool) -> None:
    """Set whether an origin answers."""
    _origin_answers.labels(origin).set(is_up)


def origin_evictions(count: int) -> None:
    """Count copies of origins' pictures that were removed to make room."""
    _origin_evictions.inc(count)


def index(announcements: int, shelves: int, size_bytes: int) -> None:
    """Set the size of the index."""
    _announcements.set(announcements)
    _shelves.set(shelves)
    _shelf_bytes.set(size_bytes)


def index_publication(outcome: str) -> None:
    """Count an attempt to fold or merge shelves: `published` or `lost`."""
    _publications.labels(outcome).inc()


def log_lines_dropped(count: int) -> None:
    """Count dropped log lines."""
    _dropped_log_lines.inc(count)


def exposition(folder: Path | None) -> bytes:
    """Return the metrics in Prometheus' text format.

    Args:
        folder: of the files of all processes; None for the metrics of this process alone.
    """
    if folder is None:
        return generate_latest(_REGISTRY)
    registry = CollectorRegistry()
    registry.register(_Files(folder))
    try:
        with _locked(folder, fcntl.LOCK_SH):
            return generate_latest(registry)
    except FileNotFoundError:  # the folder was removed: report this process alone
        return generate_latest(_REGISTRY)


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
