"""The quantisation tables of each quality, and which quality a table is of."""

from __future__ import annotations

from io import BytesIO
from itertools import pairwise

import pytest
from PIL import Image

from progimage.imaging.codecs.encode import EncodeOptions, encode
from progimage.imaging.codecs.formats import JPEG
from progimage.imaging.codecs.jpeg import quality_of
from progimage.imaging.codecs.jpeg_tables import tables
from progimage.imaging.codecs.picture import Picture
from tests.imaging.drawing import quadrants, saved

QUALITIES = range(1, 101)


def test_a_higher_quality_is_nowhere_coarser():
    for lower, higher in pairwise(QUALITIES):
        for coarse, fine in zip(tables(lower), tables(higher), strict=True):
            assert all(c >= f for c, f in zip(coarse, fine, strict=True))


def test_small_pictures_are_written_more_finely():
    assert sum(tables(80, is_small=True)[0]) < sum(tables(80)[0])
    assert tables(80, is_small=True)[1] == tables(80)[1]


@pytest.mark.parametrize("quality", [1, 30, 60, 80, 90, 100])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_jpeg_holds_the_tables_of_its_quality(mode, quality):
    file = BytesIO()
    picture = Picture((quadrants((64, 48)).convert(mode),))
    encode(picture, file, JPEG, EncodeOptions(quality=quality))
    written = [tuple(table) for table in Image.open(file).quantization.values()]
    assert written == list(tables(quality, is_small=True)[: 1 if mode == "L" else 2])


@pytest.mark.parametrize("quality", [30, 60, 80, 90, 98])
def test_the_quality_of_a_table_is_known_whether_it_is_ours_or_that_of_the_standard(quality):
    assert quality_of(tables(quality)[0]) == quality
    assert quality_of(tables(quality, is_small=True)[0]) == quality
    standard = Image.open(BytesIO(saved(quadrants(), "JPEG", quality=quality)))
    assert quality_of(standard.quantization[0]) == quality


def test_the_best_quality_rounds_to_whole_numbers_alone():
    assert set(tables(100)[0]) | set(tables(100)[1]) == {1}
