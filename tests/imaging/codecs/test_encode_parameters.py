"""What Pillow is given to write a picture."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from progimage.imaging.codecs import formats
from progimage.imaging.codecs.encode import encode
from progimage.imaging.codecs.encode_options import EncodeOptions
from progimage.imaging.codecs.encode_parameters import save_parameters
from progimage.imaging.codecs.format import Format
from progimage.imaging.codecs.formats import AVIF, GIF, JPEG, WEBP, WRITABLE
from progimage.imaging.codecs.picture import Picture
from tests.imaging.codecs.writing import LOSSY, noise, read, written
from tests.imaging.drawing import (
    BLUE,
    GREEN,
    RED,
    is_near,
    pixel,
    solids,
)

ANIMATED = [form for form in WRITABLE if form.is_animated]


def test_a_webp_that_is_not_small_has_a_little_more_quality() -> None:
    def quality_at(size: tuple[int, int], quality: int) -> float:
        picture = Picture((Image.new("RGB", size),))
        found: float = save_parameters(picture, WEBP, EncodeOptions(), quality)["quality"]
        return found

    assert quality_at((200, 200), 80) == 80
    assert 80 < quality_at((400, 300), 80) < 81
    assert quality_at((400, 300), 100) == 100


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


def test_durations_that_a_gif_cannot_hold_are_rounded(tmp_path: Path) -> None:
    """In hundredths of a second, and no faster than browsers play."""
    picture = Picture(tuple(solids(RED, GREEN, BLUE)), durations_ms=(11, 37, 105), loop=0)
    back = read(written(picture, GIF)[0], tmp_path)
    assert back.durations_ms == (20, 40, 100)


@pytest.mark.parametrize("form", LOSSY, ids=lambda form: form.name)
def test_lower_quality_makes_fewer_bytes(form: Format) -> None:
    low = written(noise(), form, EncodeOptions(quality=20))[1]
    high = written(noise(), form, EncodeOptions(quality=90))[1]
    assert (low.quality, high.quality) == (20, 90)
    assert low.size_bytes < high.size_bytes


def test_a_progressive_jpeg_is_progressive() -> None:
    for progressive in (False, True):
        data, _ = written(noise(), JPEG, EncodeOptions(progressive=progressive))
        assert (b"\xff\xc2" in data) == progressive


def test_fine_colour_is_preserved_at_high_quality() -> None:
    """Sampling factors of the first component: 2x2 for 4:2:0, 1x1 for 4:4:4."""
    for quality, sampling in ((80, 0x22), (90, 0x11)):
        data, _ = written(noise(), JPEG, EncodeOptions(quality=quality))
        assert data[data.index(b"\xff\xc0") + 11] == sampling


def test_animated_avif_has_limited_range() -> None:
    """Chromium shows the full range of an animation with too much contrast."""
    picture = Picture(tuple(solids((255, 0, 0), (0, 0, 255))), (40, 40))
    target = io.BytesIO()
    encode(picture, target, formats.AVIF)
    data = target.getvalue()
    at = data.index(b"colrnclx") + 8
    assert data[at + 6] & 0x80 == 0
