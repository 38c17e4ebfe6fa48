"""Facts of a picture before it is stored, and files that are refused."""

from __future__ import annotations

import pickle
from base64 import b64decode
from pathlib import Path

import pytest
from PIL import Image

from progimage.errors import (
    CorruptPicture,
    EmptyPicture,
    MismatchedMedia,
    PictureTooComplex,
    UnsupportedMedia,
)
from progimage.imaging.codecs.format import Format
from progimage.imaging.codecs.formats import WRITABLE
from progimage.imaging.inspection import Facts, inspect
from progimage.imaging.limits import Limits
from tests.imaging.drawing import (
    BLUE,
    RED,
    WHITE,
    animated,
    put,
    quadrants,
    saved,
    solids,
    with_hole,
)

LIMITS = Limits()


@pytest.mark.parametrize("form", WRITABLE, ids=lambda form: form.name)
def test_every_format_is_inspected(form: Format, tmp_path: Path) -> None:
    facts = inspect(put(tmp_path, saved(quadrants((32, 32)), form.pillow_name)), LIMITS)
    assert (facts.format, facts.media_type) == (form.name, form.media_type)
    assert (facts.width, facts.height) == (32, 32)
    assert (facts.frames, facts.orientation, facts.has_alpha) == (1, 1, False)


