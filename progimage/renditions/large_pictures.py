"""Large pictures: their tiles, and what is rendered from them.

All requests that need a pyramid which is not there wait for one decode of the picture
together. They take places of their own while they wait, since a viewer asks for many tiles at
once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from progimage import keys
from progimage.access.admission import Admission
from progimage.errors import NotFound
from progimage.imaging.codecs.format import Format
from progimage.imaging.limits import Limits
from progimage.imaging.operation import Size
from progimage.imaging.pipeline import Pipeline
from progimage.imaging.pyramids.parts import Part, part_of, part_of_tile, tile_of
from progimage.imaging.render import Rendered
from progimage.imaging.tiles import Tile
from progimage.library.pyramid_maker import PyramidMaker
from progimage.library.pyramids import Pyramids, StoredTiles
from progimage.lru import LockedLru
from progimage.model import Record
from progimage.renditions.node_lock import node_lock
from progimage.renditions.renderer import Renderer, Result
from progimage.renditions.single_flight import SingleFlight
from progimage.renditions.sources import Sources
from progimage.renditions.too_slow import TooSlow

# Pictures of which tiles were sent lately.
_REMEMBERED = 1_000

OpenSources = Callable[[], Sources]


class LargePictures:
    """The pictures of one store that are large enough for a pyramid.

    Args:
        waiting: the limit on requests that wait for pyramids.
    """

    def __init__(self, pyramids: Pyramids, maker: PyramidMaker, waiting: Admission) -> None:
        self._pyramids = pyramids
        self._maker = maker
        self._waiting = waiting
        self._served: LockedLru[str, tuple[Size, Format]] = LockedLru(_REMEMBERED)
        self._flights = SingleFlight()
        self._too_slow = TooSlow()

    def tile_of(self, record: Record, pipeline: Pipeline) -> Tile | None:
        """Return the tile that a pipeline asks for, None if it asks for anything else."""
        if not self._maker.may_have(record):
            return None
        return tile_of(pipeline, (record.width, record.height))

    def is_known_tile(self, image_id: str, pipeline: Pipeline, form: Format) -> bool:
        """Return whether this is a tile of a picture of which tiles were sent before.

        Such a tile is not in the rendition cache, so there is no need to look there.
        """
        known = self._served.get(image_id)
        return known is not None and known[1] is form and tile_of(pipeline, known[0]) is not None

    def part_of(self, record: Record, pipeline: Pipeline, limits: Limits) -> Part | None:
        """Return the part of the pyramid to render from; None to render from the picture itself.

        Raises: as `parts.part_of` does.
        """
        size = record.width, record.height
        if tile := self.tile_of(record, pipeline):
            return part_of_tile(tile, size, pipeline)
        return part_of(pipeline, size, limits) if self._maker.needs(record) else None

    def stored_tile(self, record: Record, tile: Tile, form: Format) -> bytes | None:
        """Return a tile as it is in the pyramid; None if it is not there in this format."""
        found = self._pyramids.tile(record, tile)
        if found is None or found[1] is not form:
            return None
        self._served.put(record.id, ((record.width, record.height), form))
        return found[0]

    def has(self, record: Record) -> bool:
        """Return whether a picture's pyramid is stored."""
        return self._pyramids.has(record)

    def make(
        self, record: Record, open_sources: OpenSources, elsewhere: Callable[[], bool]
    ) -> None:
        """Make and store a picture's pyramid, or wait for another thread that does.

        Args:
            elsewhere: has another process make it; returns False if that is not possible.

        Raises:
            NotFound: the picture was removed meanwhile.
            Overloaded: too many wait already.
            PictureError, RenderFailed, RenderTimeout, StoreUnavailable: it cannot be made.
        """
        key = keys.pyramid(record.id, record.generation)
        self._too_slow.check(key)
        with self._waiting.admit():
            while not self._pyramids.has(record):
                with self._flights.join(key) as leads:
                    if not leads or (elsewhere() and self._pyramids.has(record)):
                        continue
                    # Other web processes of this machine wait too.
                    with node_lock(key), self._too_slow.noting(key):
                        if not self._pyramids.has(record):
                            self._make(record, open_sources)
                            return

    def _make(self, record: Record, open_sources: OpenSources) -> None:
        with open_sources() as sources:
            target = sources.temporary()
            self._maker.make(sources.path(record), target)
            self._pyramids.store(record, target)

    def render(
        self,
        record: Record,
        part: Part,
        form: Format,
        renderer: Renderer,
        sources: Sources,
        references: Mapping[str, str],
        make: Callable[[], None],
    ) -> tuple[Rendered, Result]:
        """Render a part of a pyramid, which `make` makes if it is missing.

        Raises:
            NotFound: the picture was removed meanwhile.
            and what `make` and `Renderer.make_part` raise.
        """
        target = sources.temporary()
        stored = self._copied(record, part, target)
        if stored is None:
            make()
            stored = self._copied(record, part, target)
        if stored is None:
            raise NotFound(f"there is no picture {record.id}")
        return renderer.make_part(
            target,
            stored,
            part,
            form,
            references,
            sources.contents,
            accept_damaged=sources.has_damaged,
        )

    def _copied(self, record: Record, part: Part, target: Path) -> StoredTiles | None:
        with target.open("wb") as file:
            return self._pyramids.copy_tiles(record, part.tiles, file)
