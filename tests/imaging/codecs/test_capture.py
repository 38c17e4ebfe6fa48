"""What EXIF says of how and where a photograph was taken."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from progimage.imaging.codecs.capture import read_capture
from progimage.model import Capture


def _exif(
    camera: dict[int, Any] | None = None, gps: dict[int, Any] | None = None, **main: str
) -> bytes:
    block = Image.Exif()
    for name, value in main.items():
        block[{"make": 271, "model": 272}[name]] = value
    block.get_ifd(0x8769).update(camera or {})
    block.get_ifd(0x8825).update(gps or {})
    return block.tobytes()


def test_a_photograph_says_when_and_with_what_it_was_taken() -> None:
    camera = {
        0x9003: "2024:02:29 13:14:15",
        0x9011: "+02:00",
        0x829A: 0.008,
        0x829D: 2.8,
        0x8827: 400,
        0x920A: 35.0,
        0xA434: "35mm f/2.8",
    }
    capture, place = read_capture(_exif(camera, make="Canon", model="Canon EOS R5"))
    assert Capture(**capture) == Capture(
        taken="2024-02-29T13:14:15+02:00",
        camera="Canon EOS R5",
        lens="35mm f/2.8",
        exposure_s=0.008,
        f_number=2.8,
        iso=400,
        focal_length_mm=35.0,
    )
    assert place is None


def test_a_make_that_the_model_does_not_name_stands_before_it() -> None:
    assert read_capture(_exif(make="Apple", model="iPhone 15"))[0]["camera"] == "Apple iPhone 15"


@pytest.mark.parametrize(
    "date", ["2024:02:30 00:00:00", "0000:00:00 00:00:00", "    :  :     :  :  ", "yesterday", ""]
)
def test_a_date_that_is_none_is_left_out(date: str) -> None:
    assert read_capture(_exif({0x9003: date}))[0]["taken"] is None


@pytest.mark.parametrize(
    ("north", "east", "place"),
    [
        ("N", "E", {"latitude": 51.5, "longitude": 0.126}),
        ("S", "W", {"latitude": -51.5, "longitude": -0.126}),
    ],
)
def test_a_place_is_in_degrees(north: str, east: str, place: dict[str, float]) -> None:
    gps = {1: north, 2: (51.0, 30.0, 0.0), 3: east, 4: (0.0, 7.0, 33.6)}
    assert read_capture(_exif(gps=gps))[1] == place


def test_a_place_that_is_not_on_earth_is_left_out() -> None:
    gps = {1: "N", 2: (91.0, 0.0, 0.0), 3: "E", 4: (0.0, 0.0, 0.0)}
    assert read_capture(_exif(gps=gps))[1] is None
    assert read_capture(_exif(gps={2: (1.0, 0.0, 0.0)}))[1] is None


def test_texts_are_one_line_and_of_bounded_length() -> None:
    capture, _ = read_capture(_exif({0xA434: "a\n\x07b" + "x" * 5_000}))
    assert capture["lens"].startswith("ab")
    assert len(capture["lens"]) == 100


@given(st.binary(max_size=300))
def test_hostile_blocks_raise_nothing(data: bytes) -> None:
    read_capture(b"Exif\0\0II*\0\x08\0\0\0" + data)
