"""The grid of tiles of a large picture: which there are, and what each shows.

A level is the whole picture with both sides divided by a scale factor, a power of two, and
rounded up. Each level is cut into squares of `TILE_PX` pixels from its top left corner; those
at the right and bottom edges are smaller.

Source: IIIF Image API 3.0, implementation notes on tiles; Deep Zoom uses the same sizes.
"""

from __future__ import annotations

from typing import NamedTuple

from progimage.imaging.operation import Size

TILE_PX = 512
"""The side of a tile that is not at an edge."""


class Region(NamedTuple):
    """A part of a picture in its own pixels: its top left corner and its size."""

    x: int
    y: int
    width: int
    height: int


class Tile(NamedTuple):
    """A tile of a level: the scale factor, and its column and row, both counted from 0."""

    factor: int
    x: int
    y: int


def scale_factors(size: Size) -> tuple[int, ...]:
    """Return the scale factors of a picture's levels, from 1 to the level that is one tile."""
    factors = [1]
    while max(level_size(size, factors[-1])) > TILE_PX:
        factors.append(factors[-1] * 2)
    return tuple(factors)


def level_size(size: Size, factor: int) -> Size:
    """Return the size of a picture's level in pixels."""
    return _divided_up(size[0], factor), _divided_up(size[1], factor)


def tile_counts(size: Size, factor: int) -> tuple[int, int]:
    """Return how many columns and rows of tiles a picture's level has."""
    width, height = level_size(size, factor)
    return _divided_up(width, TILE_PX), _divided_up(height, TILE_PX)


def tile_region(size: Size, tile: Tile) -> Region:
    """Return the part of a picture that a tile shows.

    Raises:
        ValueError: the picture has no such tile.
    """
    columns, rows = tile_counts(size, tile.factor)
    if not (0 <= tile.x < columns and 0 <= tile.y < rows):
        raise ValueError(f"a picture of {size[0]}x{size[1]} pixels has no {tile}")
    side = TILE_PX * tile.factor
    left, top = tile.x * side, tile.y * side
    return Region(left, top, min(side, size[0] - left), min(side, size[1] - top))


def tile_size(size: Size, tile: Tile) -> Size:
    """Return the size of a tile in pixels.

    Raises:
        ValueError: the picture has no such tile.
    """
    region = tile_region(size, tile)
    return level_size((region.width, region.height), tile.factor)


def find_tile(size: Size, region: Region, wanted: Size) -> Tile | None:
    """Return the tile that shows `region` in `wanted` pixels; None if it is no tile.

    The factor need not be one of `scale_factors`: a level may be smaller than one tile.
    """
    longer = 0 if region.width >= region.height else 1
    shown = (region.width, region.height)[longer]
    factor = 1
    while _divided_up(shown, factor) > max(wanted[longer], 1):
        factor *= 2
    side = TILE_PX * factor
    tile = Tile(factor, region.x // side, region.y // side)
    columns, rows = tile_counts(size, factor)
    if not (0 <= tile.x < columns and 0 <= tile.y < rows):
        return None
    if tile_region(size, tile) != region or tile_size(size, tile) != wanted:
        return None
    return tile


def _divided_up(number: int, divisor: int) -> int:
    return -(-number // divisor)
