"""Builds origins and fronts from the settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from progimage import keys
from progimage.access.admission import Admission
from progimage.access.transform_policy import TransformPolicy
from progimage.api.fronts.foreign import ForeignUrlError
from progimage.api.fronts.imgproxy.front import ImgproxyFront, grammar_of
from progimage.api.fronts.imgproxy.signature import KeyPair
from progimage.api.fronts.mount import Front
from progimage.api.fronts.thumbor.front import ThumborFront
from progimage.config import Settings
from progimage.errors import ConfigError, OriginFailed, OriginMissing
from progimage.imaging.limits import Limits
from progimage.imaging.pool import RenderPool
from progimage.ingest.download.downloader import Downloader
from progimage.ingest.ingest import Ingest
from progimage.library import Library
from progimage.library.working_copies import WorkingCopies
from progimage.origins.adoption import AdoptingOrigin, into_library
from progimage.origins.copies import Copies, CopyStore
from progimage.origins.fetch import Fetcher, into_copies
from progimage.origins.opening import open_source
from progimage.origins.origins import Origin, Origins
from progimage.origins.pointers import Pointers
from progimage.origins.reachability import Reachability
from progimage.origins.sources.source import OriginSource
from progimage.origins.unlisted import Unlisted
from progimage.renditions.cache_budget import CacheBudget
from progimage.renditions.disk_cache.disk_cache import DiskCache
from progimage.renditions.renditions import Renditions
from progimage.server.large import LargeFactory
from progimage.stores import ObjectStore
from progimage.stores.temp_files import TempFolder

log = structlog.get_logger()

_PROBE_KEY = "progimage-probe"
_PROBES = 16


@dataclass(frozen=True, slots=True)
class ForeignPictures:
    """Origins, with the cache and the renderer for copies of their pictures."""

    origins: Origins
    copies: Copies
    renditions: Renditions


def foreign_pictures(
    settings: Settings,
    store: ObjectStore,
    pool: RenderPool,
    folder: TempFolder,
    rendering: Admission,
    policy: TransformPolicy,
    library: Library,
    downloader: Downloader,
    executor: Executor,
    renewers: Executor,
    budget: CacheBudget,
    large: LargeFactory,
    disk_cache: DiskCache | None,
    own_ingest: Callable[[int], Ingest],
) -> ForeignPictures:
    """Return the origins of the settings.

    Args:
        rendering: the limit on renders, shared with the library's pictures.
        library: contains the pictures that watermarks name.
        executor: writes working copies and makes room after the answer is sent.
        renewers: ask origins for newer versions in the background.
        budget: bounds each rendition and keeps room on the disk. `origin_cache.max_bytes`
            bounds all of them.
        large: builds what large pictures need.
        disk_cache: stores renditions on the disk of this node, as for the library.
        own_ingest: returns an ingest over the library, for pictures of so many bytes.

    Raises:
        ConfigError: an origin cannot be opened.
    """
    limits = settings.picture_limits()
    part = CopyStore(store)
    cache = disk_cache.of_part(part) if disk_cache else None
    foreign = Library(part, index=Unlisted(part), on_purge=cache.forget if cache else None)
    copies = Copies(part, foreign, settings.origin_cache.max_bytes, executor)
    working = WorkingCopies(part, foreign, settings.render.working_copy_px, executor)
    parts = large.parts(part, foreign, budget.has_room)
    renditions = Renditions(
        part,
        foreign,
        pool,
        folder,
        limits,
        rendering,
        policy,
        copies=cache,
        working_copies=working,
        others=(store, library),
        allows=budget.fits,
        large=parts.pictures,
    )
    pointers, adopted = Pointers(store), Pointers(store, keys.ADOPTED)
    fetching = Admission(settings.origin_cache.concurrent, "fetches from origins")
    origins: dict[str, Origin] = {}
    for name, chosen in settings.origins.items():
        source = open_source(name, chosen)
        reachability = Reachability(name)
        if chosen.adopt:
            store_fetched = into_library(name, chosen, own_ingest(chosen.max_bytes), library)
            fetcher = Fetcher(name, chosen, source, store_fetched, fetching, reachability, _now)
            origins[name] = AdoptingOrigin(
                name,
                chosen,
                pointers,
                copies,
                fetcher,
                renewers,
                adopted=adopted,
                library=library,
            )
            continue
        ingest = Ingest(
            foreign,
            pool,
            folder,
            limits,
            rendering,
            downloader,
            max_bytes=chosen.max_bytes,
            working_copies=working,
            large=parts.uploads,
        )
        store_fetched = into_copies(name, chosen, ingest)
        fetcher = Fetcher(name, chosen, source, store_fetched, fetching, reachability, _now)
        origins[name] = Origin(name, chosen, pointers, copies, fetcher, renewers)
    return ForeignPictures(origins, copies, renditions)


def prove_origins(settings: Settings) -> None:
    """Check that every origin and front can be opened; log a warning if one does not answer.

    The service starts without an origin that does not answer, and uses it again when it does.

    Raises:
        ConfigError: an origin or a front cannot work.
    """
    fronts(settings, settings.picture_limits())
    for name, reason in silent_origins(settings):
        log.warning("an origin does not answer", origin=name, reason=reason)
    if settings.origins and settings.transforms.policy == "open":
        log.warning(
            "everybody may request any transform of the pictures of origins",
            setting='transforms.policy = "open"',
            remedy='set "presets" or "signed", or a limit by transforms.cold_per_minute',
        )


def silent_origins(settings: Settings) -> Iterator[tuple[str, str]]:
    """Ask every origin; yield the name of each that does not answer, with the reason.

    Raises:
        ConfigError: an origin cannot be opened.
    """
    sources = {name: open_source(name, chosen) for name, chosen in settings.origins.items()}
    with ThreadPoolExecutor(_PROBES) as threads:
        for name, reason in zip(sources, threads.map(_failure, sources.values()), strict=True):
            if reason:
                yield name, reason


def _failure(source: OriginSource) -> str:
    """Return why a source does not answer, "" if it does; it need not have the picture."""
    try:
        with source.open(_PROBE_KEY):
            return ""
    except OriginMissing:
        return ""
    except OriginFailed as error:
        return str(error)


def fronts(settings: Settings, limits: Limits) -> Sequence[Front]:
    """Return the URL grammars that the settings mount.

    Raises:
        ConfigError: a preset cannot be read.
    """
    found = []
    chosen = settings.fronts.imgproxy
    if chosen.is_on:
        pairs = tuple(
            KeyPair(bytes.fromhex(pair.key), bytes.fromhex(pair.salt)) for pair in chosen.keys
        )
        try:
            grammar = grammar_of(
                dict(chosen.presets),
                only_presets=chosen.only_presets,
                base64_with_name=chosen.base64_with_name,
                watermark=chosen.watermark,
            )
        except ForeignUrlError as error:
            raise ConfigError(f"fronts.imgproxy.presets: {error}") from None
        reader = ImgproxyFront(
            pairs=pairs,
            signature_bytes=chosen.signature_bytes,
            is_unsafe=chosen.unsafe,
            trusted=tuple(text.get_secret_value() for text in chosen.trusted_signatures),
            grammar=grammar,
            limits=limits,
        )
        found.append(
            Front(
                "imgproxy",
                reader,
                chosen.hosts,
                chosen.prefix,
                chosen.sources,
                settings.origins,
                busy_status=429,
                is_signed=not chosen.unsafe,
            )
        )
    thumbor = settings.fronts.thumbor
    if thumbor.is_on:
        texts = tuple(key.get_secret_value() for key in thumbor.keys)
        found.append(
            Front(
                "thumbor",
                ThumborFront(keys=texts, is_unsafe=thumbor.unsafe, limits=limits),
                thumbor.hosts,
                thumbor.prefix,
                thumbor.sources,
                settings.origins,
                busy_status=503,
                is_signed=not thumbor.unsafe,
            )
        )
    return found


def _now() -> datetime:
    return datetime.now(UTC)
