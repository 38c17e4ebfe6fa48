"""Paths of renditions of an origin: /origins/<name>/<pipeline>/-/<key>."""

from __future__ import annotations

import pytest

from progimage.api.requests.origin_path import key_of, parts_of
from progimage.errors import InvalidRequest, NotFound


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("/origins/shop/resize:w=9.webp/-/2024/a%20b.jpg", ("resize:w=9.webp", "2024/a b.jpg")),
        ("/prefix/origins/shop/blur/-/a.jpg", ("blur", "a.jpg")),
        ("/origins/shop/-/a.jpg", ("", "a.jpg")),
        ("/origins/shop/blur/-/a/-/b.jpg", ("blur", "a/-/b.jpg")),
    ],
)
def test_the_first_mark_separates_the_pipeline_from_the_key(raw, expected):
    assert parts_of(raw, "shop") == expected
    assert key_of(raw, "shop") == expected[1]


@pytest.mark.parametrize("raw", ["/origins/other/-/a.jpg", "/origins/x/-/b/origins/shop/-/a.jpg"])
def test_another_origin_is_not_found(raw):
    with pytest.raises(NotFound, match="shop"):
        parts_of(raw, "shop")


def test_a_path_without_a_key_says_what_is_missing():
    with pytest.raises(InvalidRequest, match="<pipeline>/-/<key>"):
        parts_of("/origins/shop/blur.png", "shop")
