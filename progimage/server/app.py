"""The composition root: settings in, a WSGI app out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import falcon

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
from progimage.access.transform_policy import TransformPolicy
from progimage.api.auth.authentication import Authentication
from progimage.api.auth.authorization import Authorization
from progimage.api.auth.rate_limits import RenderRateLimit
from progimage.api.console.console import Console
from progimage.api.middleware.cors import Cors
from progimage.api.middleware.proxies import TrustedProxies
from progimage.api.middleware.request_log import RequestLog
from progimage.api.middleware.store_deadline import StoreDeadline
from progimage.api.middleware.tracing import TraceRequests
from progimage.api.resources import images
from progimage.api.resources.docs import Description, Docs, OpenApi
from progimage.api.resources.jobs.resource import JobResource
from progimage.api.resources.links import LinkResource, reserved
from progimage.api.resources.listing import Listing
from progimage.api.resources.metadata import MetadataResource
from progimage.api.resources.metrics import MetricsResource
from progimage.api.resources.on_demand import OnDemand
from progimage.api.resources.renditions import RenditionResource
from progimage.api.resources.service import Live, Ready, Root, Transforms
from progimage.api.resources.tags import Tags
from progimage.api.resources.tokens import Tokens
from progimage.api.resources.uploads.resource import ResumableUploadResource
from progimage.api.resources.users import Account, Registration
from progimage.api.resources.visibility import VisibilityResource
from progimage.api.responses import problems
from progimage.api.responses.delivery import Delivery
from progimage.config import Settings
from progimage.errors import ConfigError
from progimage.imaging.pipeline import check_presets
from progimage.imaging.pool import RenderPool
from progimage.ingest.download.downloader import Downloader
from progimage.ingest.ingest import Ingest
from progimage.ingest.resumable.uploads import ResumableUploads
from progimage.jobs.model import Request
from progimage.jobs.rescan import announce_all
from progimage.jobs.runner import Runner
from progimage.jobs.state import Jobs
from progimage.library import Library
from progimage.library.index.index import Index
from progimage.library.search.catalogue import Catalogue
from progimage.renditions.disk_cache.disk_cache import DiskCache
from progimage.renditions.remote_render import BrokerRenderer
from progimage.renditions.renditions import Renditions
from progimage.server.broker import Broker
from progimage.server.components import policy_of, pool_of, runner_of
from progimage.server.draining import is_draining
from progimage.stores import HasLocalPath, ObjectStore, open_store
from progimage.stores.deadline import ContextThreads
from progimage.stores.metered import MeteredStore
from progimage.stores.temp_files import TempFolder
from progimage.telemetry import metrics, tracing

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Threads of each web worker that write markers and, where a store is far, read records.
_HELPERS = 16

# setpriority(2).
_LOWEST_PRIORITY = 19

# A web process that ends lets the items of jobs in flight be finished for so long.
_JOBS_PATIENCE_S = 3.0


@dataclass(frozen=True, slots=True)
class Service:
    """A WSGI app and what has to be closed with it."""

    wsgi: WSGIApplication
    pools: Sequence[RenderPool]
    helpers: Executor
    runner: Runner

    def __call__(self, env: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        return self.wsgi(env, start_response)

    def begin_to_stop(self) -> None:
        """Begin nothing more in the background. May be called from a signal handler."""
        self.runner.begin_to_stop()

    def close(self) -> None:
        """Stop jobs, the render processes, and the threads that help with the store."""
        self.runner.stop(_JOBS_PATIENCE_S)
        for pool in self.pools:
            pool.close()
        self.helpers.shutdown(wait=False, cancel_futures=True)
        tracing.stop()


def create(
    settings: Settings, store: ObjectStore | None = None, pool: RenderPool | None = None
) -> Service:
    """Wire the service together; `store` and `pool` stand in for those the settings name.

    Raises:
        ConfigError: the store or a preset cannot work.
    """
    store = _observed(store, settings)
    limits = settings.limits.to_limits()
    policy, signer = checked_policy(settings), _signer(settings, store)
    delivery, copies = Delivery(store, settings.delivery), disk_cache_of(settings, store)
    folder = TempFolder()
    jobs_pool = pool or pool_of(settings, workers=1, niceness=_LOWEST_PRIORITY)
    pool = pool or pool_of(
        settings, workers=settings.render.workers, niceness=settings.render.niceness
    )
    rendering = Admission(settings.render.workers + settings.render.queue, "renders")
    uploading = Admission(settings.upload.concurrent, "uploads")
    helpers = ContextThreads(_HELPERS, thread_name_prefix="store")
    index = Index(store, helpers)
    library = Library(store, index=index, on_purge=copies.forget if copies else None)
    # A local file is read faster than it is handed to another thread.
    readers = None if isinstance(store, HasLocalPath) else helpers
    catalogue = Catalogue(store, index, readers)
    max_bytes = settings.upload.max_bytes
    downloader = Downloader(settings.download, max_bytes)
    ingest = Ingest(library, pool, folder, limits, rendering, downloader, max_bytes=max_bytes)
    broker = Broker(settings.jobs.broker) if settings.jobs.broker else None
    remote = broker_renderer(settings, store, broker)
    renders = Renditions(store, library, pool, folder, limits, rendering, policy, remote, copies)
    authorization, rate_limit = (
        Authorization(library, policy, signer),
        _render_rate_limit(settings.transforms),
    )

    console = Console(delivery.other_origin())
    uploads = images.Uploads(ingest, settings, uploading, policy)
    renditions = RenditionResource(
        library, renders, delivery, settings.presets, limits, authorization, rate_limit
    )
    slots = ResumableUploads(store, max_bytes=max_bytes, expires_s=settings.upload.slot_expires_s)
    in_pieces = ResumableUploadResource(slots, ingest, folder, settings, uploading, policy)
    on_demand = OnDemand(
        ingest,
        renders,
        delivery,
        settings,
        settings.presets,
        limits,
        uploading,
        authorization,
        rate_limit,
    )

    jobs = Jobs(store, readers)
    runner = runner_of(settings, store, jobs, library, jobs_pool, folder, downloader)
    bulk = JobResource(
        jobs,
        catalogue,
        settings,
        policy,
        uploading,
        announce=_announcing(broker, runner),
        is_stopping=lambda: runner.is_stopping,
    )
    app = _bare_app(settings)
    app.add_route("/", Root(uploads, console, settings.auth, policy))
    app.add_route("/console/{path:path}", console)
    app.add_route(
        "/images", Listing(catalogue, uploads, VisibilityResource(library, settings), policy)
    )
    app.add_route("/tags", Tags(catalogue))
    app.add_route("/images/{image_id}", images.PictureResource(library, delivery, authorization))
    app.add_route("/images/{image_id}.{extension}", renditions, suffix="converted")
    app.add_route("/images/{image_id}/metadata", MetadataResource(library, settings, policy))
    app.add_route("/images/{image_id}/renders", images.RenditionCacheResource(library))
    app.add_route(
        "/images/{image_id}/links", LinkResource(library, policy, signer, settings, limits)
    )
    app.add_route("/images/{image_id}/{path:path}", renditions)
    app.add_route("/uploads", in_pieces, suffix="all")
    app.add_route("/uploads/{slot_id}", in_pieces)
    app.add_route("/on_demand/{path:path}", on_demand)
    app.add_route("/jobs", bulk, suffix="all")
    app.add_route("/jobs/{job_id}", bulk)
    _add_accounts(app, settings, store)
    _add_service_routes(app, settings, store, policy)
    wsgi = StoreDeadline(
        TrustedProxies(app, settings.server.trusted_proxies), settings.s3.deadline_s
    )
    return Service(wsgi, (pool, jobs_pool), helpers, runner)


def _bare_app(settings: Settings) -> falcon.App[falcon.Request, falcon.Response]:
    app = falcon.App()
    if settings.tracing.endpoint:
        app.add_middleware(TraceRequests())
    app.add_middleware(RequestLog(is_metered=settings.metrics.enabled))
    if settings.cors.origins:
        app.add_middleware(Cors(settings.cors.origins))
    app.req_options.strip_url_path_trailing_slash = True
    app.resp_options.media_handlers["application/hal+json"] = falcon.media.JSONHandler()
    problems.install(app)
    return app


def _add_service_routes(
    app: falcon.App[falcon.Request, falcon.Response],
    settings: Settings,
    store: ObjectStore,
    policy: TransformPolicy,
) -> None:
    """Add what is not about pictures."""
    app.add_route("/transforms", Transforms(settings.presets, policy))
    app.add_route("/health/live", Live())
    app.add_route("/health/ready", Ready(store, is_draining))
    if settings.metrics.enabled:
        counted = MetricsResource(settings.metrics.allow, config.metrics_folder())
        app.add_route("/metrics", counted)
    description = Description(app, settings)
    app.add_route("/openapi.json", OpenApi(description))
    app.add_route("/docs", Docs(description))
    app.add_route("/docs/style.css", Docs(description), suffix="style")


def _observed(store: ObjectStore | None, settings: Settings) -> ObjectStore:
    """Return the store, or else the one that the settings name, with its operations timed."""
    threads = settings.server.threads + settings.jobs.threads + _HELPERS
    store = store or open_store(settings.store, threads=threads, **settings.s3.options)
    if settings.tracing.endpoint:
        return MeteredStore(store, partial(_tell, is_metered=settings.metrics.enabled))
    return MeteredStore(store, metrics.store_operation) if settings.metrics.enabled else store


def broker_renderer(
    settings: Settings, store: ObjectStore, broker: Broker | None
) -> BrokerRenderer | None:
    """Return the workers that make renders, None if this process does.

    Raises:
        ConfigError: they are to be asked, but there is no broker.
    """
    if settings.render.where == "here":
        return None
    if broker is None:
        raise ConfigError("render.where: 'workers' are asked by messages; set jobs.broker too")
    return BrokerRenderer(store, broker.ask_for_render, settings.render.answer_timeout_s)


def disk_cache_of(
    settings: Settings, store: ObjectStore, *, is_trial: bool = False
) -> DiskCache | None:
    """Return this node's cache of renditions, None if there is to be none.

    Args:
        is_trial: it is not to be used, only to be proved possible.

    Raises:
        ConfigError: it cannot work.
    """
    chosen = settings.disk_cache
    if not chosen.dir or settings.delivery.mode == "redirect":
        return None
    root = Path(chosen.dir).absolute()
    copies = DiskCache(store, settings.store, root, chosen.max_bytes, chosen.trust_s)
    if not is_trial:
        copies.start()
    return copies


def _tell(operation: str, outcome: str, seconds: float, *, is_metered: bool) -> None:
    if is_metered:
        metrics.store_operation(operation, outcome, seconds)
    tracing.record(f"store {operation}", seconds, {"progimage.outcome": outcome})


def _announcing(broker: Broker | None, runner: Runner) -> Callable[[Request], None]:
    """Return what tells of a new job: the broker's workers, or the runner of this process."""
    if broker is None:
        return lambda _: runner.wake()
    return lambda request: announce_all(request, broker.announce)