@pytest.mark.parametrize("pillow_name", ["JPEG", "TIFF", "WEBP"])
def test_width_and_height_are_as_displayed(pillow_name: str, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    facts = inspect(put(tmp_path, saved(quadrants((64, 32)), pillow_name, exif=exif)), LIMITS)
    assert (facts.width, facts.height, facts.orientation) == (32, 64, 6)


def test_the_full_size_is_reported_though_a_jpeg_is_decoded_smaller(tmp_path: Path) -> None:
    facts = inspect(put(tmp_path, saved(quadrants((800, 601)), "JPEG")), LIMITS)
    assert (facts.width, facts.height) == (800, 601)


@pytest.mark.parametrize("pillow_name", ["PNG", "WEBP", "GIF", "AVIF"])
def test_frames_are_counted(pillow_name: str, tmp_path: Path) -> None:
    facts = inspect(put(tmp_path, animated(solids(RED, BLUE, WHITE), pillow_name)), LIMITS)
    assert facts.frames == 3


@pytest.mark.parametrize("pillow_name", ["PNG", "WEBP", "TIFF", "AVIF", "GIF", "JPEG2000"])
def test_transparency_is_noticed(pillow_name: str, tmp_path: Path) -> None:
    assert inspect(put(tmp_path, saved(with_hole(), pillow_name)), LIMITS).has_alpha


def test_one_transparent_pixel_in_a_large_picture_is_noticed(tmp_path: Path) -> None:
    image = quadrants((300, 200)).convert("RGBA")
    image.putpixel((123, 45), (0, 0, 0, 254))
    assert inspect(put(tmp_path, saved(image, "PNG")), LIMITS).has_alpha


def test_an_alpha_channel_that_hides_nothing_is_no_transparency(tmp_path: Path) -> None:
    path = put(tmp_path, saved(quadrants().convert("RGBA"), "PNG"))
    assert not inspect(path, LIMITS).has_alpha


def test_transparency_of_a_later_frame_counts(tmp_path: Path) -> None:
    frames = solids((*RED, 255), (*BLUE, 0))
    assert inspect(put(tmp_path, animated(frames, "PNG")), LIMITS).has_alpha


def test_the_dominant_colour_is_that_of_most_pixels(tmp_path: Path) -> None:
    image = Image.new("RGB", (40, 40), (16, 32, 200))
    image.paste(RED, (0, 0, 40, 12))
    assert inspect(put(tmp_path, saved(image, "PNG")), LIMITS).dominant_colour == "#1020c8"


def test_transparent_pixels_have_no_colour(tmp_path: Path) -> None:
    image = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    assert inspect(put(tmp_path, saved(image, "PNG")), LIMITS).dominant_colour == "#ffffff"
    image.paste((*RED, 255), (0, 0, 10, 10))
    assert inspect(put(tmp_path, saved(image, "PNG")), LIMITS).dominant_colour == "#ff0000"


def test_the_placeholder_has_the_shape_of_the_displayed_picture(tmp_path: Path) -> None:
    """Bit 15 of a ThumbHash's second number says landscape."""
    exif = Image.Exif()
    exif[0x0112] = 6
    wide = inspect(put(tmp_path, saved(quadrants((64, 32)), "PNG")), LIMITS)
    tall = inspect(put(tmp_path, saved(quadrants((64, 32)), "PNG", exif=exif)), LIMITS)
    assert b64decode(wide.placeholder)[4] & 0x80
    assert not b64decode(tall.placeholder)[4] & 0x80


def test_the_placeholder_knows_transparency(tmp_path: Path) -> None:
    assert (
        b64decode(inspect(put(tmp_path, saved(with_hole(), "PNG")), LIMITS).placeholder)[2] & 0x80
    )


def test_facts_survive_the_way_to_another_process(tmp_path: Path) -> None:
    facts = inspect(put(tmp_path, saved(quadrants(), "PNG")), LIMITS)
    copy = pickle.loads(pickle.dumps(facts))
    assert isinstance(copy, Facts)
    assert copy == facts


def test_a_lone_pixel_and_a_hair_have_facts(tmp_path: Path) -> None:
    for size in ((1, 1), (1, 2000), (2000, 1)):
        facts = inspect(put(tmp_path, saved(Image.new("RGB", size, RED), "PNG")), LIMITS)
        assert (facts.width, facts.height, facts.dominant_colour) == (*size, "#ff0000")


def test_each_bad_file_gets_its_own_error(tmp_path: Path) -> None:
    whole = saved(Image.effect_noise((64, 64), 90), "JPEG")
    bad = {
        EmptyPicture: b"",
        UnsupportedMedia: b"<html></html>",
        MismatchedMedia: whole + b"<html><script>",
        CorruptPicture: whole[: len(whole) // 10],
    }
    for error, data in bad.items():
        with pytest.raises(error):
            inspect(put(tmp_path, data), LIMITS)


def test_a_picture_past_the_limits_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    """The data is cut off, so decoding it would be a different complaint."""
    data = saved(Image.effect_noise((64, 64), 90), "PNG")
    with pytest.raises(PictureTooComplex):
        inspect(put(tmp_path, data[:200]), Limits(max_source_side=60))


def test_counting_frames_stops_at_the_limit(tmp_path: Path) -> None:
    frames = [Image.new("L", (2, 2), grey) for grey in range(0, 250, 2)]
    path = put(tmp_path, animated(frames, "GIF"))
    with pytest.raises(PictureTooComplex, match="100 allowed"):
        inspect(path, Limits(max_frames=100))


def test_a_clip_of_four_seconds_is_accepted(tmp_path: Path) -> None:
    frames = [Image.new("L", (2, 2), grey) for grey in range(0, 250, 2)]
    assert inspect(put(tmp_path, animated(frames, "GIF")), LIMITS).frames == 125


def test_the_pixels_of_all_frames_count(tmp_path: Path) -> None:
    frames = [Image.new("L", (10, 10), grey) for grey in range(0, 250, 2)]
    with pytest.raises(PictureTooComplex, match="pixels in 125 frames"):
        inspect(put(tmp_path, animated(frames, "GIF")), Limits(max_source_pixels=12_000))


def test_damage_in_a_later_frame_is_found(tmp_path: Path) -> None:
    noise = [Image.effect_noise((64, 64), sigma) for sigma in (50, 90)]
    data = animated(noise, "GIF")
    path = put(tmp_path, data[: len(data) - 1500])
    with pytest.raises(CorruptPicture):
        inspect(path, Limits(accept_damaged=False))
    assert "pixels of a frame" in inspect(path, LIMITS).damage
