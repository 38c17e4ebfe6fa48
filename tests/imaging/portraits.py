"""A face drawn for tests."""

from __future__ import annotations

from PIL import Image, ImageDraw, ImageFilter

BACKGROUND = (90, 110, 140)
_HAIR, _SKIN, _SHADE, _LIPS, _EYE = (
    (60, 40, 25),
    (224, 180, 150),
    (195, 148, 122),
    (170, 70, 70),
    (250, 250, 250),
)


def portrait(size: tuple[int, int], place: tuple[int, int], side: int = 200) -> Image.Image:
    """Return a plain picture with a face of that height, its corner at `place`."""
    canvas = Image.new("RGB", size, BACKGROUND)
    canvas.paste(_face(side), place)
    return canvas


def _face(side: int) -> Image.Image:
    image = Image.new("RGB", (800, 800), BACKGROUND)
    draw = ImageDraw.Draw(image)

    def ellipse(box: tuple[int, int, int, int], colour: tuple[int, int, int]) -> None:
        draw.ellipse([4 * value for value in box], fill=colour)

    def bar(box: tuple[int, int, int, int], colour: tuple[int, int, int]) -> None:
        draw.rectangle([4 * value for value in box], fill=colour)

    ellipse((45, 20, 155, 185), _HAIR)
    ellipse((52, 40, 148, 180), _SKIN)
    bar((52, 40, 148, 62), _HAIR)
    for x in (78, 122):
        ellipse((x - 16, 78, x + 16, 100), _SHADE)
        ellipse((x - 13, 83, x + 13, 97), _EYE)
        ellipse((x - 6, 83, x + 6, 97), _HAIR)
        bar((x - 16, 70, x + 16, 75), _HAIR)
    draw.polygon([4 * value for value in (100, 95, 88, 128, 112, 128)], fill=_SHADE)
    ellipse((88, 122, 96, 130), _HAIR)
    ellipse((104, 122, 112, 130), _HAIR)
    ellipse((78, 142, 122, 160), _LIPS)
    bar((80, 149, 120, 152), _HAIR)
    small = image.resize((side, side), Image.Resampling.LANCZOS)
    return small.filter(ImageFilter.GaussianBlur(side / 120))
