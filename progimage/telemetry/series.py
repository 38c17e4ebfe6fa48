"""The time series for Prometheus.

Labels have few values: templates of routes, statuses, names of operations and formats.
"""

from __future__ import annotations

from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

from progimage.telemetry import allocated_dict

allocated_dict.install()

# For single processes too, since the multiprocess mode has none.
disable_created_metrics()

REGISTRY = CollectorRegistry()

_counter = partial(Counter, registry=REGISTRY)
_gauge = partial(Gauge, registry=REGISTRY)
_histogram = partial(Histogram, registry=REGISTRY)

_QUICK = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_SLOW = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

requests = _histogram(
    "progimage_request_seconds",
    "Time from a request's head to its answer's head.",
    ("method", "route", "status"),
    buckets=_QUICK,
)
renditions = _counter(
    "progimage_renditions_total", "Renditions sent, by cache hit or miss.", ("cache",)
)
renders = _histogram(
    "progimage_render_seconds",
    "Time in a render process, by operation (`several`, `none`) and format.",
    ("operation", "format"),
    buckets=_SLOW,
)
render_waits = _histogram(
    "progimage_render_wait_seconds", "Time a render waited for a process.", buckets=_SLOW
)
render_failures = _counter(
    "progimage_render_failures_total", "Failed renders, by the error's name.", ("reason",)
)
places = _gauge(
    "progimage_places",
    "Limit on requests that run or wait, by kind of work.",
    ("work",),
    multiprocess_mode="livesum",
)
admitted = _gauge(
    "progimage_admitted",
    "Requests that run or wait now, by kind of work.",
    ("work",),
    multiprocess_mode="livesum",
)
rejections = _counter(
    "progimage_rejections_total",
    "Requests rejected because too many waited, by kind of work.",
    ("work",),
)
store = _histogram(
    "progimage_store_seconds",
    "Time of store operations, by their outcome: ok, missing, conflict, error.",
    ("operation", "outcome"),
    buckets=_QUICK,
)
copies = _counter(
    "progimage_disk_cache_lookups_total",
    "Lookups in the disk cache: trusted, confirmed by the store, or missed.",
    ("outcome",),
)
evictions = _counter(
    "progimage_disk_cache_evictions_total", "Copies removed from the disk cache to make room."
)
copied = _gauge(
    "progimage_disk_cache_bytes",
    "Bytes of all copies in the disk cache, in whole disk blocks.",
    multiprocess_mode="livemostrecent",
)
job_items = _counter(
    "progimage_job_items_total",
    "Finished items of jobs, by outcome (done, failed) and kind of job.",
    ("kind", "outcome"),
)
webhook_events = _counter(
    "progimage_webhook_events_total",
    "Tries to send events to a webhook: sent, failed or given_up.",
    ("hook", "outcome"),
)
webhook_waiting = _gauge(
    "progimage_webhook_waiting",
    "Events that wait for a webhook, counted by the process that sends to it.",
    ("hook",),
    multiprocess_mode="livemax",
)

origin_pictures = _counter(
    "progimage_origin_pictures_total",
    "Requests for pictures of an origin: hit, stale, renewed, miss, missing or failed.",
    ("origin", "state"),
)
origin_fetches = _histogram(
    "progimage_origin_fetch_seconds",
    "Time to ask an origin and to check what it sends: new, unchanged, missing or failed.",
    ("origin", "outcome"),
    buckets=_SLOW,
)
origin_answers = _gauge(
    "progimage_origin_answers",
    "1 if the origin answers, 0 after three requests in a row without an answer.",
    ("origin",),
    multiprocess_mode="livemostrecent",
)
origin_evictions = _counter(
    "progimage_origin_evictions_total", "Copies of origins' pictures removed to make room."
)
announcements = _gauge(
    "progimage_index_announcements",
    "Changes that are announced but not yet in the index, as last seen by this node.",
    multiprocess_mode="livemostrecent",
)
shelves = _gauge(
    "progimage_index_shelves", "Shelves that make up the index.", multiprocess_mode="livemostrecent"
)
shelf_bytes = _gauge(
    "progimage_index_bytes",
    "Bytes of the shelves that make up the index.",
    multiprocess_mode="livemostrecent",
)
publications = _counter(
    "progimage_index_publications_total",
    "Attempts to fold or merge shelves, by outcome: published, or lost to another process.",
    ("outcome",),
)
dropped_log_lines = _counter(
    "progimage_log_lines_dropped_total", "Log lines dropped because the log could not be written."
)
