"""Makes pyramids in a render process of their own, with limits of their own."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from progimage.imaging.codecs.formats import VECTOR_TYPES
from progimage.imaging.inspection import Facts
from progimage.imaging.limits import Limits, is_beyond
from progimage.imaging.pool import RenderPool
from progimage.imaging.pyramids.building import build_pyramid, inspect_and_build
from progimage.model import Record


@dataclass(frozen=True, slots=True)
class PyramidMaker:
    """Decides which pictures have pyramids, and makes them.

    Attributes:
        pool: the processes that make them.
        admit: returns what occupies a place of the limit on pyramids that are made, or wait.
        ordinary: the limits of pictures that are decoded whole for each rendition.
        limits: those of pictures that are decoded once, for their pyramid.
        from_pixels: the size from which tiles come from a pyramid.
    """

    pool: RenderPool
    admit: Callable[[], AbstractContextManager[None]]
    ordinary: Limits
    limits: Limits
    from_pixels: int

    def may_have(self, record: Record) -> bool:
        """Return whether tiles of a picture come from a pyramid."""
        return (
            record.frames == 1
            and record.media_type not in VECTOR_TYPES
            and not record.damaged
            and record.width * record.height >= self.from_pixels
        )

    def needs(self, record: Record) -> bool:
        """Return whether everything is rendered from the pyramid: it is beyond ordinary limits."""
        return self.may_have(record) and is_beyond(record.width, record.height, self.ordinary)

    def make(self, source: Path, target: Path) -> None:
        """Write the pyramid of the picture at `source` to `target`.

        Raises: what `build_pyramid` and `RenderPool.run` do, and
            Overloaded: too many wait already.
        """
        with self.admit():
            self.pool.run(
                build_pyramid,
                os.fspath(source),
                os.fspath(target),
                self.limits,
                self.ordinary.max_source_pixels,
            )

    def inspect_and_make(self, source: Path, target: Path) -> Facts | None:
        """Return the facts of a picture, after a proof that all of it can be decoded.

        None, and no pyramid is written, if it is no picture beyond the ordinary limits.

        Raises: as `make`, and what `sniff` does.
        """
        with self.admit():
            return self.pool.run(
                inspect_and_build,
                os.fspath(source),
                os.fspath(target),
                self.limits,
                self.ordinary,
                self.from_pixels,
            )
