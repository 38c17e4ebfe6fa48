"""Builds the parts of a web process or a worker from the settings."""

from __future__ import annotations

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
from progimage.access.signed_links import LinkSigner, link_key
from progimage.access.token_buckets import TokenBuckets
from progimage.api.auth.authorization import Authorization
from progimage.api.auth.rate_limits import RenderRateLimit
from progimage.api.parts import Parts
from progimage.api.responses.delivery import Delivery
from progimage.api.responses.hal import Urls
from progimage.config import Settings
from progimage.imaging.pool import RenderPool
from progimage.ingest.download.downloader import Downloader
from progimage.ingest.ingest import Ingest
from progimage.ingest.resumable.uploads import ResumableUploads
from progimage.jobs.model import Request
from progimage.jobs.rescan import announce_all
from progimage.jobs.runner import Runner
from progimage.jobs.state import Jobs
from progimage.library import Library
from progimage.library.albums import Albums
from progimage.library.index.keeper import Keeper
from progimage.library.quotas import open_quotas
from progimage.library.search.catalogue import Catalogue
from progimage.library.working_copies import WorkingCopies
from progimage.renditions.renditions import Renditions
from progimage.server.broker import Broker
from progimage.server.draining import is_draining
from progimage.server.job_runner import runner_of
from progimage.server.large import LargeFactory
from progimage.server.origins import foreign_pictures, fronts
from progimage.server.parts import (
    HELPERS,
    RENEWERS,
    broker_renderer,
    cache_budget,
    checked_policy,
    disk_cache_of,
    index_of,
    merging_in,
    observed_store,
    pool_of,
)
from progimage.server.webhooks import outbox_of, senders_of
from progimage.stores import HasLocalPath, ObjectStore
from progimage.stores.deadline import ContextThreads
from progimage.stores.readiness import readiness_of
from progimage.stores.temp_files import TempFolder
from progimage.webhooks.sender import Senders

# setpriority(2).
_LOWEST_PRIORITY = 19


class Built(NamedTuple):
    """The parts of a web process, and those that have to be closed at its end."""

    components: Parts
    pools: Sequence[RenderPool]
    helpers: Sequence[Executor]
    runner: Runner
    keeper: Keeper
    senders: Senders


def build(settings: Settings, store: ObjectStore | None, pool: RenderPool | None) -> Built:
    """Build every part of a web process.

    Args:
        store: instead of the store that the settings name.
        pool: instead of the render processes that the settings describe.

    Raises:
        ConfigError: the store or a preset cannot work.
    """
    store = observed_store(store, settings)
    limits, max_bytes = settings.picture_limits(), settings.upload.max_bytes
    policy, signer = checked_policy(settings), _signer(settings, store)
    disk_cache, folder = disk_cache_of(settings, store), TempFolder()
    large = LargeFactory(settings, pool)
    jobs_pool = pool or pool_of(settings, workers=1, niceness=_LOWEST_PRIORITY)
    pool = pool or pool_of(
        settings, workers=settings.render.workers, niceness=settings.render.niceness
    )
    rendering = Admission(settings.render.workers + settings.render.queue, "renders")
    helpers = ContextThreads(HELPERS, thread_name_prefix="store")
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
    ingest_up_to = partial(
        Ingest,
        library,
        pool,
        folder,
        limits,
        rendering,
        downloader,
        working_copies=copies,
        large=large_parts.uploads,
    )
    users, ring, passwords = Users(store), key_ring(settings.auth, store), Passwords()
    renewers = ContextThreads(RENEWERS, thread_name_prefix="origins")
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
        lambda most: ingest_up_to(max_bytes=most),
    )
    components = Parts(
        settings=settings,
        limits=limits,
        store=store,
        temp_folder=folder,
        library=library,
        catalogue=Catalogue(index),
        ingest=ingest_up_to(max_bytes=max_bytes),
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
        albums=Albums(store),
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
