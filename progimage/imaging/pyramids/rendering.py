"""Renders a part of a pyramid: its tiles in, a file out. This runs in a render process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from time import perf_counter
from typing import BinaryIO, NamedTuple

from PIL import Image

from progimage.errors import CorruptPicture
from progimage.imaging.codecs.format import Format
from progimage.imaging.codecs.header import translated_errors
from progimage.imaging.codecs.picture import Picture
from progimage.imaging.limits import Limits
from progimage.imaging.pyramids.parts import Part
from progimage.imaging.render import Rendered, decode_references, finish
from progimage.imaging.tiles import TILE_PX


class StoredTile(NamedTuple):
    """Where a tile's bytes are in the file of tiles."""

    offset: int
    length: int


def render_part(
    source: str,
    stored: Sequence[Sequence[StoredTile]],
    tiles_form: Format,
    part: Part,
    target: str | BinaryIO,
    form: Format,
    limits: Limits,
    references: Mapping[str, str],
    contents: Mapping[str, str],
) -> Rendered:
    """Write what the pipeline of `part` makes of its tiles to `target`, as `form`.

    Args:
        source: a file with the tiles.
        stored: where each tile of `part.tiles` is in it.
        tiles_form: the format of the tiles.
        references, contents: as in `render`.

    Raises:
        CorruptPicture: a tile is damaged.
        OutputTooLarge, InvalidArgument: as `render` does.
    """
    started = perf_counter()
    frame = _assembled(Path(source), stored, tiles_form)
    box = part.box
    if part.factor == 1:
        frame = frame.crop((int(box[0]), int(box[1]), int(box[2]), int(box[3])))
        picture = Picture((frame,))
    else:
        picture = Picture((frame,), part=box)
    return finish(
        picture,
        part.pipeline,
        target,
        form,
        limits,
        started,
        size=(part.region.width, part.region.height),
        pictures=decode_references(references, contents, limits),
    )


def _assembled(source: Path, stored: Sequence[Sequence[StoredTile]], form: Format) -> Image.Image:
    """Return all tiles put together."""
    whole: Image.Image | None = None
    with source.open("rb") as file, translated_errors():
        right, bottom = (_tile(file, at, form).size for at in (stored[0][-1], stored[-1][0]))
        size = (
            (len(stored[0]) - 1) * TILE_PX + right[0],
            (len(stored) - 1) * TILE_PX + bottom[1],
        )
        for y, row in enumerate(stored):
            for x, at in enumerate(row):
                tile = _tile(file, at, form)
                whole = whole or Image.new(tile.mode, size)
                whole.paste(tile, (x * TILE_PX, y * TILE_PX))
    if whole is None:
        raise CorruptPicture("the pyramid has no tile there")
    return whole


def _tile(file: BinaryIO, at: StoredTile, form: Format) -> Image.Image:
    file.seek(at.offset)
    image = Image.open(BytesIO(file.read(at.length)), formats=(form.pillow_name,))
    image.load()
    return image
