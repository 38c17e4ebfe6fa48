"""What `Renditions` needs of other processes that make renditions."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from progimage.imaging.codecs.format import Format
from progimage.imaging.pipeline import Pipeline
from progimage.imaging.render import Rendered
from progimage.model import Record


class RemoteResult(NamedTuple):
    """A rendition that another process put into the cache; `timings` as in `Rendition`."""

    timings: Rendered | None


class RemoteRenderer(Protocol):
    """Other processes that make renditions."""

    def render(self, record: Record, pipeline: Pipeline, form: Format) -> RemoteResult | None:
        """Have another process render and cache a rendition; None if it must be rendered here.

        Raises: what the render raised, and
            Overloaded: no process made it in time.
        """
        ...
