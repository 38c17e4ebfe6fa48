"""Working copies: which there are, and which of them a pipeline uses."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progimage.imaging.pipeline_parser import parse
from progimage.imaging.working_copies import copy_size_for, copy_sizes


@pytest.mark.parametrize(
    ("size", "is_jpeg", "sizes"),
    [
        ((4000, 3000), False, ((2048, 1536), (1434, 1075), (922, 691))),
        ((4000, 3000), True, ((2000, 1500), (1229, 922), (737, 553))),
        ((3264, 2448), True, ((1632, 1224), (1229, 922), (737, 553))),
        ((6000, 4000), True, ((2250, 1500), (1229, 819), (737, 492))),
        ((3000, 2000), True, ((1500, 1000), (1229, 819), (737, 492))),
        ((2000, 3000), False, ((1333, 2000), (956, 1434), (614, 922))),
        ((1500, 1500), True, ()),
        ((1920, 1440), True, ((960, 720), (737, 553))),
        ((30000, 100), False, ((2048, 7), (1434, 5), (922, 3))),
    ],
)
def test_the_sizes_of_copies(size, is_jpeg, sizes):
    assert copy_sizes(size, 2048, is_jpeg=is_jpeg) == sizes


def test_no_copies_are_made_where_the_setting_is_0():
    assert copy_sizes((9000, 5000), 0, is_jpeg=True) == ()


@given(st.tuples(st.integers(1, 30_000), st.integers(1, 30_000)), st.booleans())
def test_the_largest_copy_is_smaller_by_at_least_a_third_and_others_by_a_seventh(size, is_jpeg):
    sizes = copy_sizes(size, 2048, is_jpeg=is_jpeg)
    for larger, smaller in pairwise(sizes):
        assert max(smaller) * 1.17 < max(larger)
        assert min(smaller) >= 1
    if sizes:
        assert max(sizes[0]) * 1.32 < max(size)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("thumbnail", (737, 553)),
        ("resize:w=612", (737, 553)),
        ("resize:w=615", (1229, 922)),
        ("resize:w=1025", (2000, 1500)),
        ("resize:w=1400", (2000, 1500)),
        ("resize:w=1500", None),
        ("resize:w=400/rotate:90/blur:2", (737, 553)),
        ("resize:300x600,cover", (1229, 922)),
        ("resize:w=400/quality:95.webp", (737, 553)),
        ("crop:100x100", None),
        ("rotate:90/resize:w=100", None),
        ("", None),
        ("resize:w=400/strip:keep=icc", None),
        ("resize:w=400/lossless.webp", None),
    ],
)
def test_a_pipeline_uses_the_smallest_copy_with_pixels_to_spare(text, size):
    assert copy_size_for(parse(text), (4000, 3000), 2048, is_jpeg=True) == size
