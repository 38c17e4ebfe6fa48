"""Paths of the IIIF Image API."""

from __future__ import annotations

import pytest

from progimage.api.fronts.iiif.path import INFO, split_path
from progimage.errors import InvalidRequest, NotFound

IMAGE = "ab" * 32


@pytest.mark.parametrize(
    ("rest", "parts"),
    [
        ("", ()),
        ("/", ()),
        ("/info.json", (INFO,)),
        ("/full/max/0/default.jpg", ("full", "max", "0", "default.jpg")),
        ("/pct:1%2C2,3,4/max/0/default.jpg", ("pct:1%2C2,3,4", "max", "0", "default.jpg")),
    ],
)
@pytest.mark.parametrize("prefix", ["", "/pictures"])
def test_a_path_has_an_identifier_and_none_one_or_four_parts(prefix, rest, parts):
    path = split_path(3, f"{prefix}/iiif/3/{IMAGE}{rest}")
    assert (path.identifier.image_id, path.rest) == (IMAGE, parts)


@pytest.mark.parametrize("rest", ["/full", "/full/max", "/full/max/0", "/a/b/c/d/e"])
def test_another_number_of_parts_is_an_error(rest):
    with pytest.raises(InvalidRequest, match="expected <identifier>/<region>"):
        split_path(3, f"/iiif/3/{IMAGE}{rest}")


@pytest.mark.parametrize("raw", [f"/iiif/2/{IMAGE}", f"/iiif/2/iiif/3/{IMAGE}", "/iiif/3/none"])
def test_other_paths_are_not_found(raw):
    with pytest.raises(NotFound):
        split_path(3, raw)