def _add_accounts(
    app: falcon.App[falcon.Request, falcon.Response], settings: Settings, store: ObjectStore
) -> None:
    """Add who finds out who asks, and where people manage their accounts."""
    users, ring = Users(store), key_ring(settings.auth, store)
    identities = Authenticator(users, ring)
    app.add_middleware(Authentication(settings.auth.mode, identities))
    passwords = Passwords()
    administration = Administration(users, passwords)
    sign_in = SignIn(
        users,
        passwords,
        ring,
        access_lifetime_s=settings.auth.access_lifetime_s,
        refresh_lifetime_s=settings.auth.refresh_lifetime_s,
    )
    account = Account(administration, users, identities, settings)
    tokens = Tokens(sign_in, users, identities, settings)
    app.add_route("/users", Registration(administration, settings))
    app.add_route("/users/me", account)
    app.add_route("/users/me/password", account, suffix="password")
    app.add_route("/users/me/keys", account, suffix="keys")
    app.add_route("/users/me/keys/{key_id}", account, suffix="key")
    app.add_route("/tokens", tokens)
    app.add_route("/tokens/{session_id}", tokens, suffix="one")


def _signer(settings: Settings, store: ObjectStore) -> LinkSigner | None:
    """Return what signs links, None if there is no key to do it with."""
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
    """Return who may have what made; raises `ConfigError` for presets that cannot work."""
    check_presets(settings.presets, settings.limits.to_limits())
    if names := reserved(settings.presets):
        raise ConfigError(f"presets: {', '.join(names)} stand for something else; rename them")
    return policy_of(settings)
