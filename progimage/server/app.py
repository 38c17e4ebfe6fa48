"""The composition root: settings in, a WSGI app out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from re import Pattern
from typing import TYPE_CHECKING

import falcon

from progimage.api.auth.authentication import Authentication
from progimage.api.components import Components
from progimage.api.fronts.mount import Mount
from progimage.api.middleware.client_of_request import ClientOfRequest
from progimage.api.middleware.compression import Compression
from progimage.api.middleware.cors import Cors
from progimage.api.middleware.own_site import OwnSite
from progimage.api.middleware.proxies import TrustedProxies
from progimage.api.middleware.request_log import RequestLog
from progimage.api.middleware.store_deadline import StoreDeadline
from progimage.api.middleware.tracing import TraceRequests
from progimage.api.responses import problems
from progimage.api.route import App, Route, Router, install
from progimage.api.routes import PICTURE_PATHS, VIEWER_PATHS, routes
from progimage.config import Settings
from progimage.config.networks import is_public_host
from progimage.imaging.pool import RenderPool
from progimage.jobs.runner import Runner
from progimage.library.index.keeper import Keeper
from progimage.server.components import build
from progimage.stores import ObjectStore
from progimage.telemetry import tracing
from progimage.webhooks.sender import Senders

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# How long a web process that ends waits for the items of jobs that it is working on.
_JOBS_PATIENCE_S = 3.0

# How long it waits for the answers of webhooks; without them, the events are sent again.
_WEBHOOKS_PATIENCE_S = 2.0


@dataclass(frozen=True, slots=True)
class Service:
    """A WSGI app with the parts that have to be closed at its end."""

    wsgi: WSGIApplication
    routes: Sequence[Route]
    components: Components
    pools: Sequence[RenderPool]
    helpers: Sequence[Executor]
    runner: Runner
    keeper: Keeper
    senders: Senders

    @property
    def uploads_turned_away(self) -> int:
        """How many uploads found all places occupied."""
        return self.components.uploading.turned_away

    def __call__(self, env: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        return self.wsgi(env, start_response)

    def begin_to_stop(self) -> None:
        """Start no more background work. Can be called from a signal handler."""
        self.runner.begin_to_stop()
        self.keeper.begin_to_stop()
        self.senders.begin_to_stop()

    def close(self) -> None:
        """Stop jobs, webhooks, the render processes and the helper threads."""
        self.begin_to_stop()
        self.runner.stop(_JOBS_PATIENCE_S)
        self.senders.stop(_WEBHOOKS_PATIENCE_S)
        for pool in self.pools:
            pool.close()
        for threads in self.helpers:
            threads.shutdown(wait=False, cancel_futures=True)
        tracing.stop()


def create(
    settings: Settings, store: ObjectStore | None = None, pool: RenderPool | None = None
) -> Service:
    """Return the service that the settings describe; see `build` for the arguments.

    Raises:
        ConfigError: the store or a preset cannot work.
    """
    built = build(settings, store, pool)
    table = routes(built.components)
    app = _with_middleware(built.components)
    install(app, table)
    wsgi = StoreDeadline(
        TrustedProxies(app, settings.server.trusted_proxies), settings.s3.deadline_s
    )
    return Service(wsgi, table, *built)


def paths_open_to_all_sites(settings: Settings) -> Pattern[str] | None:
    """Return what matches the paths whose public answers pages of all sites may read."""
    if not settings.iiif.enabled or settings.iiif.sites == "listed":
        return None
    has_accounts = settings.auth.mode != "off"
    if settings.iiif.sites == "all" or has_accounts or is_public_host(settings.server.public_url):
        return VIEWER_PATHS
    return PICTURE_PATHS


def _with_middleware(components: Components) -> App:
    """Return an app without routes; the first middleware is the outermost."""
    settings = components.settings
    app = App(router=Router())
    if settings.tracing.endpoint:
        app.add_middleware(TraceRequests())
    app.add_middleware(Compression())
    app.add_middleware(RequestLog(is_metered=settings.metrics.enabled))
    open_paths = paths_open_to_all_sites(settings)
    if settings.cors.origins or open_paths:
        app.add_middleware(Cors(settings.cors.origins, open_paths))
    if settings.auth.mode != "required":
        hosts = [*settings.server.hosts, *(h for front in components.fronts for h in front.hosts)]
        own = OwnSite(hosts, settings.server.public_url, settings.cors.origins)
        app.add_middleware(own)
    if components.fronts:
        app.add_middleware(Mount(components.fronts))
    app.add_middleware(Authentication(settings.auth.mode, components.authenticator))
    app.add_middleware(ClientOfRequest())
    app.req_options.strip_url_path_trailing_slash = True
    app.resp_options.media_handlers["application/hal+json"] = falcon.media.JSONHandler()
    problems.install(app)
    return app
