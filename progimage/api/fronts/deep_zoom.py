"""Deep Zoom images: the descriptor, and which tile a path names.

    <identifier>.dzi
    <identifier>_files/<level>/<column>_<row>.<format>

Level 0 is one pixel; the last one is the whole picture. The tiles of a level are those of IIIF.
Source: Microsoft, "DZI file format overview" (Deep Zoom in Silverlight).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from progimage.api.fronts.iiif.compile import tile_pipeline
from progimage.api.fronts.iiif.grammar import FORMATS
from progimage.errors import InvalidRequest, NotFound
from progimage.imaging.did_you_mean import shown
from progimage.imaging.operation import Size
from progimage.imaging.pipeline import Pipeline
from progimage.imaging.tiles import TILE_PX, Tile, tile_region, tile_size

MEDIA_TYPE = "application/xml"

_MARK = "/deepzoom/"
_DESCRIPTOR, _FILES = ".dzi", "_files"
_TILE = re.compile(r"([0-9]{1,9})_([0-9]{1,9})\.([a-z0-9]{1,10})")
_LEVEL = re.compile(r"[0-9]{1,2}")


class TileName(NamedTuple):
    """A tile as a path names it."""

    level: int
    column: int
    row: int
    extension: str


def split_path(raw: str) -> tuple[str, TileName | None]:
    """Return the identifier in a raw path, percent-encoded, and the tile; None for a descriptor.

    Raises:
        NotFound: there is nothing at this path.
        InvalidRequest: the format of the tile is unknown.
    """
    rest = raw.partition(_MARK)[2]
    segments = rest.split("/")
    if len(segments) == 1 and rest.endswith(_DESCRIPTOR):
        return rest.removesuffix(_DESCRIPTOR), None
    if len(segments) == 3 and segments[0].endswith(_FILES):
        level, tile = _LEVEL.fullmatch(segments[1]), _TILE.fullmatch(segments[2])
        if level and tile:
            if tile[3] not in FORMATS:
                raise InvalidRequest(f"format: expected {', '.join(FORMATS)}, got {shown(tile[3])}")
            name = TileName(int(level[0]), int(tile[1]), int(tile[2]), tile[3])
            return segments[0].removesuffix(_FILES), name
    raise NotFound(
        "there is nothing at this path; expected <identifier>.dzi or "
        "<identifier>_files/<level>/<column>_<row>.<format>"
    )


def descriptor(size: Size, *, has_alpha: bool) -> bytes:
    """Return the XML that describes a picture."""
    extension = "png" if has_alpha else "jpg"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<Image xmlns="http://schemas.microsoft.com/deepzoom/2008" '
        f'Format="{extension}" Overlap="0" TileSize="{TILE_PX}">'
        f'<Size Width="{size[0]}" Height="{size[1]}"/></Image>\n'
    ).encode()


def pipeline_of(name: TileName, size: Size) -> Pipeline:
    """Return the pipeline that makes a tile of a picture.

    Raises:
        NotFound: the picture has no such tile.
    """
    # The last level is the first that has a pixel for each of the picture.
    last = (max(size) - 1).bit_length()
    if name.level > last:
        raise NotFound(f"the last level of this picture is {last}")
    tile = Tile(1 << (last - name.level), name.column, name.row)
    try:
        region = tile_region(size, tile)
    except ValueError:
        raise NotFound(
            f"level {name.level} of this picture has no tile {name.column}_{name.row}"
        ) from None
    return tile_pipeline(region, tile_size(size, tile), size, name.extension)
