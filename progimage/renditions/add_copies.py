"""Working copies that a picture lacks: made from its original, and stored."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from progimage.imaging.operation import Size
from progimage.library.working_copies import WorkingCopies
from progimage.model import Record
from progimage.renditions.renderer import Renderer
from progimage.renditions.sources import Sources


def add_copies(
    copies: WorkingCopies,
    renderer: Renderer,
    sources: Sources,
    record: Record,
    sizes: Sequence[Size],
) -> dict[Size, Path]:
    """Make and store the copies of these sizes; return files that hold them.

    The files last as long as `sources`.

    Raises:
        NotFound: the picture was removed since its record was read.
        PictureError, RenderFailed, RenderTimeout, Overloaded: they could not be made.
    """
    files = {size: sources.temporary() for size in sizes}
    renderer.make_copies(sources.path(record), copies.px, files)
    for size, file in files.items():
        copies.store(record, size, file)
    return files
