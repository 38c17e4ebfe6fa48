"""What a picture becomes in each format."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from progimage.errors import InvalidArgument, OutputTooLarge
from progimage.imaging.codecs import formats
from progimage.imaging.codecs.encode import encode
from progimage.imaging.codecs.encode_options import EncodeOptions
from progimage.imaging.codecs.format import Format
from progimage.imaging.codecs.formats import AVIF, GIF, HEIC, ICO, JPEG, PNG, TIFF, WEBP, WRITABLE
from progimage.imaging.codecs.picture import Picture
from tests.imaging.codecs.writing import LOSSY, noise, read, written
from tests.imaging.drawing import (
    BLUE,
    GREEN,
    RED,
    corners,
    is_near,
    pixel,
    quadrants,
    solids,
    with_hole,
)

ANIMATED = [form for form in WRITABLE if form.is_animated]


@pytest.mark.parametrize("form", WRITABLE, ids=lambda form: form.name)
def test_reported_values_are_the_written_ones(form: Format, tmp_path: Path) -> None:
    picture = Picture((quadrants(),))
    path = tmp_path / "written"
    encoded = encode(picture, str(path), form)
    assert encoded.size_bytes == path.stat().st_size
    assert (encoded.width, encoded.height, encoded.frames) == (48, 32, 1)
    assert encoded.quality == form.default_quality
    assert written(picture, form)[0] == path.read_bytes()


@pytest.mark.parametrize("form", WRITABLE, ids=lambda form: form.name)
def test_equal_pictures_give_equal_bytes(form: Format) -> None:
    assert written(noise(), form) == written(noise(), form)


def test_a_file_is_written_from_where_it_stands() -> None:
    file = io.BytesIO(b"before")
    file.seek(6)
    encoded = encode(Picture((quadrants(),)), file, JPEG)
    assert file.getvalue()[:8] == b"before\xff\xd8"
    assert encoded.size_bytes == len(file.getvalue()) - 6


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


@pytest.mark.parametrize("form", [f for f in WRITABLE if f.has_alpha], ids=lambda form: form.name)
def test_transparency_stays_where_the_format_has_it(form: Format, tmp_path: Path) -> None:
    seen = corners(read(written(Picture((with_hole(),)), form)[0], tmp_path).frames[0])
    assert seen["bottom right"][3] == 0
    assert is_near(seen["top left"], (*RED, 255), 12)


@pytest.mark.parametrize("form", ANIMATED, ids=lambda form: form.name)
def test_an_animation_may_play_as_often_as_a_gif_can_say(form: Format, tmp_path: Path) -> None:
    # A GIF that is repeated 65,535 times plays once more than 16 bits can say.
    frames = tuple(solids(RED, GREEN, BLUE))
    picture = Picture(frames, durations_ms=(40, 40, 40), loop=65_536)
    assert read(written(picture, form)[0], tmp_path).is_animated


@pytest.mark.parametrize("form", ANIMATED, ids=lambda form: form.name)
def test_an_animation_keeps_frames_durations_and_loop(form: Format, tmp_path: Path) -> None:
    frames = tuple(solids(RED, GREEN, BLUE))
    for loop in (0, 1, 3):
        picture = Picture(frames, durations_ms=(40, 120, 300), loop=loop)
        data, encoded = written(picture, form, EncodeOptions(quality=95))
        back = read(data, tmp_path)
        assert encoded.frames == 3
        assert back.durations_ms == (40, 120, 300)
        # Pillow neither reads nor writes the loop count of an AVIF.
        assert back.loop == (0 if form is AVIF else loop)
        for frame, colour in zip(back.frames, (RED, GREEN, BLUE), strict=True):
            assert is_near(pixel(frame, (8, 6)), colour, 12)


@pytest.mark.parametrize("form", ANIMATED, ids=lambda form: form.name)
def test_a_frame_does_not_shine_through_the_holes_of_the_next(form: Format, tmp_path: Path) -> None:
    """A spot moves to the right over nothing; where it was, nothing is left."""
    frames = []
    for left in (0, 8, 16):
        frame = Image.new("RGBA", (24, 8), (0, 0, 0, 0))
        frame.paste((*RED, 255), (left, 0, left + 8, 8))
        frame.paste((0, 0, 0, 0), (left, 0, left + 2, 2))
        frames.append(frame)
    picture = Picture(tuple(frames), durations_ms=(100, 100, 100))
    back = read(written(picture, form, EncodeOptions(quality=95))[0], tmp_path)
    alphas = [[pixel(f.convert("RGBA"), (x, 4))[3] for x in (4, 12, 20)] for f in back.frames]
    assert alphas == [[255, 0, 0], [0, 255, 0], [0, 0, 255]]


@pytest.mark.parametrize(
    "form", [f for f in WRITABLE if not f.is_animated], ids=lambda form: form.name
)
def test_formats_without_animation_get_the_first_frame(form: Format, tmp_path: Path) -> None:
    picture = Picture(tuple(solids(RED, BLUE)), durations_ms=(100, 100))
    data, encoded = written(picture, form)
    assert encoded.frames == 1
    assert is_near(pixel(read(data, tmp_path).frames[0].convert("RGB"), (8, 6)), RED, 4)


def test_durations_that_a_gif_cannot_hold_are_rounded(tmp_path: Path) -> None:
    """In hundredths of a second, and no faster than browsers play."""
    picture = Picture(tuple(solids(RED, GREEN, BLUE)), durations_ms=(11, 37, 105), loop=0)
    back = read(written(picture, GIF)[0], tmp_path)
    assert back.durations_ms == (20, 40, 100)


def test_a_gif_of_few_colours_has_exactly_these(tmp_path: Path) -> None:
    image = Image.new("RGB", (15, 15))
    image.putdata([(n, 255 - n, n * 7 % 256) for n in range(225)])
    frame = read(written(Picture((image,)), GIF)[0], tmp_path).frames[0]
    assert frame.tobytes() == image.tobytes()


def test_a_gif_keeps_black_beside_transparency(tmp_path: Path) -> None:
    image = Image.new("RGBA", (20, 10), (0, 0, 0, 255))
    image.paste((0, 0, 0, 0), (10, 0, 20, 10))
    picture = Picture((image, image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)), (100, 100))
    back = read(written(picture, GIF)[0], tmp_path)
    alphas = [[pixel(frame, (x, 5))[3] for x in (0, 9, 10, 19)] for frame in back.frames]
    assert alphas == [[255, 255, 0, 0], [0, 0, 255, 255]]


def test_an_icon_is_made_to_fit(tmp_path: Path) -> None:
    data, encoded = written(Picture((quadrants((512, 384)),)), ICO)
    assert (encoded.width, encoded.height) == (256, 192)
    assert read(data, tmp_path).size == (256, 192)


def test_a_side_that_the_format_cannot_hold_is_refused() -> None:
    with pytest.raises(OutputTooLarge, match="16383"):
        written(Picture((Image.new("L", (16_384, 1)),)), WEBP)


@pytest.mark.parametrize("form", LOSSY, ids=lambda form: form.name)
def test_lower_quality_makes_fewer_bytes(form: Format) -> None:
    low = written(noise(), form, EncodeOptions(quality=20))[1]
    high = written(noise(), form, EncodeOptions(quality=90))[1]
    assert (low.quality, high.quality) == (20, 90)
    assert low.size_bytes < high.size_bytes


@pytest.mark.parametrize(
    "form", [f for f in WRITABLE if f.has_lossless], ids=lambda form: form.name
)
def test_lossless_keeps_every_pixel(form: Format, tmp_path: Path) -> None:
    picture = noise(64)
    data, encoded = written(picture, form, EncodeOptions(lossless=True))
    assert encoded.quality is None
    assert read(data, tmp_path).frames[0].tobytes() == picture.frames[0].tobytes()


@pytest.mark.parametrize("form", [JPEG, AVIF, GIF], ids=lambda form: form.name)
def test_lossless_is_refused_where_there_is_no_such_thing(form: Format) -> None:
    with pytest.raises(InvalidArgument, match=f"{form.name} cannot be lossless; use one of png"):
        written(noise(16), form, EncodeOptions(lossless=True))


def test_a_progressive_jpeg_is_progressive() -> None:
    for progressive in (False, True):
        data, _ = written(noise(), JPEG, EncodeOptions(progressive=progressive))
        assert (b"\xff\xc2" in data) == progressive


def test_fine_colour_is_preserved_at_high_quality() -> None:
    """Sampling factors of the first component: 2x2 for 4:2:0, 1x1 for 4:4:4."""
    for quality, sampling in ((80, 0x22), (90, 0x11)):
        data, _ = written(noise(), JPEG, EncodeOptions(quality=quality))
        assert data[data.index(b"\xff\xc0") + 11] == sampling


def test_a_format_that_is_only_read_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="heic is read but not written; use one of jpg"):
        written(noise(16), HEIC)


def test_settings_carried_over_from_a_frame_are_not_written() -> None:
    frame = quadrants()
    frame.info = {"comment": b"my home", "icc_profile": b"profile", "transparency": (255, 0, 0)}
    for form in (JPEG, PNG, GIF, TIFF):
        assert written(Picture((frame,)), form) == written(Picture((quadrants(),)), form)
    assert frame.info["comment"] == b"my home"


def test_animated_avif_has_limited_range() -> None:
    """Chromium shows the full range of an animation with too much contrast."""
    picture = Picture(tuple(solids((255, 0, 0), (0, 0, 255))), (40, 40))
    target = io.BytesIO()
    encode(picture, target, formats.AVIF)
    data = target.getvalue()
    at = data.index(b"colrnclx") + 8
    assert data[at + 6] & 0x80 == 0
