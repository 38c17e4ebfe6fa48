"""The grid of tiles: sizes, regions, and which request is a tile."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progimage.imaging.tiles import (
    TILE_PX,
    Region,
    Tile,
    find_tile,
    level_size,
    scale_factors,
    tile_counts,
    tile_region,
    tile_size,
)

SIZES = st.tuples(st.integers(1, 70_000), st.integers(1, 70_000))
FACTORS = st.integers(0, 17).map(lambda power: 1 << power)


def test_the_levels_end_with_the_first_that_is_one_tile():
    assert scale_factors((512, 512)) == (1,)
    assert scale_factors((513, 100)) == (1, 2)
    assert scale_factors((3073, 2411)) == (1, 2, 4, 8)
    assert scale_factors((31_600, 31_600)) == (1, 2, 4, 8, 16, 32, 64)


def test_a_level_has_both_sides_divided_and_rounded_up():
    assert level_size((3073, 2411), 1) == (3073, 2411)
    assert level_size((3073, 2411), 2) == (1537, 1206)
    assert level_size((3073, 2411), 4096) == (1, 1)


@pytest.mark.parametrize(
    ("tile", "region", "size"),
    [
        (Tile(1, 0, 0), (0, 0, 512, 512), (512, 512)),
        (Tile(1, 6, 4), (3072, 2048, 1, 363), (1, 363)),
        (Tile(2, 3, 2), (3072, 2048, 1, 363), (1, 182)),
        (Tile(4, 1, 1), (2048, 2048, 1025, 363), (257, 91)),
        (Tile(8, 0, 0), (0, 0, 3073, 2411), (385, 302)),
        (Tile(16, 0, 0), (0, 0, 3073, 2411), (193, 151)),
    ],
)
def test_a_tile_shows_its_part_of_the_picture(tile, region, size):
    assert tile_region((3073, 2411), tile) == region
    assert tile_size((3073, 2411), tile) == size


@pytest.mark.parametrize("tile", [Tile(1, 7, 0), Tile(1, 0, 5), Tile(8, 1, 0), Tile(1, -1, 0)])
def test_a_tile_outside_of_the_grid_is_an_error(tile):
    with pytest.raises(ValueError, match="no Tile"):
        tile_region((3073, 2411), tile)


@given(SIZES, FACTORS)
def test_the_tiles_of_a_level_cover_it_without_overlap(size, factor):
    columns, rows = tile_counts(size, factor)
    widths = [tile_size(size, Tile(factor, x, 0))[0] for x in range(columns)]
    heights = [tile_size(size, Tile(factor, 0, y))[1] for y in range(rows)]
    assert (sum(widths), sum(heights)) == level_size(size, factor)
    assert all(side == TILE_PX for side in (*widths[:-1], *heights[:-1]))


@given(SIZES, FACTORS, st.data())
def test_a_tile_is_found_by_its_region_and_size(size, factor, data):
    columns, rows = tile_counts(size, factor)
    tile = Tile(factor, data.draw(st.integers(0, columns - 1)), data.draw(st.integers(0, rows - 1)))
    region, wanted = tile_region(size, tile), tile_size(size, tile)
    found = find_tile(size, region, wanted)
    # Small regions are the same in several levels, such as a last column of one pixel.
    assert found is not None
    assert (tile_region(size, found), tile_size(size, found)) == (region, wanted)


@pytest.mark.parametrize(
    ("region", "wanted"),
    [
        (Region(0, 0, 512, 512), (511, 512)),
        (Region(0, 0, 512, 512), (0, 0)),
        (Region(1, 0, 512, 512), (512, 512)),
        (Region(0, 0, 511, 512), (511, 512)),
        (Region(0, 0, 1024, 1024), (1024, 1024)),
        (Region(0, 0, 1024, 1024), (300, 300)),
        (Region(3584, 0, 512, 512), (512, 512)),
        (Region(2048, 2048, 1025, 363), (256, 91)),
    ],
)
def test_other_regions_and_sizes_are_no_tiles(region, wanted):
    assert find_tile((3073, 2411), region, wanted) is None
