"""Palettes of GIF."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from progimage.imaging.codecs.formats import GIF
from progimage.imaging.codecs.picture import Picture
from tests.imaging.codecs.writing import read, written
from tests.imaging.drawing import (
    pixel,
)


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
