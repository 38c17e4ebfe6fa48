"""Find a rendition in the cache, or make it.

    look in the cache → admission → single flight on the key → look again →
    a render process makes it → put → serve

There is no lock between nodes: a render gives the same bytes everywhere and a put is
whole, so two nodes that render the same thing at once only do the work twice.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from time import perf_counter

from progimage import keys
from progimage.access.admission import Admission
from progimage.access.transform_policy import TransformPolicy
from progimage.errors import NotFound, PictureError
from progimage.imaging.codecs.format import Format
from progimage.imaging.limits import Limits
from progimage.imaging.pipeline import Pipeline
from progimage.imaging.pool import RenderPool
from progimage.imaging.render import Rendered
from progimage.library import Library
from progimage.library.working_copies import WorkingCopies
from progimage.model import Record, Viewer
from progimage.renditions.cache import Rendition, RenditionCache
from progimage.renditions.cache_budget import Allows
from progimage.renditions.disk_cache.disk_cache import DiskCache
from progimage.renditions.from_copies import CopyRenderer, Wanted
from progimage.renditions.large_pictures import LargePictures
from progimage.renditions.remote_renderer import RemoteRenderer
from progimage.renditions.render_request import References, RenderRequest, at_focus
from progimage.renditions.renderer import Renderer, Result
from progimage.renditions.single_flight import SingleFlight
from progimage.renditions.sources import Sources
from progimage.renditions.too_slow import TooSlow
from progimage.stores import ObjectStore, Reader
from progimage.stores.bytes_reader import BytesReader
from progimage.stores.temp_files import TempFolder

# A picture that was removed, hidden or shown during its render is looked up again.
_ATTEMPTS = 3


class Renditions:
    """The rendition cache of one store, and the processes that fill it.

    The public cache holds renditions that every client may see and request: of public pictures,
    by pipelines that the policy leaves open. The private cache holds all others.
    """

    def __init__(
        self,
        store: ObjectStore,
        library: Library,
        pool: RenderPool,
        scratch: TempFolder,
        limits: Limits,
        admission: Admission,
        policy: TransformPolicy,
        remote: RemoteRenderer | None = None,
        copies: DiskCache | None = None,
        working_copies: WorkingCopies | None = None,
        others: tuple[ObjectStore, Library] | None = None,
        allows: Allows = lambda _: True,
        large: LargePictures | None = None,
    ) -> None:
        """Take the parts.

        Args:
            others: has the pictures that pipelines name, if not `library`.
            large: serves tiles, and renders what is beyond `limits`; None for neither.
        """
        self._store = store
        self._library = library
        self._others = others
        self._references = References(others[1] if others else library, others is not None)
        self._scratch = scratch
        self._limits = limits
        self._admission = admission
        self._policy = policy
        self._remote = remote
        self._cache = RenditionCache(store, copies, allows)
        self._renderer = Renderer(pool, scratch, limits)
        self._working_copies = working_copies or WorkingCopies(store, library, px=0)
        self._from_copies = CopyRenderer(store, self._working_copies, self._renderer)
        self._large = large
        self._flights = SingleFlight()
        self._too_slow = TooSlow()

    def find_public(self, image_id: str, pipeline: Pipeline, form: Format) -> Rendition | None:
        """Return the rendition if the public cache holds it and the policy leaves it open.

        Every client may see the public cache: hiding or removing a picture purges it. Renditions
        that show other pictures are never there, since each of those may be hidden.
        """
        if pipeline.references or not self._policy.is_open(pipeline):
            return None
        if self._large and self._large.is_known_tile(image_id, pipeline, form):
            return None
        key = keys.rendition(image_id, pipeline.canonical, form.extension, public=True)
        return self._cache.find(key, form, is_public=True)

    def find_or_render(
        self,
        viewer: Viewer,
        image_id: str,
        pipeline: Pipeline,
        form: Format,
        known_record: Record | None = None,
        charge: Callable[[], None] = lambda: None,
        *,
        caches: bool = True,
    ) -> Rendition:
        """Return the rendition of a picture that `viewer` may see.

        Args:
            known_record: the record, if it was read after `find_public` found nothing; neither
                the record nor the public cache is then read again.
            charge: called if no cache has the rendition; may raise. It is called for each
                request, also for one that then waits for the render of another request,
                so that an error of one client never reaches another.
            caches: whether to cache what is rendered.

        Raises:
            NotFound: there is no such picture for this viewer.
            Overloaded: too many wait for a worker already.
            InvalidArgument: the pipeline uses a picture that is not there for this viewer.
            InvalidArgument, OutputTooLarge: the pipeline does not fit this picture.
            CorruptPicture, RenderFailed, RenderTimeout: the render broke.
            StoreUnavailable: the tiles of a large picture cannot be stored.
        """
        for _ in range(_ATTEMPTS):
            record = known_record or self._library.find(viewer, image_id)
            references = self._references.find(viewer, pipeline)
            placed = at_focus(pipeline, record)
            request = RenderRequest(record, references, placed, form, self._policy.is_open(placed))
            is_absent = known_record is not None and request.is_in_public_cache
            found = self._tile(request, charge) or self._find_or_lead(
                request, charge, is_absent=is_absent, caches=caches
            )
            if found is not None:
                return found
            known_record = None
        raise NotFound(f"there is no picture {image_id}")

    def shows_only_public(self, viewer: Viewer, record: Record, pipeline: Pipeline) -> bool:
        """True if the picture and all others that the pipeline uses are public.

        Raises:
            InvalidArgument: `viewer` may not see one of the others.
        """
        shown = (record, *self._references.find(viewer, pipeline))
        return all(record.is_public for record in shown)

    def transform(
        self, source: Path, viewer: Viewer, pipeline: Pipeline, form: Format
    ) -> tuple[Rendered, Result]:
        """Render a picture that is not in the library; nothing is stored.

        Returns the facts of the result, and a reader of it, for the caller to close.
        """
        with self._admission.admit(), self._sources() as sources:
            references = sources.paths(self._references.find(viewer, pipeline))
            accept_damaged = sources.has_damaged or self._renderer.limits.accept_damaged
            return self._renderer.make(
                source,
                pipeline,
                form,
                references,
                sources.contents,
                accept_damaged=accept_damaged,
            )

    def narrow(self, rendition: Rendition, start: int, length: int | None) -> Reader:
        """Return a reader of `length` bytes from `start` in place of the rendition's own."""
        return self._cache.narrow(rendition, start, length)

    def _find(self, request: RenderRequest) -> Rendition | None:
        return self._cache.find(request.key, request.format, is_public=request.is_public)

    def _tile(self, request: RenderRequest, charge: Callable[[], None]) -> Rendition | None:
        """Return a tile as it is in the picture's pyramid, made if it is missing.

        None if something else is asked for, or the tile in another format.
        """
        record = request.record
        tile = self._large.tile_of(record, request.pipeline) if self._large else None
        if self._large is None or tile is None:
            return None
        data = self._large.stored_tile(record, tile, request.format)
        if data is None and not self._large.has(record):
            charge()
            self._make_pyramid(request)
            data = self._large.stored_tile(record, tile, request.format)
        if data is None:
            return None
        return Rendition(BytesReader(data), request.format, None, request.is_public)

    def _make_pyramid(self, request: RenderRequest) -> None:
        def elsewhere() -> bool:
            if self._remote is None or request.references:
                return False
            made = self._remote.render(request.record, request.pipeline, request.format)
            return made is not None

        if self._large:
            self._large.make(request.record, self._sources, elsewhere)

    def _find_or_lead(
        self, request: RenderRequest, charge: Callable[[], None], *, is_absent: bool, caches: bool
    ) -> Rendition | None:
        """Return the rendition, or None if a record changed meanwhile."""
        with self._admission.admit():
            found = None if is_absent else self._find(request)
            if found is None:
                self._too_slow.check(request.key)
                charge()
            while found is None:
                with self._flights.join(request.key) as leads:
                    found = self._find(request)
                    if leads and found is None:
                        with self._too_slow.noting(request.key):
                            return self._make(request, caches=caches)
            return found

    def _make(self, request: RenderRequest, *, caches: bool) -> Rendition | None:
        """Render, and cache if it `caches`; None if a picture has changed meanwhile."""
        record = request.record
        if self._remote and not request.references:
            made = self._remote.render(record, request.pipeline, request.format)
            if made is not None:
                found = self._find(request)
                if found is not None or not self._library.records.is_current(record):
                    return replace(found, timings=made.timings) if found else None
        try:
            with self._sources() as sources:
                rendered, reader = self._render(sources, request)
        except (PictureError, FileNotFoundError, NotFound):
            if self._is_current(request):
                raise
            return None
        with ExitStack() as until_stored:
            until_stored.enter_context(reader)
            started = perf_counter()

            def is_current() -> bool:
                return self._is_current(request)

            if caches:
                is_good = self._cache.store(request.key, request.format, reader, is_current)
            else:
                is_good = is_current()
            if not is_good:
                return None
            rendered = replace(rendered, store_ms=(perf_counter() - started) * 1000)
            until_stored.pop_all()
        return Rendition(reader, request.format, None, request.is_public, rendered)

    def _render(self, sources: Sources, request: RenderRequest) -> tuple[Rendered, Result]:
        """Render from a pyramid, a working copy, or the original: the least that is enough."""
        record, references = request.record, sources.paths(request.references)
        part = None
        if self._large:
            part = self._large.part_of(record, request.pipeline, self._limits)
        if self._large and part:
            return self._large.render(
                record,
                part,
                request.format,
                self._renderer,
                sources,
                references,
                make=lambda: self._make_pyramid(request),
            )
        size = self._working_copies.size_for(record, request.pipeline)
        if size is not None:
            wanted = Wanted(record, size, request.pipeline, request.format, references)
            return self._from_copies.render(sources, wanted)
        return self._renderer.make(
            sources.path(record),
            request.pipeline,
            request.format,
            references,
            sources.contents,
            accept_damaged=sources.has_damaged,
        )

    def _is_current(self, request: RenderRequest) -> bool:
        is_current = self._library.records.is_current(request.record)
        return is_current and self._references.are_current(request.references)

    def _sources(self) -> Sources:
        others = Sources(*self._others, self._scratch) if self._others else None
        return Sources(self._store, self._library, self._scratch, others)
