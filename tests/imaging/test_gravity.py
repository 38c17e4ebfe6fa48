"""Which part of a picture is kept."""

from __future__ import annotations

import pytest
from PIL import Image

from progimage.imaging.gravity import COMPASS, SYNONYMS, Focus, place

FLAT = Image.new("RGB", (80, 60), "grey")


@pytest.mark.parametrize(
    ("gravity", "expected"),
    [
        ("center", (30, 20)),
        ("north", (30, 0)),
        ("southeast", (60, 40)),
        ("west", (0, 20)),
        (Focus(0.5, 0.5), (30, 20)),
        (Focus(0.0, 1.0), (0, 40)),
        ("smart", (30, 20)),
        ("face", (30, 20)),
    ],
)
def test_a_part_is_placed(gravity, expected):
    assert place(gravity, (80, 60), (20, 20), FLAT) == expected


@pytest.mark.parametrize("corner", [(0, 0), (60, 0), (0, 40), (60, 40)])
def test_smart_keeps_what_has_most_detail(corner):
    image = FLAT.copy()
    image.paste(Image.effect_noise((16, 16), 100).convert("RGB"), (corner[0] + 2, corner[1] + 2))
    left, top = place("smart", (80, 60), (20, 20), image)
    assert abs(left - corner[0]) <= 4
    assert abs(top - corner[1]) <= 4


def test_hidden_colours_of_transparent_pixels_are_no_detail():
    image = Image.effect_noise((80, 60), 100).convert("RGBA")
    image.putalpha(0)
    assert place("smart", (80, 60), (20, 20), image) == (30, 20)


def test_synonyms_stand_for_names_of_the_compass():
    assert set(SYNONYMS.values()) <= set(COMPASS)
    assert not set(SYNONYMS) & set(COMPASS)


def test_a_point_is_written_with_the_fewest_digits():
    assert str(Focus.parse("0.50x.2500")) == "0.5x0.25"


@pytest.mark.parametrize("text", ["", "0.5", "1.1x0", "0.5x0.5x0.5", "ax0", "-0x0", "0.12345x0"])
def test_other_points_are_errors(text):
    with pytest.raises(ValueError):  # noqa: PT011 - it has no message
        Focus.parse(text)
