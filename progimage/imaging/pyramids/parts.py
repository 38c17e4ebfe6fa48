"""Which part of a pyramid a pipeline needs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from progimage.errors import InvalidArgument, OutputTooLarge
from progimage.imaging.codecs.encode_options import EncodeOptions
from progimage.imaging.codecs.picture import Box
from progimage.imaging.limits import Limits
from progimage.imaging.operation import Operation, Size
from progimage.imaging.output_limits import check_pipeline
from progimage.imaging.pipeline import Pipeline, Step
from progimage.imaging.tiles import (
    TILE_PX,
    Region,
    Tile,
    find_tile,
    level_size,
    scale_factors,
    tile_size,
)

_CROP, _RESIZE = "crop", "resize"


@dataclass(frozen=True, slots=True)
class Part:
    """A region of a level, and what is to be done with it.

    Attributes:
        region: in pixels of the whole picture.
        factor: the scale factor of the level.
        tiles: those that contain the region, row by row.
        box: the region in pixels of all these tiles put together.
        pipeline: the steps that are left, and the settings.
    """

    region: Region
    factor: int
    tiles: tuple[tuple[Tile, ...], ...]
    box: Box
    pipeline: Pipeline


def tile_of(pipeline: Pipeline, size: Size) -> Tile | None:
    """Return the tile that a pipeline asks for; None if it asks for anything else.

    A tile is a crop on the grid, at the pixels of its level: by a resize with `fit=fill` where
    the scale factor is not 1. Its format may be given, no other setting.
    """
    if not 1 <= len(pipeline.steps) <= 2 or pipeline.output.options != EncodeOptions():
        return None
    first, *others = pipeline.operations()
    region = _cropped(*first, size)
    if region is None:
        return None
    wanted: Size | None = region.width, region.height
    for step, operation in others:
        arguments = dict(step.arguments)
        if step.name != _RESIZE or arguments.get("fit") != "fill":
            return None
        wanted = operation.output_size((region.width, region.height), arguments)
    tile = find_tile(size, region, wanted) if wanted else None
    return tile if tile and tile.factor in scale_factors(size) else None


def part_of(pipeline: Pipeline, size: Size, limits: Limits) -> Part:
    """Return the part of the smallest level that has enough pixels for a pipeline.

    Raises:
        OutputTooLarge: a step makes more pixels than `limits` allow, or needs more than that
            of the picture itself.
        InvalidArgument: a step does not fit the picture, or another page or metadata is
            wanted, which pyramids do not have.
    """
    if pipeline.output.page > 1:
        raise InvalidArgument("page: of pictures of this size only the first page is rendered")
    if pipeline.output.options.metadata != "none":
        raise InvalidArgument(
            "strip: pictures of this size are rendered from tiles, which have no metadata; "
            "leave it out, or get the original"
        )
    check_pipeline(pipeline, size, 1, limits)
    operations = pipeline.operations()
    region = _cropped(*operations[0], size) if operations else None
    if region:
        del operations[0]
    steps = tuple(step for step, _ in operations)
    region = region or Region(0, 0, *size)
    factor = _factor(operations, region, size)
    within = level_size(size, factor)
    box = (
        region.x / factor,
        region.y / factor,
        min((region.x + region.width) / factor, within[0]),
        min((region.y + region.height) / factor, within[1]),
    )
    if factor == 1 and region.width * region.height > limits.max_output_pixels:
        raise OutputTooLarge(
            f"{steps[0].name if steps else 'crop'}: needs {region.width}x{region.height} pixels; "
            f"at most {limits.max_output_pixels} are possible; crop or resize first"
        )
    left, top = int(box[0]) // TILE_PX, int(box[1]) // TILE_PX
    right, bottom = math.ceil(box[2] / TILE_PX), math.ceil(box[3] / TILE_PX)
    return Part(
        region=region,
        factor=factor,
        tiles=tuple(
            tuple(Tile(factor, x, y) for x in range(left, right)) for y in range(top, bottom)
        ),
        box=(
            box[0] - left * TILE_PX,
            box[1] - top * TILE_PX,
            box[2] - left * TILE_PX,
            box[3] - top * TILE_PX,
        ),
        pipeline=replace(pipeline, steps=steps),
    )


def part_of_tile(tile: Tile, size: Size, pipeline: Pipeline) -> Part:
    """Return the part that is a tile, for a format other than that of the pyramid."""
    return Part(
        region=Region(0, 0, *tile_size(size, tile)),
        factor=1,
        tiles=((tile,),),
        box=(0, 0, *tile_size(size, tile)),
        pipeline=replace(pipeline, steps=()),
    )


def _factor(operations: Sequence[tuple[Step, Operation]], region: Region, size: Size) -> int:
    """Return the largest scale factor that leaves the first operation enough of `region`."""
    whole, needed = (region.width, region.height), None
    for step, operation in operations[:1]:
        needed = operation.decode_size(whole, dict(step.arguments))
    if needed is None:
        return 1
    return max(
        factor
        for factor in scale_factors(size)
        if factor == 1 or (whole[0] >= needed[0] * factor and whole[1] >= needed[1] * factor)
    )


def _cropped(step: Step, operation: Operation, size: Size) -> Region | None:
    """Return what a crop by its corner leaves; None for any other step."""
    given = dict(step.arguments)
    if step.name != _CROP or "x" not in given:
        return None
    produced = operation.output_size(size, given)
    if produced is None:
        return None
    return Region(_whole(given["x"]), _whole(given.get("y")), *produced)


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0
