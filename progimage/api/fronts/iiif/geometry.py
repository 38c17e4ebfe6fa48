"""From requested regions and sizes to pixels of a picture.

Sources: IIIF Image API 3.0, sections 4.1, 4.2 and 5.3; 2.1.1, sections 4.1 and 4.2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from progimage.api.fronts.iiif.grammar import RegionRequest, SizeRequest, Version
from progimage.errors import InvalidRequest
from progimage.imaging.limits import Limits
from progimage.imaging.operation import Size
from progimage.imaging.tiles import TILE_PX, Region, level_size, scale_factors

# What the operation `resize` takes.
_MAX_SIDE = 8_192


@dataclass(frozen=True, slots=True)
class SizeLimits:
    """The largest result: pixels of a side, and pixels in all."""

    side: int
    area: int

    @classmethod
    def of(cls, limits: Limits) -> SizeLimits:
        """Return the limits of results that all pipelines have."""
        return cls(min(limits.max_output_side, _MAX_SIDE), limits.max_output_pixels)

    def allow(self, size: Size) -> bool:
        """Return True if a result may have this size."""
        return max(size) <= self.side and size[0] * size[1] <= self.area

    def largest(self, size: Size) -> Size:
        """Return the largest allowed size of the same shape."""
        longer = max(size)
        largest = max(1, size[0] * self.side // longer), max(1, size[1] * self.side // longer)
        if self.allow(largest):
            return largest
        ratio = math.sqrt(self.area / (size[0] * size[1]))
        return max(1, math.floor(size[0] * ratio)), max(1, math.floor(size[1] * ratio))


def region_of(request: RegionRequest, picture: Size) -> Region:
    """Return the part of the picture; what lies outside of the picture is cut off.

    Raises:
        InvalidRequest: nothing of it is inside the picture.
    """
    if request.kind == "full":
        return Region(0, 0, *picture)
    if request.kind == "square":
        side = min(picture)
        return Region((picture[0] - side) // 2, (picture[1] - side) // 2, side, side)
    left, top, width, height = request.numbers
    if request.kind == "percent":
        if left >= 100 or top >= 100:
            raise InvalidRequest(
                "region: pct:x,y lies outside of the picture; x and y are below 100"
            )
        x = min(_rounded(left * picture[0] / 100), picture[0] - 1)
        y = min(_rounded(top * picture[1] / 100), picture[1] - 1)
        across = max(1, _rounded(width * picture[0] / 100))
        down = max(1, _rounded(height * picture[1] / 100))
    else:
        x, y, across, down = int(left), int(top), int(width), int(height)
        if x >= picture[0] or y >= picture[1]:
            raise InvalidRequest(
                f"region: {x},{y} lies outside of the picture, which is "
                f"{picture[0]}x{picture[1]} pixels"
            )
    return Region(x, y, min(across, picture[0] - x), min(down, picture[1] - y))


def size_of(
    version: Version, request: SizeRequest, region: Region, picture: Size, limits: SizeLimits
) -> Size:
    """Return the size of the region's picture, before it is turned.

    Raises:
        InvalidRequest: it passes the limits, or is larger than the region and version 3 has no
            `^` before the size.
    """
    part = (region.width, region.height)
    if request.kind == "max":
        largest = limits.largest(part)
        return largest if request.may_enlarge or not limits.allow(part) else part
    if request.kind == "fit":
        return _fitted(version, request, part, limits)
    size = plain_size(request, region, picture)
    if (
        not request.may_enlarge
        and request.kind != "full"
        and (size[0] > part[0] or size[1] > part[1])
    ):
        raise _too_large(size, part)
    if not limits.allow(size):
        raise InvalidRequest(
            f"size: {size[0]}x{size[1]} pixels are too many; a side may have {limits.side:,}, "
            f"all together {limits.area:,}"
        )
    return size


def plain_size(request: SizeRequest, region: Region, picture: Size) -> Size:
    """Return a size of any kind but `max` and `fit`, without regard to limits."""
    part = (region.width, region.height)
    if request.kind == "full":
        return part
    if request.kind == "exact":
        return request.width, request.height
    if request.kind == "percent":
        across, down = (max(1, _rounded(side * request.percent / 100)) for side in part)
        return across, down
    if request.kind == "width":
        level = _level(region, picture, 0, request.width)
        height = level[1] if level else _rounded(Fraction(part[1] * request.width, part[0]))
        return request.width, max(1, height)
    level = _level(region, picture, 1, request.height)
    width = level[0] if level else _rounded(Fraction(part[0] * request.height, part[1]))
    return max(1, width), request.height


def _level(region: Region, picture: Size, side: int, pixels: int) -> Size | None:
    """Return the size of a whole level or of a tile, if one side of it has been requested.

    The grid of tiles rounds up. A height that is rounded otherwise leaves a seam between tiles.
    """
    part = (region.width, region.height)
    for factor in scale_factors(picture):
        size = level_size(part, factor)
        if size[side] == pixels and (part == picture or _is_on_grid(region, picture, factor)):
            return size
    return None


def _is_on_grid(region: Region, picture: Size, factor: int) -> bool:
    step = TILE_PX * factor
    return (
        region.x % step == 0
        and region.y % step == 0
        and region.width == min(step, picture[0] - region.x)
        and region.height == min(step, picture[1] - region.y)
    )


def _fitted(version: Version, request: SizeRequest, part: Size, limits: SizeLimits) -> Size:
    ratio = min(Fraction(request.width, part[0]), Fraction(request.height, part[1]))
    if ratio > 1 and not request.may_enlarge:
        # The validator of IIIF expects an error in version 3.
        if version == 3:
            raise _too_large((request.width, request.height), part)
        ratio = Fraction(1)
    size = (
        min(max(1, _rounded(part[0] * ratio)), request.width),
        min(max(1, _rounded(part[1] * ratio)), request.height),
    )
    return size if limits.allow(size) else limits.largest(part)


def _too_large(size: Size, part: Size) -> InvalidRequest:
    return InvalidRequest(
        f"size: {size[0]}x{size[1]} is larger than the region, which has {part[0]}x{part[1]} "
        "pixels; write ^ before the size to enlarge it"
    )


def _rounded(value: Fraction) -> int:
    """Round to the nearest integer, halves up."""
    return math.floor(value + Fraction(1, 2))
