"""Identifiers of IIIF: of pictures of the library and of origins, perhaps with a signature."""

from __future__ import annotations

import pytest

from progimage.api.fronts.iiif.identifier import Identifier, read_identifier
from progimage.errors import NotFound

IMAGE = "ab" * 32


@pytest.mark.parametrize(
    "identifier",
    [
        Identifier(image_id=IMAGE),
        Identifier(origin="shop", key="2024/a b.jpg"),
        Identifier(origin="shop", key="a:b~c.jpg"),
    ],
)
def test_a_segment_is_read_as_it_was_written(identifier):
    assert "/" not in identifier.segment
    assert read_identifier(identifier.segment) == identifier


def test_a_signature_may_stand_elsewhere():
    assert read_identifier(IMAGE, "signature").signature == "signature"


@pytest.mark.parametrize(
    "raw",
    [
        "",
        IMAGE.upper(),
        "origin:shop:",
        "origin:Shop:a.jpg",
        "origin:shop:..%2Fa.jpg",
        "%ff",
        "origin:shop:" + "a" * 4_000,
    ],
)
def test_other_texts_are_not_found(raw):
    with pytest.raises(NotFound, match="expected a picture's id"):
        read_identifier(raw)
