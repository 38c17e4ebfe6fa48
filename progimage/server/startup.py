"""Starting the service: checks before the first request, and the app that each worker runs."""

from __future__ import annotations

import structlog

from progimage import config
from progimage.access.accounts.access_tokens import key_ring
from progimage.api.responses.delivery import Delivery
from progimage.config import DEVELOPMENT, Settings
from progimage.config.networks import parse
from progimage.errors import ConfigError, IndexMissing
from progimage.imaging import resampling
from progimage.imaging.fork_server import prove_sockets_fit
from progimage.ingest.download.downloader import Downloader
from progimage.server.app import Service, create
from progimage.server.broker import Broker
from progimage.server.origins import prove_origins
from progimage.server.parts import (
    broker_renderer,
    checked_policy,
    disk_cache_of,
    index_of,
    store_threads,
)
from progimage.server.unfinished_removals import finish_in_background
from progimage.server.webhooks import outbox_of, senders_of
from progimage.stores import ObjectStore, create_store, open_store, reopen_store, temp_files
from progimage.stores.marker import StoreMarker, read_marker
from progimage.stores.probe import prove_conditional_writes, prove_listing
from progimage.telemetry import logs, tracing

log = structlog.get_logger()

# The markers of the stores that were checked, by URL. The workers inherit them from the master, so
# that a worker can start while the store does not answer, and answer 503.
_proven: dict[str, StoreMarker] = {}


def prove(settings: Settings) -> None:
    """Check before the first request that these settings can work.

    Raises:
        ConfigError: they cannot; the message says why.
    """
    if settings.create_store:
        create_store(settings.store, **settings.s3.options)
    store = open_store(settings.store, **settings.s3.options)
    check_open_access(settings)
    checked_policy(settings)
    Delivery(store, settings.delivery)
    disk_cache_of(settings, store, is_trial=True)
    Downloader(settings.download, settings.upload.max_bytes)
    key_ring(settings.auth, store)
    _prove_index(settings, store)
    prove_origins(settings)
    senders_of(settings, store, outbox_of(settings, store))
    broker_renderer(settings, store, Broker(settings.jobs.broker) if settings.jobs.broker else None)
    prove_sockets_fit()
    if settings.tracing.endpoint:
        tracing.check()
    if settings.store.startswith("s3:"):
        if settings.s3.is_conditional:
            prove_conditional_writes(store)
        prove_listing(store)
    marker = read_marker(store)
    if marker is not None:
        _proven[settings.store] = marker


def _prove_index(settings: Settings, store: ObjectStore) -> None:
    try:
        index_of(settings, store).require()
    except IndexMissing as missing:
        raise ConfigError(f"store: {missing}") from None


def _reopened(settings: Settings) -> ObjectStore | None:
    """Return the store that was checked; None for another one, after a reload."""
    marker = _proven.get(settings.store)
    if marker is None:
        return None
    threads = store_threads(settings)
    return reopen_store(settings.store, marker, threads=threads, **settings.s3.options)


def wsgi() -> Service:
    """Return the service for gunicorn, built from the environment and the settings file."""
    settings, sources = config.load()
    logs.configure(settings.log)
    temp_files.sweep()
    if settings.store.startswith("s3:") and not settings.s3.is_conditional:
        log.warning(
            "last writer wins",
            setting='s3.conditional_writes = "off"',
            consequence="an edit can overwrite another one without an error, and an upload during "
            "the removal of the same picture can be lost",
        )
    if settings.disk_cache.dir and settings.delivery.mode == "redirect":
        log.warning("disk_cache.dir is not used: delivery.mode sends clients to S3 for bytes")
    if not resampling.IS_FAST:
        log.warning(
            "cykooz_resizer cannot be used; pictures are scaled by Pillow, several times slower"
        )
    if settings.tracing.endpoint:
        tracing.start(
            settings.tracing.endpoint,
            service_name=settings.tracing.service_name,
            ratio=settings.tracing.ratio,
        )
    service = create(settings, _reopened(settings))
    if settings.jobs.runner == "embedded" and not settings.jobs.broker:
        service.runner.start()
    finish_in_background(service.components.library)
    service.keeper.start()
    service.senders.start()
    log.info("started", store=settings.store, settings=sources, accounts=settings.auth.mode)
    _warn_about_accounts(settings)
    return service


def _warn_about_accounts(settings: Settings) -> None:
    auth = settings.auth
    if auth.mode == "off":
        log.warning(
            "accounts are off: every client that reaches this server can see, change and remove "
            "every picture (auth.mode)"
        )
    elif auth.secret.get_secret_value() == DEVELOPMENT:
        log.warning(
            "tokens are signed with a development key that is saved in the store: "
            "set auth.secret before other people use this server"
        )


def check_open_access(settings: Settings) -> None:
    """Raise `ConfigError` if a service without accounts would be reachable from other machines.

    `server.allow_open_access` permits it.
    """
    if settings.auth.mode != "off" or settings.server.allow_open_access:
        return
    if settings.bind.startswith("unix:"):
        return
    host = settings.bind.rpartition(":")[0].strip("[]")
    address = parse(host)
    if not (address.is_loopback if address else host == "localhost"):
        raise ConfigError(
            f"bind: {settings.bind} can be reached from other machines, and accounts are off "
            "(auth.mode), so everybody there could see, change and remove every picture. Set "
            'auth.mode to "required" or "optional", or bind to 127.0.0.1, or, if you want an open '
            "service, set server.allow_open_access = true"
        )
