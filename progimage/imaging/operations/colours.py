"""Changing colours and tones, pixel by pixel. Alpha stays as it is."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PIL import Image as Images
from PIL import ImageOps
from PIL.Image import Image

from progimage.imaging.colour import Colour
from progimage.imaging.operation import Apply, View, documented, operation, planned_operation
from progimage.imaging.operations.bands import (
    alpha_part,
    has_alpha,
    is_grey,
    join,
    map_tones,
    on_colour,
    with_colour,
)
from progimage.imaging.parameters import angle, colour, number, whole

# Shares of red, green and blue in luminance. Source: W3C Filter Effects, feColorMatrix.
_RED, _GREEN, _BLUE = 0.213, 0.715, 0.072
_SEPIA = (0.393, 0.769, 0.189, 0.349, 0.686, 0.168, 0.272, 0.534, 0.131)
_IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


@documented(label="Black and white", aliases=("greyscale",))
@operation()
def grayscale(frame: Image) -> Image:
    """Take the colour away and keep the luminance."""
    return _grey(frame)


@operation(amount=number(0, 1, default=1.0, neutral=0.0))
def sepia(frame: Image, amount: float) -> Image:
    """Give the picture the brown tones of an old photograph.

    Source: W3C Filter Effects, the matrix of `sepia()`.
    """
    return _multiply(with_colour(frame), _between(_IDENTITY, _SEPIA, amount))


@documented(label="Negative", aliases=("negate",))
@operation()
def invert(frame: Image) -> Image:
    """Turn every colour into its opposite, as on a negative."""
    return map_tones(frame, range(255, -1, -1))


@documented(example="brightness:1.2")
@operation(factor=number(0, 10, neutral=1.0, about="1 is as it was, 0 black, 2 twice as bright"))
def brightness(frame: Image, factor: float) -> Image:
    """Make the picture brighter (above 1) or darker (below 1)."""
    return map_tones(frame, [_tone(value * factor) for value in range(256)])


@documented(example="contrast:1.2")
@operation(factor=number(0, 10, neutral=1.0, about="1 is as it was, 0 plain grey"))
def contrast(frame: Image, factor: float) -> Image:
    """Move tones away from the middle (above 1) or towards it (below 1)."""
    return map_tones(frame, [_tone((value - 127.5) * factor + 127.5) for value in range(256)])


@documented(example="saturation:1.3")
@operation(factor=number(0, 10, neutral=1.0, about="1 is as it was, 0 grey"))
def saturation(frame: Image, factor: float) -> Image:
    """Make colours stronger (above 1) or paler (below 1).

    Source: W3C Filter Effects, the matrix of `saturate()`.
    """
    if is_grey(frame):
        return frame
    return _multiply(frame, _between((_RED, _GREEN, _BLUE) * 3, _IDENTITY, factor))


@documented(label="Shift hues", example="hue:90")
@operation(degrees=angle(neutral=0.0, aliases=("angle",), about="around the colour wheel"))
def hue(frame: Image, degrees: float) -> Image:
    """Turn all colours around the colour wheel, keeping luminance about the same.

    Source: W3C Filter Effects, the matrix of `hue-rotate()`.
    """
    if is_grey(frame):
        return frame
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    base = (_RED, _GREEN, _BLUE) * 3
    with_cos = (
        *(1 - _RED, -_GREEN, -_BLUE),
        *(-_RED, 1 - _GREEN, -_BLUE),
        *(-_RED, -_GREEN, 1 - _BLUE),
    )
    with_sin = (
        *(-_RED, -_GREEN, 1 - _BLUE),
        *(0.143, 0.140, -0.283),
        *(_RED - 1, _GREEN, _BLUE),
    )
    rows = zip(base, with_cos, with_sin, strict=True)
    return _multiply(frame, [one + cos * two + sin * three for one, two, three in rows])


@documented(example="gamma:1.4")
@operation(value=number(0.1, 10, neutral=1.0, about="above 1 lightens the dark tones"))
def gamma(frame: Image, value: float) -> Image:
    """Bend the tone curve: above 1 dark parts get lighter, below 1 darker."""
    return map_tones(frame, [_tone(255 * (tone / 255) ** (1 / value)) for tone in range(256)])


@documented(label="Even out tones")
@planned_operation()
def equalize(view: View) -> Apply:
    """Spread the tones evenly over the whole range, without shifting colours.

    One curve, from the luminance of what is visible in the first frame, serves all
    channels and all frames.
    """
    counts = _visible_tones(view.image)
    present = [count for count in counts if count]
    if len(present) < 2:
        return lambda frame: frame
    step = (sum(present) - present[-1]) / 255
    below, curve = 0, []
    for count in counts:
        curve.append(_tone(below / step))
        below += count
    return lambda frame: map_tones(frame, curve)


@documented(label="Automatic contrast", aliases=("normalize",))
@planned_operation(
    cutoff=number(0, 49, default=0.0, about="percent of the pixels to ignore at either end"),
)
def autocontrast(view: View, cutoff: float) -> Apply:
    """Stretch the tones so that the darkest becomes black and the lightest white.

    One curve, from the luminance of what is visible in the first frame, serves all
    channels and all frames.
    """
    counts = _visible_tones(view.image)
    ignored = sum(counts) * cutoff / 100
    low = _first_above(counts, ignored)
    high = 255 - _first_above(counts[::-1], ignored)
    if high <= low:
        return lambda frame: frame
    curve = [_tone((value - low) * 255 / (high - low)) for value in range(256)]
    return lambda frame: map_tones(frame, curve)


@documented(example="posterize:3")
@operation(bits=whole(1, 8, neutral=8, about="how many bits of each channel remain"))
def posterize(frame: Image, bits: int) -> Image:
    """Leave only a few tones of each channel: 2 for one bit, 4 for two, and so on."""
    last = 2**bits - 1
    return map_tones(frame, [_tone((value >> (8 - bits)) * 255 / last) for value in range(256)])


@operation(threshold=whole(0, 255, default=128))
def solarize(frame: Image, threshold: int) -> Image:
    """Invert the tones from a threshold up, as light does to film while it develops."""
    return map_tones(frame, [255 - v if v >= threshold else v for v in range(256)])


@documented(label="Pure black and white")
@operation(level=whole(0, 255, default=128))
def threshold(frame: Image, level: int) -> Image:
    """Make every pixel that is at least this light white, and all others black."""
    return map_tones(_grey(frame), [255 * (value >= level) for value in range(256)])


@documented(example="tint:teal,amount=0.5")
@operation(
    colour=colour(is_solid=True, aliases=("color",)),
    amount=number(0, 1, default=1.0, neutral=0.0),
)
def tint(frame: Image, colour: Colour, amount: float) -> Image:
    """Colour the picture in the shades of one colour, from black through it to white."""
    shades = ImageOps.colorize(frame.convert("L"), "black", "white", mid=colour[:3])
    mixed = Images.blend(with_colour(frame).convert("RGB"), shades, amount)
    return join(mixed, alpha_part(frame))


@operation(
    shadow=colour("navy", is_solid=True, about="what black becomes"),
    highlight=colour("gold", is_solid=True, about="what white becomes"),
)
def duotone(frame: Image, shadow: Colour, highlight: Colour) -> Image:
    """Print the picture in two colours, one for its shadows and one for its lights."""
    toned = ImageOps.colorize(frame.convert("L"), shadow[:3], highlight[:3])
    return join(toned, alpha_part(frame))


def _grey(frame: Image) -> Image:
    return frame.convert("LA" if has_alpha(frame) else "L")


def _tone(value: float) -> int:
    return min(255, max(0, math.floor(value + 0.5)))


def _between(start: Sequence[float], end: Sequence[float], amount: float) -> list[float]:
    return [a + (b - a) * amount for a, b in zip(start, end, strict=True)]


def _multiply(frame: Image, matrix: Sequence[float]) -> Image:
    """Multiply each pixel's red, green and blue with a 3 x 3 matrix, given by rows."""
    rows = (*matrix[0:3], 0.0, *matrix[3:6], 0.0, *matrix[6:9], 0.0)
    return on_colour(frame, lambda rgb: rgb.convert("RGB", matrix=rows))


def _visible_tones(frame: Image) -> list[int]:
    """Count the pixels of each luminance that are not wholly transparent."""
    alpha = alpha_part(frame)
    if alpha is None:
        return frame.convert("L").histogram()
    return frame.convert("L").histogram(alpha.point([0] + [255] * 255))


def _first_above(counts: Sequence[int], ignored: float) -> int:
    seen = 0
    for value, count in enumerate(counts):
        seen += count
        if seen > ignored:
            return value
    return 255
