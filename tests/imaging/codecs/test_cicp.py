"""Colour spaces by code point: what Chromium 156 shows for the same numbers."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image, ImageCms

from progimage.imaging.codecs import cicp
from progimage.imaging.codecs.colour_management import managed
from tests.imaging.drawing import is_near, pixel

COLOURS = ((200, 100, 0), (200, 200, 100))


@pytest.mark.parametrize(
    ("primaries", "transfer", "orange", "yellow"),
    [
        (12, 13, (215, 93, 0), (200, 200, 81)),
        (9, 13, (242, 76, 0), (205, 201, 77)),
        (11, 13, (211, 93, 0), (200, 200, 82)),
        (6, 13, (196, 102, 0), (199, 199, 99)),
        (5, 13, (203, 100, 5), (200, 200, 102)),
        (4, 13, (232, 92, 0), (206, 195, 87)),
        (8, 13, (222, 93, 0), (200, 201, 85)),
        (10, 13, (255, 0, 24), (230, 197, 69)),
        (22, 13, (202, 102, 0), (200, 198, 99)),
        (1, 4, (201, 100, 0), (201, 201, 100)),
        (1, 5, (189, 76, 0), (189, 189, 76)),
        (1, 7, (206, 115, 0), (206, 206, 115)),
        (1, 8, (229, 168, 0), (229, 229, 168)),
        (1, 17, (200, 87, 0), (200, 200, 87)),
        (1, 16, (255, 51, 0), (255, 255, 41)),
        (9, 16, (255, 0, 0), (255, 255, 0)),
        (9, 18, (230, 48, 0), (207, 202, 54)),
        (9, 10, (200, 100, 0), (200, 200, 100)),
        (1, 13, (200, 100, 0), (200, 200, 100)),
    ],
)
def test_colours_come_out_as_in_a_browser(
    primaries: int, transfer: int, orange: tuple[int, ...], yellow: tuple[int, ...]
) -> None:
    image = Image.new("RGB", (2, 1))
    for at, colour in enumerate(COLOURS):
        image.putpixel((at, 0), colour)
    shown = managed(image, cicp.colour_space(primaries, transfer, is_video=False))
    assert is_near(pixel(shown, (0, 0)), orange, 8)
    assert is_near(pixel(shown, (1, 0)), yellow, 8)


@pytest.mark.parametrize("transfer", [1, 2, 6, 13, 14, 15])
def test_in_video_formats_the_curve_of_cameras_is_that_of_srgb(transfer: int) -> None:
    assert cicp.colour_space(1, transfer, is_video=True) is None


@pytest.mark.parametrize(
    ("peak_nits", "shown"),
    [(0, (30, 132, 213)), (600, (35, 150, 236)), (4000, (30, 132, 202))],
)
def test_the_brightest_point_decides_how_much_is_dimmed(
    peak_nits: float, shown: tuple[int, ...]
) -> None:
    hdr = cicp.colour_space(9, 16, is_video=False, peak_nits=peak_nits)
    image = Image.new("RGB", (3, 1))
    for at, grey in enumerate((64, 128, 160)):
        image.putpixel((at, 0), (grey, grey, grey))
    result = managed(image, hdr)
    assert is_near(tuple(pixel(result, (at, 0))[0] for at in range(3)), shown, 5)


def test_profiles_are_ones_that_littlecms_takes() -> None:
    profile = cicp.colour_space(12, 13, is_video=True)
    assert isinstance(profile, bytes)
    opened = ImageCms.ImageCmsProfile(BytesIO(profile))
    assert opened.profile.xcolor_space == "RGB "
