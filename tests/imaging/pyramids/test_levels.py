"""The levels of a pyramid, made from strips."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from progimage.imaging.codecs.formats import JPEG, WEBP
from progimage.imaging.pyramids.levels import tile_format, write_levels
from progimage.imaging.tiles import TILE_PX, level_size, scale_factors
from tests.imaging.drawing import quadrants

SIZE = (TILE_PX * 2 + 10, TILE_PX + 30)


class Rows:
    """Notes the rows that are written in place of writing them."""

    def __init__(self, form) -> None:
        self.form = form
        self.rows: dict[tuple[int, int], list[bytes]] = {}
        self.is_finished = False

    def add_row(self, factor: int, number: int, tiles: list[bytes]) -> None:
        self.rows[factor, number] = tiles

    def finish(self) -> None:
        self.is_finished = True


def strips(image: Image.Image) -> list[Image.Image]:
    tops = range(0, image.height, TILE_PX)
    return [image.crop((0, top, image.width, min(top + TILE_PX, image.height))) for top in tops]


@pytest.mark.parametrize(("mode", "form"), [("RGB", JPEG), ("RGBA", WEBP), ("L", JPEG)])
def test_every_level_has_all_its_tiles(mode, form):
    image = quadrants(SIZE).convert(mode)
    writer = Rows(tile_format(mode))
    assert writer.form is form
    with ThreadPoolExecutor(2) as threads:
        last = write_levels(strips(image), SIZE, writer, threads)
    assert writer.is_finished
    assert last.size == level_size(SIZE, scale_factors(SIZE)[-1])
    for factor in scale_factors(SIZE):
        width, height = level_size(SIZE, factor)
        rows = [tiles for (scale, _), tiles in sorted(writer.rows.items()) if scale == factor]
        sizes = [[Image.open(io.BytesIO(tile)).size for tile in tiles] for tiles in rows]
        assert [sum(size[0] for size in row) for row in sizes] == [width] * len(rows)
        assert sum(row[0][1] for row in sizes) == height


def test_strips_that_end_early_are_an_error():
    with ThreadPoolExecutor(1) as threads, pytest.raises(ValueError, match="ended before"):
        write_levels(strips(quadrants(SIZE))[:1], SIZE, Rows(JPEG), threads)
