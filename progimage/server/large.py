"""Builds the parts for large pictures from the settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from progimage.access.admission import Admission
from progimage.access.fair_queue import FairQueue
from progimage.config import Settings
from progimage.imaging.pool import RenderPool
from progimage.ingest.ingest import LargeUploads
from progimage.library import Library
from progimage.library.pyramid_maker import PyramidMaker
from progimage.library.pyramids import Pyramids
from progimage.renditions.large_pictures import LargePictures
from progimage.stores import ObjectStore


@dataclass(frozen=True, slots=True)
class LargeParts:
    """The parts for large pictures that the uploads and the renditions of one store need."""

    uploads: LargeUploads | None = None
    pictures: LargePictures | None = None


class LargeFactory:
    """Builds those parts for the stores of one process; they share processes and limits.

    Args:
        pool: makes pyramids, instead of the process that the settings describe.
    """

    def __init__(self, settings: Settings, pool: RenderPool | None = None) -> None:
        chosen = settings.deep
        self.pool = pool or RenderPool(
            workers=1,
            timeout_s=chosen.timeout_s,
            wall_timeout_s=chosen.wall_timeout_s,
            memory_bytes=chosen.memory_bytes,
            # The memory that one picture needed must be free for the next.
            tasks=1,
            # The priority of other renders, since a client waits for these too.
            niceness=settings.render.niceness,
            turn=FairQueue(2, chosen.wall_timeout_s).turn,
        )
        self._maker = PyramidMaker(
            self.pool,
            Admission(1 + chosen.queue, "pyramids").admit,
            settings.picture_limits(),
            settings.large_picture_limits(),
            chosen.from_pixels,
        )
        self._waiting = Admission(chosen.waiting, "requests that wait for pyramids")
        self._is_enabled = chosen.enabled

    def parts(
        self, store: ObjectStore, library: Library, has_room: Callable[[int], bool]
    ) -> LargeParts:
        """Return the parts for one store: none of them if the settings turn them off.

        Args:
            has_room: whether the store's disk has room for so many bytes.
        """
        if not self._is_enabled:
            return LargeParts()
        pyramids = Pyramids(store, library, has_room)
        return LargeParts(
            LargeUploads(self._maker, pyramids),
            LargePictures(pyramids, self._maker, self._waiting),
        )
