"""The widths of a responsive image."""

from __future__ import annotations

import pytest

from progimage.api.requests.search import QueryParameters
from progimage.api.requests.widths import DEFAULT_WIDTHS, MAX_SIZES, sizes_of, widths_of
from progimage.api.resources.srcset.documents import PARAMETERS
from progimage.errors import InvalidRequest


def parameters(**values: str) -> QueryParameters:
    return QueryParameters(list(values.items()), PARAMETERS)


def descriptors(own: int = 4_000, **values: str) -> list[tuple[int, str]]:
    return [tuple(wanted) for wanted in widths_of(parameters(**values), own, 5_000)]


def test_usual_widths_come_without_a_parameter():
    assert descriptors() == [(width, f"{width}w") for width in DEFAULT_WIDTHS]


def test_widths_are_sorted_and_none_is_larger_than_the_picture():
    assert descriptors(500, widths="900, 100,700,100") == [(100, "100w"), (500, "500w")]


@pytest.mark.parametrize(
    ("own", "values", "expected"),
    [
        (4_000, {"width": "400"}, [(400, "1x"), (800, "2x")]),
        (4_000, {"width": "400", "dpr": "3,1.5"}, [(600, "1.5x"), (1_200, "3x")]),
        (500, {"width": "400", "dpr": "1,2,3"}, [(400, "1x"), (500, "1.25x")]),
        (300, {"width": "400"}, [(300, "1x")]),
    ],
)
def test_densities_multiply_a_width_up_to_the_pictures_own(own, values, expected):
    assert descriptors(own, **values) == expected


@pytest.mark.parametrize(
    "values",
    [
        {"dpr": "2"},
        {"widths": "1", "width": "1"},
        {"widths": "0"},
        {"widths": "5001"},
        {"widths": ""},
        {"widths": ",".join(["1"] * 21)},
        {"width": "1e3"},
        {"width": "10", "dpr": "6"},
    ],
)
def test_what_makes_no_list_is_an_error(values):
    with pytest.raises(InvalidRequest):
        descriptors(**values)


def test_sizes_are_one_line_of_limited_length():
    assert sizes_of(parameters()) is None
    assert sizes_of(parameters(sizes="50vw")) == "50vw"
    for text in ("a\nb", "a" * (MAX_SIZES + 1)):
        with pytest.raises(InvalidRequest, match=r"^sizes: "):
            sizes_of(parameters(sizes=text))
