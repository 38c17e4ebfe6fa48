"""Pictures that look alike have hashes that are near."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image, ImageEnhance

from progimage.imaging.perceptual_hash import perceptual_hash
from tests.imaging.drawing import saved


def _picture(step: int = 37) -> Image.Image:
    """Return soft blotches without any symmetry."""
    levels = bytes(at * at * step % 251 for at in range(12 * 8))
    grey = Image.frombytes("L", (12, 8), levels).resize((300, 200), Image.Resampling.BICUBIC)
    return Image.merge("RGB", (grey, grey.point(lambda v: 255 - v), grey)).convert("RGBA")


def _distance(one: Image.Image, other: Image.Image) -> int:
    hashes = [int(perceptual_hash(image.convert("RGBA")), 16) for image in (one, other)]
    return (hashes[0] ^ hashes[1]).bit_count()


def test_it_has_64_bits() -> None:
    assert len(perceptual_hash(_picture())) == 16


@pytest.mark.parametrize("change", ["jpeg", "smaller", "squeezed", "brighter", "grey"])
def test_similar_pictures_are_near(change: str) -> None:
    image = _picture()
    changed = {
        "jpeg": lambda: Image.open(BytesIO(saved(image.convert("RGB"), "JPEG", quality=30))),
        "smaller": lambda: image.resize((90, 60)),
        "squeezed": lambda: image.resize((200, 200)),
        "brighter": lambda: ImageEnhance.Brightness(image.convert("RGB")).enhance(1.1),
        "grey": lambda: image.convert("L"),
    }[change]()
    assert _distance(image, changed) <= 6


def test_different_pictures_are_far() -> None:
    image = _picture()
    assert _distance(image, image.transpose(Image.Transpose.ROTATE_90)) > 12
    assert _distance(image, _picture(53)) > 12


def test_one_colour_has_no_hash() -> None:
    assert perceptual_hash(Image.new("RGBA", (5, 5), (9, 8, 7, 255))) == "0" * 16


def test_one_pixel_is_enough() -> None:
    assert perceptual_hash(Image.new("RGBA", (1, 1))) == "0" * 16
