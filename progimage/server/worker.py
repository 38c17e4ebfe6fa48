"""The composition root of worker processes, which work until a signal.

jobs      shards of jobs, from the broker's queue or, without a broker, from the store
renders   renditions that web nodes request (`render.where = "workers"`)
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import structlog

from progimage import config
from progimage.access.admission import Admission
from progimage.config import Settings
from progimage.errors import ConfigError, ProgImageError
from progimage.ingest.download.downloader import Downloader
from progimage.jobs.rescan import Rescan
from progimage.jobs.runner import Runner
from progimage.jobs.state import Jobs
from progimage.keys import is_token
from progimage.library import Library
from progimage.library.index.keeper import Keeper
from progimage.library.quotas import open_quotas
from progimage.library.working_copies import WorkingCopies
from progimage.renditions import remote_render
from progimage.renditions.renditions import Renditions
from progimage.server import broker, metrics_server
from progimage.server.broker import Broker
from progimage.server.job_runner import runner_of
from progimage.server.large import LargeFactory
from progimage.server.parts import (
    cache_budget,
    index_of,
    merging_in,
    policy_of,
    pool_of,
)
from progimage.server.webhooks import outbox_of
from progimage.stores import ObjectStore, open_store, temp_files
from progimage.stores.metered import MeteredStore
from progimage.stores.temp_files import TempFolder
from progimage.telemetry import logs, metrics

log = structlog.get_logger()

# Threads that write announcements, and as many spare connections for listing the store.
_HELPERS = 16

# How long a stopping worker waits for the items in flight.
_PATIENCE_S = 20.0


def work_on_jobs() -> None:
    """Work on jobs until SIGTERM or SIGINT.

    Raises:
        ConfigError: the settings cannot work.
    """
    settings, store = _begin(lambda settings: settings.jobs.threads)
    pool = pool_of(settings, workers=settings.render.workers, niceness=settings.render.niceness)
    helpers = ThreadPoolExecutor(_HELPERS, thread_name_prefix="store")
    index, events = index_of(settings, store, helpers), outbox_of(settings, store, helpers)
    jobs = Jobs(store, events=events)
    quotas = open_quotas(store, index, settings.quota)
    library = Library(store, index=index, events=events, quotas=quotas)
    keeper = Keeper(index, merging_in(pool))
    downloader = Downloader(settings.download, settings.upload.max_bytes)
    budget = cache_budget(settings, store, helpers)
    large = LargeFactory(settings)
    runner = runner_of(
        settings,
        store,
        jobs,
        library,
        pool,
        TempFolder(),
        downloader,
        budget,
        large.parts(store, library, budget.has_room),
    )
    keeper.start()
    try:
        with _serving_metrics(settings):
            if settings.jobs.broker:
                _serve_shards(settings, store, jobs, runner)
            else:
                _poll(runner)
    finally:
        keeper.begin_to_stop()
        runner.stop(_PATIENCE_S)
        pool.close()
        large.pool.close()
        helpers.shutdown(wait=False, cancel_futures=True)


def work_on_renders() -> None:
    """Render the renditions that web nodes request, until SIGTERM or SIGINT.

    Raises:
        ConfigError: the settings cannot work.
    """
    settings, store = _begin(lambda settings: settings.render.workers)
    if not settings.jobs.broker:
        raise ConfigError("jobs.broker: needed, since web nodes request renders through it")
    pool = pool_of(settings, workers=settings.render.workers, niceness=settings.render.niceness)
    limits, threads = settings.picture_limits(), settings.render.workers
    admission = Admission(threads, "renders")
    policy = policy_of(settings)
    library = Library(store)
    copies = WorkingCopies(store, library, settings.render.working_copy_px)
    counting = ThreadPoolExecutor(1, thread_name_prefix="cache size")
    budget = cache_budget(settings, store, counting)
    large = LargeFactory(settings)
    parts = large.parts(store, library, budget.has_room)
    renders = Renditions(
        store,
        library,
        pool,
        TempFolder(),
        limits,
        admission,
        policy,
        working_copies=copies,
        allows=budget.allows,
        large=parts.pictures,
    )
    messages = Broker(settings.jobs.broker)

    def make(*request: str) -> None:
        remote_render.answer(store, renders, limits, request)

    try:
        with _serving_metrics(settings):
            messages.serve(broker.RENDER, make, threads)
    finally:
        pool.close()
        counting.shutdown(wait=False, cancel_futures=True)
        large.pool.close()


def _begin(threads: Callable[[Settings], int]) -> tuple[Settings, ObjectStore]:
    settings, _ = config.load()
    logs.configure(settings.log)
    _format_library_logs(settings)
    temp_files.sweep()
    store = open_store(
        settings.store,
        threads=threads(settings) + _HELPERS,
        **settings.s3.options,
    )
    if settings.metrics.enabled:
        store = MeteredStore(store, metrics.store_operation)
    return settings, store


def _format_library_logs(settings: Settings) -> None:
    """Write the log lines of libraries, mainly Celery, in the format of this service."""
    handler = logging.StreamHandler()
    handler.setFormatter(logs.formatter(settings.log))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.captureWarnings(True)


@contextmanager
def _serving_metrics(settings: Settings) -> Iterator[None]:
    """Serve the metrics of this process while the block runs, if the settings give an address."""
    chosen = settings.metrics
    if not (chosen.enabled and chosen.worker_bind):
        yield
        return
    with metrics_server.serving(chosen.worker_bind, chosen.allow) as address:
        log.info("serving metrics", address=address)
        yield


def _poll(runner: Runner) -> None:
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    runner.start()
    log.info("worker started", task="jobs from the store")
    ended.wait()


def _serve_shards(settings: Settings, store: ObjectStore, jobs: Jobs, runner: Runner) -> None:
    messages = Broker(settings.jobs.broker)
    sweep = Rescan(store, jobs, runner.leases, messages.announce)

    def work_shard(job_id: str, shard: int) -> None:
        if not (isinstance(job_id, str) and is_token(job_id) and isinstance(shard, int)):
            log.warning("ignored a malformed message")
            return
        try:
            runner.work_on(job_id, shard)
        except ProgImageError as error:
            # The next scan of the store sends another message for it.
            log.warning("a shard of a job is postponed", job=job_id, shard=shard, reason=str(error))

    ended = threading.Event()

    def look() -> None:
        while not ended.wait(settings.jobs.poll_s):
            try:
                sweep.look(is_idle=runner.is_idle)
            except Exception:
                log.exception("unexpected error while looking for jobs")

    runner.start(looks=False)
    looking = threading.Thread(target=look, name="jobs_sweep", daemon=True)
    looking.start()
    try:
        messages.serve(broker.WORK_SHARD, work_shard, settings.jobs.threads, runner.begin_to_stop)
    finally:
        ended.set()
        looking.join()
