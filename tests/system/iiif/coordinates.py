"""A picture in which the colour of each pixel says where it is, and comparisons with it.

Red and green are waves along both axes, so a shift by some pixels shows at every place. Blue rises
from one corner to the other, so a tile in the place of another one shows too.
"""

from __future__ import annotations

from functools import cache

from PIL import Image, ImageChops, ImageStat

Size = tuple[int, int]

SIZE = (3073, 2411)
"""Odd sides: their tiles at the edges are 1 and 363 pixels wide and high."""

# No tile of 512 pixels has the same waves as its neighbours.
_PERIODS_PX = (90, 98)
_TURNED = Image.Transpose.ROTATE_90
_BLOCK_PX = 64
# To each side.
_STEPS = ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))
# Lossy formats and subpixels leave a mean of up to 20; another part of the picture is at 80.
_MOST = 45


@cache
def probe() -> Image.Image:
    """Return the picture."""
    waves = []
    for length, period_px, turn in zip(SIZE, _PERIODS_PX, (None, _TURNED), strict=True):
        line = Image.frombytes("L", (length, 1), bytes(_wave(x, period_px) for x in range(length)))
        waves.append((line.transpose(turn) if turn is not None else line).resize(SIZE))
    # Lossy formats blur colours, but not light: the waves are the same in red and green.
    light = ImageChops.add(*waves, 2)
    down = Image.linear_gradient("L")
    slopes = [
        slope.resize(SIZE, Image.Resampling.BICUBIC) for slope in (down, down.transpose(_TURNED))
    ]
    return Image.merge("RGB", (light, light, ImageChops.add(*slopes, 2)))


def _wave(position: int, period_px: int) -> int:
    """Return a triangular wave, which has the same slope everywhere."""
    phase = position % period_px
    return 2 * min(phase, period_px - phase) * 255 // period_px


def assert_in_place(
    screen: Image.Image, corner: tuple[float, float], whole: Image.Image, *, step_px: int = 3
) -> None:
    """Compare a screen with the picture that it shows, with its top left corner at `corner`.

    Every part of it must look more like the picture than like the picture `step_px` further on,
    in each direction; and no part, row or column may be of other colours. OpenSeadragon stretches
    tiles by a pixel, to hide seams.
    """
    left, top = round(corner[0]), round(corner[1])
    seen = (
        max(0, left),
        max(0, top),
        min(screen.width, left + whole.width),
        min(screen.height, top + whole.height),
    )
    shown = screen.crop(seen)

    def expected(across: int, down: int) -> Image.Image:
        box = (seen[0] - left, seen[1] - top, seen[2] - left, seen[3] - top)
        return whole.crop((box[0] + across, box[1] + down, box[2] + across, box[3] + down))

    here, *further = (
        _blocks(shown, expected(across * step_px, down * step_px)) for across, down in _STEPS
    )
    worse = [min(others) for others in zip(*further, strict=True)]
    shifted = [number for number, mean in enumerate(here) if mean >= worse[number]]
    assert shifted == []
    assert max(here) < _MOST
    assert _worst_line(shown, expected(0, 0)) < _MOST


def _blocks(shown: Image.Image, expected: Image.Image) -> list[float]:
    """Return for each block of pixels how far they are off in the mean."""
    difference = ImageChops.difference(shown, expected)
    return [
        sum(ImageStat.Stat(difference.crop((x, y, x + _BLOCK_PX, y + _BLOCK_PX))).mean) / 3
        for x in range(0, difference.width - _BLOCK_PX + 1, _BLOCK_PX)
        for y in range(0, difference.height - _BLOCK_PX + 1, _BLOCK_PX)
    ]


def _worst_line(shown: Image.Image, expected: Image.Image) -> int:
    """Return how far the worst column or row of pixels is off in the mean."""
    difference = ImageChops.difference(shown, expected)
    columns = difference.resize((difference.width, 1), Image.Resampling.BOX)
    rows = difference.resize((1, difference.height), Image.Resampling.BOX)
    return max(int(high) for line in (columns, rows) for _, high in line.getextrema())
