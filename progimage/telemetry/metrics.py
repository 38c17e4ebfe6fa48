"""Counts and times events of the service for Prometheus; `series` has the time series."""

from __future__ import annotations

from prometheus_client import Histogram

from progimage.telemetry import series

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
        timed = series.requests.labels(name, route or "none", str(status))
        if name == method:
            _known_requests[labels] = timed
    timed.observe(seconds)


def store_operation(operation: str, outcome: str, seconds: float) -> None:
    """Count and time an operation of the store."""
    labels = (operation, outcome)
    timed = _known_store.get(labels)
    if timed is None:
        timed = _known_store[labels] = series.store.labels(operation, outcome)
    timed.observe(seconds)


_hits, _misses = series.renditions.labels("hit"), series.renditions.labels("miss")


def rendition(*, hit: bool) -> None:
    """Count a rendition that was sent."""
    (_hits if hit else _misses).inc()


def render(operation: str, form: str, seconds: float, waited_s: float) -> None:
    """Count and time a successful render."""
    series.renders.labels(operation, form).observe(seconds)
    series.render_waits.observe(waited_s)


def render_failure(reason: str) -> None:
    """Count a failed render; `reason` is the error's name."""
    series.render_failures.labels(reason).inc()


def places(work: str, count: int) -> None:
    """Set the limit on requests that run or wait in this process."""
    series.places.labels(work).set(count)
    series.admitted.labels(work).set(0)


def admitted(work: str, change: int) -> None:
    """Add `change` to the number of requests that run or wait."""
    series.admitted.labels(work).inc(change)


def rejection(work: str) -> None:
    """Count a request that was rejected because too many waited."""
    series.rejections.labels(work).inc()


def disk_cache_lookup(outcome: str) -> None:
    """Count a lookup in the disk cache: `trusted`, `confirmed` or `missed`."""
    series.copies.labels(outcome).inc()


def disk_cache_evictions(count: int) -> None:
    """Count copies that were removed to make room."""
    series.evictions.inc(count)


def disk_cache_bytes(count: int) -> None:
    """Set the number of bytes in the disk cache of this node."""
    series.copied.set(count)


def job_item(kind: str, *, failed: bool) -> None:
    """Count a finished item of a job."""
    series.job_items.labels(kind, "failed" if failed else "done").inc()


def webhook_events(hook: str, outcome: str, count: int = 1) -> None:
    """Count tries to send events: sent, failed or given_up."""
    series.webhook_events.labels(hook, outcome).inc(count)


def webhook_waiting(hook: str, count: int) -> None:
    """Set the number of events that wait for a webhook."""
    series.webhook_waiting.labels(hook).set(count)


def origin_picture(origin: str, state: str) -> None:
    """Count a request for a picture of an origin, by how it was found."""
    series.origin_pictures.labels(origin, state).inc()


def origin_fetch(origin: str, outcome: str, seconds: float) -> None:
    """Count and time a request to an origin: `new`, `unchanged`, `missing` or `failed`."""
    series.origin_fetches.labels(origin, outcome).observe(seconds)


def origin_answers(origin: str, *, is_up: bool) -> None:
    """Set whether an origin answers."""
    series.origin_answers.labels(origin).set(is_up)


def origin_evictions(count: int) -> None:
    """Count copies of origins' pictures that were removed to make room."""
    series.origin_evictions.inc(count)


def index(announcements: int, shelves: int, size_bytes: int) -> None:
    """Set the size of the index."""
    series.announcements.set(announcements)
    series.shelves.set(shelves)
    series.shelf_bytes.set(size_bytes)


def index_publication(outcome: str) -> None:
    """Count an attempt to fold or merge shelves: `published` or `lost`."""
    series.publications.labels(outcome).inc()


def log_lines_dropped(count: int) -> None:
    """Count dropped log lines."""
    series.dropped_log_lines.inc(count)
