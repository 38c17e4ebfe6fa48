"""imgproxy's options about colours and watermarks: each function reads the arguments of one.

Arguments, defaults and ranges: imgproxy documentation, "Processing options".
"""

from __future__ import annotations

from progimage.api.fronts.foreign import ForeignUrlError
from progimage.api.fronts.imgproxy.arguments import at_most, colour, gravity, number, positive
from progimage.api.fronts.imgproxy.options import REPLICATE, Options

# The default of `monochrome`.
_GREY = "b3b3b3"


def watermark(options: Options, arguments: list[str]) -> None:
    """Read opacity, place, offsets and scale."""
    at_most("watermark", arguments, 7)
    options.watermark_opacity = number("watermark", arguments[0], low=0, high=1)
    if len(arguments) > 1:
        kind = arguments[1] or "ce"
        options.watermark = gravity("watermark", [kind, *arguments[2:4]], REPLICATE)
    if len(arguments) > 4 and arguments[4]:
        options.watermark_scale = positive("watermark", arguments[4])


def monochrome(options: Options, arguments: list[str]) -> None:
    """Read the intensity, and the colour of the shades."""
    at_most("monochrome", arguments, 2)
    intensity = number("monochrome", arguments[0], low=0, high=1)
    shade = colour("monochrome", arguments[1:2] or [""]) or _GREY
    options.monochrome = (intensity, shade)


def duotone(options: Options, arguments: list[str]) -> None:
    """Read the intensity, and the colours of shadows and of lights."""
    at_most("duotone", arguments, 3)
    intensity = number("duotone", arguments[0], low=0, high=1)
    if intensity not in (0, 1):
        raise ForeignUrlError("imgproxy URL: duotone: the intensity can be 0 or 1 here", 422)
    shadow, light = (colour("duotone", [text]) for text in [*arguments[1:], "", ""][:2])
    options.duotone = (shadow or "000000", light or "ffffff") if intensity else None
