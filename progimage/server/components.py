"""Builds the parts of a web process or a worker from the settings."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from typing import NamedTuple

from progimage import config
from progimage.access.accounts.access_tokens import key_ring, ring_secrets
from progimage.access.accounts.administration import Administration
from progimage.access.accounts.authenticate import Authenticator
from progimage.access.accounts.passwords import Passwords
from progimage.access.accounts.sign_in import SignIn
from progimage.access.accounts.users import Users
from progimage.access.admission import Admission
from progimage.access.fair_queue import FairQueue
from progimage.access.signed_links import LinkSigner, link_key
from progimage.access.token_buckets import TokenBuckets
from progimage.access.transform_policy import TransformPolicy
from progimage.api.auth.authorization import Authorization
from progimage.api.auth.rate_limits import RenderRateLimit
from progimage.api.components import Components
from progimage.api.resources.links import reserved
from progimage.api.responses.delivery import Delivery
from progimage.api.responses.hal import Urls
from progimage.config import Settings
from progimage.errors import ConfigError
from progimage.imaging.pipeline import check_presets
from progimage.imaging.pool import RenderPool
from progimage.ingest.download.downloader import Downloader
from progimage.ingest.ingest import Ingest
from progimage.ingest.resumable.uploads import ResumableUploads
from progimage.jobs.host_limits import HostLimits
from progimage.jobs.leases import Leases
from progimage.jobs.model import Request
from progimage.jobs.publish.destinations import destinations
from progimage.jobs.publishing import Publishing
from progimage.jobs.rescan import announce_all
from progimage.jobs.runner import Runner
from progimage.jobs.state import Jobs
from progimage.jobs.work import Work
from progimage.library import Library
from progimage.library.index.index import Index
from progimage.library.index.keeper import Keeper
from progimage.library.index.opening import open_index
from progimage.library.index.publish import Merge
from progimage.library.index.shelf_writer import merged_bytes
from progimage.library.quotas import open_quotas
from progimage.library.search.catalogue import Catalogue
from progimage.library.working_copies import WorkingCopies
from progimage.origins.copies import CopyStore
from progimage.origins.opening import open_source
from progimage.origins.pointers import Pointers
from progimage.origins.purging import Purging
from progimage.origins.unlisted import Unlisted
from progimage.renditions.cache_budget import CacheBudget
from progimage.renditions.disk_cache.disk_cache import DiskCache
from progimage.renditions.remote_render import BrokerRenderer
from progimage.renditions.renditions import Renditions
from progimage.server.broker import Broker
from progimage.server.draining import is_draining
from progimage.server.large import LargeFactory, LargeParts
from progimage.server.origins import foreign_pictures, fronts
from progimage.server.webhooks import outbox_of, senders_of
from progimage.stores import HasLocalPath, ObjectStore, open_store
from progimage.stores.deadline import ContextThreads
from progimage.stores.metered import MeteredStore
from progimage.stores.readiness import readiness_of
from progimage.stores.temp_files import TempFolder, make_folder
from progimage.telemetry import metrics, tracing
from progimage.webhooks.sender import Senders

# Threads of each web worker that write announcements and read records.
_HELPERS = 16

# Threads that ask origins behind the answers. A silent origin must not hold the helpers.
_RENEWERS = 4

# setpriority(2).
_LOWEST_PRIORITY = 19


class Built(NamedTuple):
    """The parts of a web process, and those that have to be closed at its end."""

    components: Components
    pools: Sequence[RenderPool]
    helpers: Sequence[Executor]
    runner: Runner
    keeper: Keeper
    senders: Senders


def build(settings: Settings, store: ObjectStore | None, pool: RenderPool | None) -> Built:
    """Build every part of a web process.

    Args:
        store: used in place of the store that the settings name.
        pool: used in place of the render processes that the settings describe.

    Raises:
        ConfigError: the store or a preset cannot work.
    """
    store = _observed(store, settings)
    limits, max_bytes = settings.picture_limits(), settings.upload.max_bytes
    policy, signer = checked_policy(settings), _signer(settings, store)
    disk_cache, folder = disk_cache_of(settings, store), TempFolder()
    large = LargeFactory(settings, pool)
    jobs_pool = pool or pool_of(settings, workers=1, niceness=_LOWEST_PRIORITY)
    pool = pool or pool_of(
        settings, workers=settings.render.workers, niceness=settings.render.niceness
    )
    rendering = Admission(settings.render.workers + settings.render.queue, "renders")
    helpers = ContextThreads(_HELPERS, thread_name_prefix="store")
    index = index_of(settings, store, helpers)
    outbox = outbox_of(settings, store, helpers)
    forget = disk_cache.forget if disk_cache else None
    library = Library(
        store,
        index=index,
        on_purge=forget,
        events=outbox,
        quotas=open_quotas(store, index, settings.quota),
    )
    # Reading a local file is faster than handing the work to another thread.
    readers = None if isinstance(store, HasLocalPath) else helpers
    downloader = Downloader(settings.download, max_bytes)
    copies = WorkingCopies(store, library, settings.render.working_copy_px, helpers)
    broker = Broker(settings.jobs.broker) if settings.jobs.broker else None
    remote = broker_renderer(settings, store, broker)
    jobs = Jobs(store, readers, events=outbox)
    budget = cache_budget(settings, store, helpers)
    large_parts = large.parts(store, library, budget.has_room)
    runner = runner_of(
        settings, store, jobs, library, jobs_pool, folder, downloader, budget, large_parts
    )
    users, ring, passwords = Users(store), key_ring(settings.auth, store), Passwords()
    renewers = ContextThreads(_RENEWERS, thread_name_prefix="origins")
    foreign = foreign_pictures(
        settings,
        store,
        pool,
        folder,
        rendering,
        policy,
        library,
        downloader,
        helpers,
        renewers,
        budget,
        large,
        disk_cache,
    )
    components = Components(
        settings=settings,
        limits=limits,
        store=store,
        temp_folder=folder,
        library=library,
        catalogue=Catalogue(index),
        ingest=Ingest(
            library,
            pool,
            folder,
            limits,
            rendering,
            downloader,
            max_bytes=max_bytes,
            working_copies=copies,
            large=large_parts.uploads,
        ),
        resumable_uploads=ResumableUploads(
            store,
            max_bytes=settings.resumable_max_bytes,
            expires_s=settings.upload.resumable_expires_s,
        ),
        renditions=Renditions(
            store,
            library,
            pool,
            folder,
            limits,
            rendering,
            policy,
            remote,
            disk_cache,
            copies,
            allows=budget.allows,
            large=large_parts.pictures,
        ),
        delivery=Delivery(store, settings.delivery),
        policy=policy,
        urls=Urls(settings.server.public_url, policy),
        signer=signer,
        authorization=Authorization(library, policy, signer),
        render_rate_limit=_render_rate_limit(settings.transforms),
        uploading=Admission(settings.upload.concurrent, "uploads"),
        users=users,
        administration=Administration(users, passwords),
        authenticator=Authenticator(users, ring),
        sign_in=SignIn(
            users,
            passwords,
            ring,
            access_lifetime_s=settings.auth.access_lifetime_s,
            refresh_lifetime_s=settings.auth.refresh_lifetime_s,
        ),
        jobs=jobs,
        announce_job=_announcing(broker, runner),
        is_stopping=lambda: runner.is_stopping,
        is_draining=is_draining,
        readiness=readiness_of(store, Path(tempfile.gettempdir())),
        metrics_folder=config.metrics_folder(),
        origins=foreign.origins,
        copies=foreign.copies,
        foreign_renditions=foreign.renditions,
        fronts=fronts(settings, limits),
    )
    keeper = Keeper(index, merging_in(jobs_pool))
    pools = (pool, jobs_pool, large.pool)
    senders = senders_of(settings, store, outbox)
    return Built(components, pools, (helpers, renewers), runner, keeper, senders)


def index_of(settings: Settings, store: ObjectStore, helpers: Executor | None) -> Index:
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


def runner_of(
    settings: Settings,
    store: ObjectStore,
    jobs: Jobs,
    library: Library,
    pool: RenderPool,
    folder: TempFolder,
    downloader: Downloader,
    budget: CacheBudget,
    large: LargeParts,
) -> Runner:
    """Return the runner of jobs in this process; its renders have a lower priority."""
    limits, threads = settings.picture_limits(), settings.jobs.threads
    admission = Admission(threads, "items of jobs")
    max_bytes = settings.upload.max_bytes
    copies = WorkingCopies(store, library, settings.render.working_copy_px)
    ingest = Ingest(
        library,
        pool,
        folder,
        limits,
        admission,
        downloader,
        max_bytes=max_bytes,
        working_copies=copies,
        large=large.uploads,
    )
    renders = Renditions(
        store,
        library,
        pool,
        folder,
        limits,
        admission,
        policy_of(settings),
        working_copies=copies,
        allows=budget.allows,
        large=large.pictures,
    )
    hosts = HostLimits(settings.jobs.per_host, settings.jobs.host_pause_s)
    attempts = settings.jobs.attempts
    publishing = Publishing(library, destinations(settings.publish))
    sources = {name: open_source(name, chosen) for name, chosen in settings.origins.items()}
    part = CopyStore(store)
    purging = Purging(Pointers(store), Library(part, index=Unlisted(part)))
    work = Work(
        jobs,
        library,
        ingest,
        renders,
        hosts,
        limits,
        publishing,
        purging,
        attempts=attempts,
        origins=sources,
    )
    leases = Leases(store, settings.jobs.lease_s)
    return Runner(store, jobs, work, leases, threads=threads, poll_s=settings.jobs.poll_s)


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
    return settings.server.threads + settings.jobs.threads + _HELPERS


def _observed(store: ObjectStore | None, settings: Settings) -> ObjectStore:
    """Return the store, or the one that the settings name, with metrics of its operations."""
    threads = settings.server.threads + settings.jobs.threads + _HELPERS + _RENEWERS
    store = store or open_store(settings.store, threads=threads, **settings.s3.options)
    if settings.tracing.endpoint:
        return MeteredStore(store, partial(_record_call, is_metered=settings.metrics.enabled))
    return MeteredStore(store, metrics.store_operation) if settings.metrics.enabled else store


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


def _record_call(operation: str, outcome: str, seconds: float, *, is_metered: bool) -> None:
    if is_metered:
        metrics.store_operation(operation, outcome, seconds)
    tracing.record(f"store {operation}", seconds, {"progimage.outcome": outcome})


def _announcing(broker: Broker | None, runner: Runner) -> Callable[[Request], None]:
    """Return the function that announces a new job to the workers, or to this process."""
    if broker is None:
        return lambda _: runner.wake()
    return lambda request: announce_all(request, broker.announce)


def _signer(settings: Settings, store: ObjectStore) -> LinkSigner | None:
    """Return the signer of links, None if there is no key."""
    link_keys = {kid: link_key(s) for kid, s in ring_secrets(settings.auth, store).items()}
    if not link_keys:
        return None
    return LinkSigner(link_keys, next(iter(link_keys)), settings.links.max_expires_s)


def _render_rate_limit(settings: config.Transforms) -> RenderRateLimit:
    per_minute = settings.cold_per_minute
    return RenderRateLimit(
        TokenBuckets(settings.cold_burst, 60 / per_minute) if per_minute else None
    )


def checked_policy(settings: Settings) -> TransformPolicy:
    """Return the transform policy.

    Raises:
        ConfigError: a preset cannot work.
    """
    check_presets(settings.presets, settings.picture_limits())
    if names := reserved(settings.presets):
        raise ConfigError(f"presets: {', '.join(names)} have another meaning in URLs; rename them")
    return policy_of(settings)
