"""The file of a pyramid: its directory, and what is damaged."""

from __future__ import annotations

import io

import pytest

from progimage.imaging.codecs.formats import JPEG
from progimage.imaging.pyramids.container import ContainerWriter, Directory, directory_bytes
from progimage.imaging.tiles import Tile, scale_factors, tile_counts

SIZE = (1100, 600)


def name_of(tile: Tile) -> bytes:
    return f"{tile.factor}:{tile.x},{tile.y}".encode()


@pytest.fixture
def file() -> bytes:
    """Return a pyramid whose tiles are their names, written from the last level to the first."""
    out = io.BytesIO()
    writer = ContainerWriter(out, SIZE, JPEG)
    for factor in reversed(scale_factors(SIZE)):
        columns, rows = tile_counts(SIZE, factor)
        for y in range(rows):
            writer.add_row(factor, y, [name_of(Tile(factor, x, y)) for x in range(columns)])
    writer.finish()
    return out.getvalue()


def directory_of(file: bytes) -> Directory:
    return Directory(file[: directory_bytes(SIZE)], SIZE)


@pytest.mark.parametrize("tile", [Tile(1, 0, 0), Tile(1, 2, 1), Tile(2, 1, 0), Tile(4, 0, 0)])
def test_each_tile_is_found_by_the_directory(file, tile):
    entry = directory_of(file).entry(tile)
    assert file[entry.offset : entry.offset + entry.length] == name_of(tile)


def test_the_tiles_of_a_row_follow_each_other(file):
    span = directory_of(file).row(Tile(1, 1, 1), 2)
    assert file[span.offset : span.offset + span.length] == b"1:1,11:2,1"


def test_a_level_that_the_pyramid_does_not_have_is_an_error(file):
    with pytest.raises(KeyError):
        directory_of(file).entry(Tile(8, 0, 0))


@pytest.mark.parametrize("position", [0, 8, 24, 40])
def test_a_damaged_directory_is_an_error(file, position):
    damaged = bytearray(file)
    damaged[position] ^= 1
    with pytest.raises(ValueError, match=r"header|directory"):
        directory_of(bytes(damaged))


def test_the_pyramid_of_another_picture_is_an_error(file):
    with pytest.raises(ValueError, match="pyramid of this picture"):
        Directory(file[: directory_bytes((1099, 600))], (1099, 600))
    with pytest.raises(ValueError, match="directory of"):
        Directory(file[:100], SIZE)


def test_a_pyramid_that_was_not_finished_is_an_error():
    out = io.BytesIO()
    ContainerWriter(out, SIZE, JPEG).add_row(1, 0, [b"a", b"b", b"c"])
    with pytest.raises(ValueError, match="header"):
        Directory(out.getvalue().ljust(directory_bytes(SIZE))[: directory_bytes(SIZE)], SIZE)
