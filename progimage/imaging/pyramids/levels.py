"""Cuts a picture that comes in strips into the tiles of all its levels.

Each level is half the one before it: a pixel is the mean of four. No level is ever in memory
as a whole, but for one row of its tiles.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Executor
from io import BytesIO

from PIL import Image

from progimage.imaging.codecs.encode import encode
from progimage.imaging.codecs.format import Format
from progimage.imaging.codecs.formats import JPEG, WEBP
from progimage.imaging.codecs.picture import Picture
from progimage.imaging.codecs.pillow_plugins import save
from progimage.imaging.operation import Size
from progimage.imaging.pyramids.container import ContainerWriter
from progimage.imaging.tiles import TILE_PX, level_size, scale_factors


def tile_format(mode: str) -> Format:
    """Return the format of the tiles of a picture in this mode: with alpha, WebP."""
    return WEBP if mode.endswith("A") else JPEG


def write_levels(
    strips: Iterable[Image.Image], size: Size, writer: ContainerWriter, executor: Executor
) -> Image.Image:
    """Write the tiles of all levels; return the pixels of the last level, which is one tile.

    Args:
        strips: the picture from top to bottom in L, LA, RGB or RGBA, `TILE_PX` rows at a time.
        executor: encodes tiles with transparency, several at a time. Pillow's encoder of JPEG
            holds the interpreter's lock, so threads would only wait for each other.
    """
    encode_all = executor.map if writer.form is WEBP else map
    levels = [_Level(factor, level_size(size, factor)) for factor in scale_factors(size)]
    last = None
    for strip in strips:
        rows = strip
        for level in levels:
            row = level.add(rows)
            if row is None:
                break
            number, whole = row
            writer.add_row(level.factor, number, list(encode_all(_encoded, _cut(whole))))
            if level is levels[-1]:
                last = whole
            rows = whole.reduce(2)
    if last is None:
        raise ValueError("the strips ended before the picture did")
    writer.finish()
    return last


class _Level:
    """Collects the rows of pixels of one level until they make a row of tiles."""

    def __init__(self, factor: int, size: Size) -> None:
        self.factor = factor
        self._size = size
        self._strip: Image.Image | None = None
        self._filled = 0
        self._row = 0

    def add(self, strip: Image.Image) -> tuple[int, Image.Image] | None:
        """Add rows of pixels; return the number and the pixels of a row of tiles that is whole."""
        wanted = min(TILE_PX, self._size[1] - self._row * TILE_PX)
        if strip.height == wanted and not self._filled:
            whole = strip
        else:
            if self._strip is None:
                self._strip = Image.new(strip.mode, (self._size[0], wanted), None)
            self._strip.paste(strip, (0, self._filled))
            self._filled += strip.height
            if self._filled < wanted:
                return None
            whole, self._strip, self._filled = self._strip, None, 0
        self._row += 1
        return self._row - 1, whole


def _cut(row: Image.Image) -> list[Image.Image]:
    return [
        row.crop((left, 0, min(left + TILE_PX, row.width), row.height))
        for left in range(0, row.width, TILE_PX)
    ]


def _encoded(tile: Image.Image) -> bytes:
    """Return a tile as a rendition in its format is written, but that WebP loses nothing."""
    file = BytesIO()
    if tile_format(tile.mode) is JPEG:
        encode(Picture((tile,)), file, JPEG)
    else:
        save(tile, file, WEBP, {"lossless": True, "quality": 0, "method": 0})
    return file.getvalue()
