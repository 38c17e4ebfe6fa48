"""Adding to tones and channels, grain, and kernels."""

from __future__ import annotations

import math
import random

from PIL import Image as Images
from PIL import ImageChops, ImageFilter
from PIL.Image import Image

from progimage.errors import InvalidArgument
from progimage.imaging.operation import Arguments, documented, operation
from progimage.imaging.operations.bands import (
    filtered,
    map_tones,
    on_colour,
    on_visible_colour,
    with_colour,
)
from progimage.imaging.parameters import flag, number, numbers, whole

_NOISE_PX = 256
_KERNEL_LENGTHS = (9, 25)


@documented(example="lighten:40")
@operation(amount=whole(-255, 255, neutral=0, about="levels to add; below 0 it gets darker"))
def lighten(frame: Image, amount: int) -> Image:
    """Add the same amount to every channel, up to white or down to black."""
    return map_tones(frame, [min(255, max(0, value + amount)) for value in range(256)])


@documented(label="Red, green and blue", example="rgb:20,-10,5")
@operation(
    red=number(-100, 100, default=0.0, neutral=0.0, aliases=("r",), about="percent of full red"),
    green=number(-100, 100, default=0.0, neutral=0.0, aliases=("g",), about="likewise"),
    blue=number(-100, 100, default=0.0, neutral=0.0, aliases=("b",), about="likewise"),
)
def rgb(frame: Image, red: float, green: float, blue: float) -> Image:
    """Add a separate amount to each of the channels red, green and blue."""
    coloured = with_colour(frame)
    table: list[int] = []
    for percent in (red, green, blue):
        shift = math.floor(percent * 255 / 100 + 0.5)
        table += [min(255, max(0, value + shift)) for value in range(256)]
    return on_colour(coloured, lambda image: image.point(table))


@documented(label="Grain")
@operation(
    amount=number(0, 100, default=10.0, neutral=0.0, about="percent; 100 moves tones by up to 255")
)
def noise(frame: Image, amount: float) -> Image:
    """Add grain: every tone moves by a random amount, the same at each render."""
    drawn = random.Random(_NOISE_PX).randbytes(_NOISE_PX * _NOISE_PX)  # noqa: S311  # no secret
    tile = Images.frombytes("L", (_NOISE_PX, _NOISE_PX), drawn)
    grain = Images.new("L", frame.size)
    for top in range(0, frame.height, _NOISE_PX):
        for left in range(0, frame.width, _NOISE_PX):
            grain.paste(tile, (left, top))
    share = amount / 100
    darker = grain.point([round(max(0, 127.5 - v) * 2 * share) for v in range(256)])
    lighter = grain.point([round(max(0, v - 127.5) * 2 * share) for v in range(256)])

    def change(image: Image) -> Image:
        channels = [
            ImageChops.add(ImageChops.subtract(channel, darker), lighter)
            for channel in image.split()
        ]
        return channels[0] if len(channels) == 1 else Images.merge(image.mode, channels)

    return on_colour(frame, change)


@documented(label="Kernel", example="convolution:-1_-1_-1_-1_9_-1_-1_-1_-1")
@operation(
    kernel=numbers(9, 25, about="by rows: 9 numbers for 3 x 3, 25 for 5 x 5"),
    normalize=flag(default=True, about="divide by the sum of the kernel, if that is not 0"),
)
def convolution(frame: Image, kernel: tuple[float, ...], normalize: bool) -> Image:
    """Replace each pixel by the weighted sum of its neighbours.

    The picture goes on beyond its edge as its outermost pixels. Source of the formula:
    Pillow handbook, ImageFilter.Kernel, which turns the kernel upside down.
    """
    side = math.isqrt(len(kernel))
    total = sum(kernel)
    rows = [kernel[row * side : (row + 1) * side] for row in range(side)]
    flipped = [value for row in reversed(rows) for value in row]
    scale = total if normalize and total else 1.0
    kind = ImageFilter.Kernel((side, side), flipped, scale)
    return on_visible_colour(frame, lambda image: filtered(image, kind, side // 2))


@convolution.normalises
def _convolution_arguments(arguments: Arguments) -> Arguments:
    if len(arguments["kernel"]) not in _KERNEL_LENGTHS:
        raise InvalidArgument("convolution.kernel: expected 9 or 25 numbers")
    return arguments
