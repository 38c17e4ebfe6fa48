"""Areas of a picture, as requests name them."""

from __future__ import annotations

import pytest

from progimage.imaging.areas import FACES, MAX_AREAS, Area, middle_of, read, whole_faces, write


@pytest.mark.parametrize("text", ["faces", "0.1x0.2x0.3x0.4", "0x0x1x1_0.5x0.25x0.125x1"])
def test_areas_are_written_as_they_were_read(text):
    assert write(read(text)) == text


def test_numbers_get_their_shortest_form():
    assert write(read(".10x0.2000x1x1.0")) == "0.1x0.2x1x1"


@pytest.mark.parametrize(
    "text",
    ["", "0x0x1", "0x0x0x1", "0x0x1.5x1", "-1x0x1x1", "0x0x1x1_", "1e0x0x1x1", "0x0x1x1_faces"],
)
def test_other_texts_are_errors(text):
    with pytest.raises(ValueError):  # noqa: PT011 - it has no message
        read(text)


def test_there_are_at_most_fifty():
    assert len(read("_".join(["0x0x1x1"] * MAX_AREAS))) == MAX_AREAS
    with pytest.raises(ValueError):  # noqa: PT011 - it has no message
        read("_".join(["0x0x1x1"] * (MAX_AREAS + 1)))
    assert read(FACES) == FACES


def test_large_faces_weigh_more():
    small, large = Area(0, 0, 0.1, 0.1), Area(0.5, 0.5, 0.4, 0.4)
    x, y = middle_of([small, large])
    assert x == y
    assert 0.6 < x < 0.7


def test_faces_are_covered_with_their_hair_and_stay_inside():
    [inner, corner] = whole_faces([Area(0.4, 0.4, 0.2, 0.2), Area(0.9, 0, 0.1, 0.1)])
    assert inner == (0.35, 0.35, 0.3, 0.3)
    assert corner == (0.875, 0.0, 0.125, 0.125)
