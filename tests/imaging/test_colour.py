"""Colours as they are written in URLs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progimage.imaging.colour import TRANSPARENT, Colour

CHANNEL = st.integers(0, 255)


@pytest.mark.parametrize(
    ("text", "colour"),
    [
        ("red", (255, 0, 0, 255)),
        ("ReD", (255, 0, 0, 255)),
        ("#f00", (255, 0, 0, 255)),
        ("f008", (255, 0, 0, 136)),
        ("010203", (1, 2, 3, 255)),
        ("01020304", (1, 2, 3, 4)),
        ("transparent", TRANSPARENT),
        ("ff000000", TRANSPARENT),
    ],
)
def test_names_and_hex_digits_are_read(text: str, colour: tuple[int, ...]) -> None:
    assert Colour.parse(text) == colour


@pytest.mark.parametrize("text", ["", "#", "12345", "rgb(1,2,3)", "hsl(0,0%,0%)", "١٢٣"])
def test_other_texts_are_errors(text: str) -> None:
    with pytest.raises(ValueError, match=r"^$"):
        Colour.parse(text)


def test_the_error_suggests_the_nearest_name() -> None:
    with pytest.raises(ValueError, match="'orange'"):
        Colour.parse("oragne")


@given(st.builds(Colour, CHANNEL, CHANNEL, CHANNEL, st.integers(1, 255)))
def test_what_is_written_is_read_as_the_same_colour(colour: Colour) -> None:
    assert Colour.parse(str(colour)) == colour


def test_greys_and_opaque_colours_are_known() -> None:
    assert Colour(7, 7, 7).is_grey
    assert not Colour(7, 7, 8).is_grey
    assert Colour(1, 2, 3).is_opaque
    assert not Colour(1, 2, 3, 254).is_opaque
