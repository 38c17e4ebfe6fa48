"""A JPEG loads at the smallest fraction of its size that is large enough."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from progimage.imaging.codecs.jpeg import draft, fractions
from tests.imaging.drawing import corners, is_near, quadrants, saved


def opened(size):
    return Image.open(io.BytesIO(saved(quadrants(size), "JPEG", quality=95)))


@pytest.mark.parametrize(
    ("target", "loaded", "box"),
    [
        ((20, 16), (21, 17), (0, 0, 20.25, 16.25)),
        ((21, 1), (41, 33), (0, 0, 40.5, 32.5)),
        ((41, 1), (61, 49), (0, 0, 60.75, 48.75)),
        ((61, 1), (81, 65), (0, 0, 81.0, 65.0)),
        ((0, 0), (21, 17), (0, 0, 20.25, 16.25)),
    ],
)
def test_it_loads_at_a_fraction_and_says_which_part_of_that_it_covers(target, loaded, box):
    with opened((162, 130)) as image:
        assert draft(image, target) == box
        image.load()
        assert image.size == loaded
        after, before = corners(image), corners(quadrants(loaded))
        assert all(is_near(after[name], before[name], 12) for name in before)


def test_it_loads_in_full_where_no_fraction_is_large_enough():
    with opened((160, 128)) as image:
        assert draft(image, (81, 1)) is None
        image.load()
        assert image.size == (160, 128)


def test_the_fractions_are_eighths():
    assert fractions((800, 400)) == [(100, 50), (200, 100), (300, 150), (400, 200)]
