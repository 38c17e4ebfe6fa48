"""Region, size, rotation, quality and format of IIIF image requests."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progimage.api.fronts.iiif.grammar import FORMATS, ImageRequest, Version, parse
from progimage.errors import InvalidRequest


def parsed(text: str, version: Version = 3) -> ImageRequest:
    return parse(version, tuple(text.split("/")))


def test_every_part_is_read():
    request = parsed("pct:10,20.5,30,40/^!300,200/!22.5/gray.png")
    assert request.region.kind == "percent"
    assert request.region.numbers == (10, Fraction("20.5"), 30, 40)
    assert (request.size.kind, request.size.width, request.size.height) == ("fit", 300, 200)
    assert request.size.may_enlarge
    assert request.is_mirrored
    assert request.degrees == Fraction("22.5")
    assert (request.quality, request.extension) == ("gray", "png")


def test_percentages_have_as_many_decimals_as_a_browser_computes():
    request = parsed(
        "pct:33.333333333333336,0.06578947368421052,50,50/pct:12.345678901234567/0/default.jpg"
    )
    assert request.region.numbers[1] == Fraction("0.06578947368421052")
    assert request.size.percent == Fraction("12.345678901234567")


def test_parts_may_be_percent_encoded():
    encoded = parsed("pct%3A0,0,50,50/%5E%2150%2C40/%2190/default.jpg")
    assert encoded == parsed("pct:0,0,50,50/^!50,40/!90/default.jpg")


@pytest.mark.parametrize(
    ("size", "kind", "sides"),
    [
        ("max", "max", (0, 0)),
        ("^max", "max", (0, 0)),
        ("150,", "width", (150, 0)),
        ("^,150", "height", (0, 150)),
        ("225,100", "exact", (225, 100)),
        ("!225,100", "fit", (225, 100)),
        ("pct:50", "percent", (0, 0)),
        ("^pct:12.5", "percent", (0, 0)),
    ],
)
def test_sizes_of_version_3(size, kind, sides):
    found = parsed(f"full/{size}/0/default.jpg").size
    assert (found.kind, (found.width, found.height)) == (kind, sides)
    assert found.may_enlarge == size.startswith("^")


@pytest.mark.parametrize("size", ["full", "max", "150,", ",150", "pct:50", "225,100", "!225,100"])
def test_sizes_of_version_2(size):
    assert parsed(f"full/{size}/0/default.jpg", 2).size


@pytest.mark.parametrize(
    "size",
    [
        "^max",
        "^150,",
        "",
        ",",
        "0,",
        ",0",
        "0,0",
        "!0,10",
        "!10,",
        "pct:0",
        "pct:-5",
        "1.5,",
        "ful",
    ],
)
def test_other_sizes_are_errors_in_version_2(size):
    with pytest.raises(InvalidRequest, match="size"):
        parsed(f"full/{size}/0/default.jpg", 2)


@pytest.mark.parametrize(
    "size",
    ["full", "^full", "^", "^,", "", ",", "0,", "^0,0", "pct:0", "pct:1e2", "10,20,30", "^^5,"],
)
def test_other_sizes_are_errors_in_version_3(size):
    with pytest.raises(InvalidRequest, match="size"):
        parsed(f"full/{size}/0/default.jpg")


@pytest.mark.parametrize(
    "region",
    [
        "",
        "all",
        "1,2,3",
        "1,2,3,4,5",
        "-1,0,5,5",
        "0,0,0,5",
        "pct:0,0,0,5",
        "1.5,0,5,5",
        "pct:a,0,1,1",
    ],
)
def test_other_regions_are_errors(region):
    with pytest.raises(InvalidRequest, match="region"):
        parsed(f"{region}/max/0/default.jpg")


@pytest.mark.parametrize("rotation", ["", "!", "-90", "361", "360.1", "1e2", "90!", "!!90", "nan"])
def test_other_rotations_are_errors(rotation):
    with pytest.raises(InvalidRequest, match="rotation"):
        parsed(f"full/max/{rotation}/default.jpg")


def test_a_full_turn_is_none():
    assert parsed("full/max/360/default.jpg").degrees == 0


@pytest.mark.parametrize(
    ("last", "what"),
    [("default", "quality"), ("best.jpg", "quality"), (".jpg", "quality"), ("gray.jpeg", "format")]
    + [(f"default.{name}", "format") for name in ("pdf", "bmp", "JPG", "")],
)
def test_other_qualities_and_formats_are_errors(last, what):
    with pytest.raises(InvalidRequest, match=what):
        parsed(f"full/max/0/{last}")


@pytest.mark.parametrize("extension", FORMATS)
def test_formats(extension):
    assert parsed(f"full/max/0/bitonal.{extension}").extension == extension


TEXT = st.text(max_size=300) | st.from_regex(r"[!^]{0,2}(pct:)?[0-9.,]{0,12}", fullmatch=True)


@given(st.sampled_from([2, 3]), st.tuples(TEXT, TEXT, TEXT, TEXT))
def test_any_text_is_a_request_or_an_invalid_one(version, segments):
    with suppress(InvalidRequest):
        assert parse(version, segments).extension in FORMATS
