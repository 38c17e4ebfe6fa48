"""What a picture becomes so that a format can hold it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from progimage.errors import OutputTooLarge
from progimage.imaging.codecs.encode_options import EncodeOptions
from progimage.imaging.codecs.fit_format import fitted_to_format
from progimage.imaging.codecs.format import Format
from progimage.imaging.codecs.formats import GIF, ICO, JPEG, PNG, TIFF, WEBP, WRITABLE
from progimage.imaging.codecs.picture import Picture
from tests.imaging.codecs.writing import read, written
from tests.imaging.drawing import (
    BLUE,
    RED,
    corners,
    is_near,
    pixel,
    quadrants,
    solids,
    with_hole,
)


@pytest.mark.parametrize(
    "form", [f for f in WRITABLE if not f.has_alpha], ids=lambda form: form.name
)
def test_transparency_is_laid_on_the_background(form: Format, tmp_path: Path) -> None:
    picture = Picture((with_hole(),))
    for background in ((255, 255, 255), (200, 100, 0)):
        options = EncodeOptions(background=background, quality=95)
        seen = corners(read(written(picture, form, options)[0], tmp_path).frames[0])
        assert is_near(seen["bottom right"], (*background, 255), 6)
        assert is_near(seen["top left"], (*RED, 255), 6)


@pytest.mark.parametrize(("background", "mode"), [((90, 90, 90), "L"), ((90, 0, 0), "RGB")])
def test_a_grey_picture_stays_grey_on_a_grey_background(
    background: tuple[int, int, int], mode: str, tmp_path: Path
) -> None:
    grey = Image.new("LA", (32, 32), (10, 0))
    options = EncodeOptions(background=background)
    picture = read(written(Picture((grey,)), JPEG, options)[0], tmp_path)
    assert picture.mode == mode
    assert is_near(pixel(picture.frames[0].convert("RGB"), (16, 16)), background, 4)


def test_a_format_without_grey_gets_colours() -> None:
    """As QOI, which has three or four channels."""
    form = replace(PNG, has_grey=False)
    for mode, expected in {"L": "RGB", "LA": "RGBA", "RGB": "RGB", "RGBA": "RGBA"}.items():
        picture = Picture((Image.new(mode, (4, 4)),))
        assert fitted_to_format(picture, form, (255, 255, 255)).mode == expected


@pytest.mark.parametrize("form", [f for f in WRITABLE if f.has_alpha], ids=lambda form: form.name)
def test_transparency_stays_where_the_format_has_it(form: Format, tmp_path: Path) -> None:
    seen = corners(read(written(Picture((with_hole(),)), form)[0], tmp_path).frames[0])
    assert seen["bottom right"][3] == 0
    assert is_near(seen["top left"], (*RED, 255), 12)


@pytest.mark.parametrize(
    "form", [f for f in WRITABLE if not f.is_animated], ids=lambda form: form.name
)
def test_formats_without_animation_get_the_first_frame(form: Format, tmp_path: Path) -> None:
    picture = Picture(tuple(solids(RED, BLUE)), durations_ms=(100, 100))
    data, encoded = written(picture, form)
    assert encoded.frames == 1
    assert is_near(pixel(read(data, tmp_path).frames[0].convert("RGB"), (8, 6)), RED, 4)


def test_an_icon_is_made_to_fit(tmp_path: Path) -> None:
    data, encoded = written(Picture((quadrants((512, 384)),)), ICO)
    assert (encoded.width, encoded.height) == (256, 192)
    assert read(data, tmp_path).size == (256, 192)


def test_a_side_that_the_format_cannot_hold_is_refused() -> None:
    with pytest.raises(OutputTooLarge, match="16383"):
        written(Picture((Image.new("L", (16_384, 1)),)), WEBP)


def test_settings_carried_over_from_a_frame_are_not_written() -> None:
    frame = quadrants()
    frame.info = {"comment": b"my home", "icc_profile": b"profile", "transparency": (255, 0, 0)}
    for form in (JPEG, PNG, GIF, TIFF):
        assert written(Picture((frame,)), form) == written(Picture((quadrants(),)), form)
    assert frame.info["comment"] == b"my home"
