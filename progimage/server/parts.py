"""Single parts of a process, each built from the settings."""

from __future__ import annotations

import atexit
import shutil
from concurrent.futures import Executor
from functools import partial
from pathlib import Path

from progimage.access.fair_queue import FairQueue
from progimage.access.transform_policy import TransformPolicy
from progimage.api.resources.links import reserved
from progimage.config import Settings
from progimage.errors import ConfigError
from progimage.imaging.pipeline_parser import check_presets
from progimage.imaging.pool import RenderPool
from progimage.library.index.index import Index
from progimage.library.index.opening import open_index
from progimage.library.index.publish import Merge
from progimage.library.index.shelf_writer import merged_bytes
from progimage.renditions.cache_budget import CacheBudget
from progimage.renditions.disk_cache.disk_cache import DiskCache
from progimage.renditions.remote_render import BrokerRenderer
from progimage.server.broker import Broker
from progimage.stores import ObjectStore, open_store
from progimage.stores.metered import MeteredStore
from progimage.stores.temp_files import make_folder
from progimage.telemetry import metrics, tracing

HELPERS = 16
"""Threads of each web worker that write announcements and read records."""

RENEWERS = 4
"""Threads that ask origins in the background. A silent origin must not block the helpers."""


def index_of(settings: Settings, store: ObjectStore, helpers: Executor | None = None) -> Index:
    """Return the index; `helpers` run several of its store requests at a time."""
    chosen = settings.index
    return open_index(store, settings.store, helpers, folder=chosen.dir, max_bytes=chosen.max_bytes)


def merging_in(pool: RenderPool) -> Merge:
    """Return a function that merges shelves in a process of the pool, without blocking this one."""
    return lambda parts, most: pool.run(merged_bytes, parts, most)


def pool_of(settings: Settings, *, workers: int, niceness: int) -> RenderPool:
    """Return a pool of render processes with the limits of the settings."""
    # One call more than there are processes, so that none waits for its next call.
    queue = FairQueue(workers + 1, settings.render.wall_timeout_s)
    return RenderPool(
        workers=workers,
        timeout_s=settings.render.timeout_s,
        wall_timeout_s=settings.render.wall_timeout_s,
        memory_bytes=settings.render.memory_bytes,
        tasks=settings.render.tasks_per_worker,
        niceness=niceness,
        turn=queue.turn,
        make_folder=_socket_folder,
    )


def _socket_folder() -> Path:
    folder = make_folder()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def policy_of(settings: Settings) -> TransformPolicy:
    """Return the transform policy.

    All processes need the same one, since it decides under which key a rendition is cached.
    """
    limits = settings.picture_limits()
    return TransformPolicy(settings.transforms.policy, settings.presets, limits)


def checked_policy(settings: Settings) -> TransformPolicy:
    """Return the transform policy.

    Raises:
        ConfigError: a preset cannot work.
    """
    check_presets(settings.presets, settings.picture_limits())
    if names := reserved(settings.presets):
        raise ConfigError(f"presets: {', '.join(names)} have another meaning in URLs; rename them")
    return policy_of(settings)


def cache_budget(settings: Settings, store: ObjectStore, helpers: Executor) -> CacheBudget:
    """Return the limit on the cached renditions that this process adds."""
    return CacheBudget(
        store,
        max_bytes=settings.cache.max_bytes,
        max_rendition_bytes=settings.cache.max_rendition_bytes,
        min_free_bytes=settings.cache.min_free_bytes,
        helpers=helpers,
    )


def store_threads(settings: Settings) -> int:
    """Return how many threads of a web process use the store."""
    return settings.server.threads + settings.jobs.threads + HELPERS + RENEWERS


def observed_store(store: ObjectStore | None, settings: Settings) -> ObjectStore:
    """Return the store, or the one that the settings name, with metrics of its operations."""
    store = store or open_store(
        settings.store, threads=store_threads(settings), **settings.s3.options
    )
    if settings.tracing.endpoint:
        return MeteredStore(store, partial(_record_call, is_metered=settings.metrics.enabled))
    return MeteredStore(store, metrics.store_operation) if settings.metrics.enabled else store


def _record_call(operation: str, outcome: str, seconds: float, *, is_metered: bool) -> None:
    if is_metered:
        metrics.store_operation(operation, outcome, seconds)
    tracing.record(f"store {operation}", seconds, {"progimage.outcome": outcome})


def broker_renderer(
    settings: Settings, store: ObjectStore, broker: Broker | None
) -> BrokerRenderer | None:
    """Return the remote renderer, None if this process renders.

    Raises:
        ConfigError: the settings let workers render, but name no broker.
    """
    if settings.render.where == "here":
        return None
    if broker is None:
        raise ConfigError("render.where: 'workers' needs jobs.broker, which carries the messages")
    return BrokerRenderer(store, broker.request_render, settings.render.answer_timeout_s)


def disk_cache_of(
    settings: Settings, store: ObjectStore, *, is_trial: bool = False
) -> DiskCache | None:
    """Return this node's cache of renditions, None if the settings name none.

    Args:
        is_trial: True to check the settings without starting the cache.

    Raises:
        ConfigError: the cache cannot work.
    """
    chosen = settings.disk_cache
    if not chosen.dir or settings.delivery.mode == "redirect":
        return None
    root = Path(chosen.dir).absolute()
    cache = DiskCache(store, settings.store, root, chosen.max_bytes, chosen.trust_s)
    if not is_trial:
        cache.start()
    return cache
