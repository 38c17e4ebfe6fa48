"""Sizes and formats in the query of an original, as other services have them."""

from __future__ import annotations

import pytest

from progimage.api.requests.misplaced import check_no_transform
from progimage.errors import InvalidRequest

IMAGE = "ab" * 32


@pytest.mark.parametrize(
    ("arguments", "address"),
    [
        ([("width", "300"), ("h", "200")], f"/images/{IMAGE}/resize:w=300,h=200"),
        ([("w", "300"), ("fm", "webp")], f"/images/{IMAGE}/resize:w=300.webp"),
        ([("format", "png")], f"/images/{IMAGE}.png"),
        ([("w", "wide")], f"/images/{IMAGE}/resize:w=400"),
        ([("widths", "1,2")], f"/images/{IMAGE}/srcset?widths=320,640,1280"),
    ],
)
def test_the_error_names_the_address_of_the_rendition(arguments, address):
    with pytest.raises(InvalidRequest) as error:
        check_no_transform(IMAGE, arguments)
    assert error.value.args[0].endswith(address)


def test_an_id_that_is_none_is_not_repeated():
    with pytest.raises(InvalidRequest, match="/images/<id>/"):
        check_no_transform("<script>", [("w", "300")])


def test_other_arguments_are_left_to_others():
    check_no_transform(IMAGE, [("download", "1"), ("colour", "blue")])
