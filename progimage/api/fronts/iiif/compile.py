"""From an IIIF image request and the size of a picture to a pipeline."""

from __future__ import annotations

from dataclasses import dataclass

from progimage.api.fronts.iiif.geometry import SizeLimits, plain_size, region_of, size_of
from progimage.api.fronts.iiif.grammar import ImageRequest, SizeRequest, Version, parse
from progimage.imaging import pipeline_parser
from progimage.imaging.limits import Limits
from progimage.imaging.operation import Size
from progimage.imaging.parameters import write_number
from progimage.imaging.pipeline import Pipeline
from progimage.imaging.tiles import Region

_QUALITY = {"gray": "grayscale", "bitonal": "threshold:128"}


@dataclass(frozen=True, slots=True)
class CompiledRequest:
    """What a request means for one picture: its pipeline, and its canonical spelling."""

    pipeline: Pipeline
    canonical: str


def compile_request(
    version: Version, segments: tuple[str, ...], picture: Size, limits: Limits
) -> CompiledRequest:
    """Return what region, size, rotation, and quality with format mean for a picture.

    Args:
        segments: the four parts of the path, percent-encoded.

    Raises:
        InvalidRequest: a part is not in the grammar, or does not fit the picture.
    """
    request = parse(version, segments)
    region = region_of(request.region, picture)
    size = size_of(version, request.size, region, picture, SizeLimits.of(limits))
    text = _text(_steps(request, region, size, picture), request.extension)
    return CompiledRequest(
        pipeline_parser.parse(text, limits=limits),
        _canonical(version, request, region, size, picture),
    )


def tile_pipeline(region: Region, size: Size, picture: Size, extension: str) -> Pipeline:
    """Return the pipeline that shows a region of a picture in this size."""
    return pipeline_parser.parse(_text(_scaling(region, size, picture), extension))


def _text(steps: list[str], extension: str) -> str:
    return "/".join((*steps, f"format:{extension}"))


def _steps(request: ImageRequest, region: Region, size: Size, picture: Size) -> list[str]:
    steps = _scaling(region, size, picture)
    if request.is_mirrored:
        steps.append("mirror")
    if request.degrees:
        steps.append(f"rotate:{write_number(float(request.degrees))}")
    if request.quality == "bitonal" and request.extension == "jpg":
        # JPEG has no transparency: what shows through would be grey.
        steps.append("flatten")
    if request.quality in _QUALITY:
        steps.append(_QUALITY[request.quality])
    return steps


def _scaling(region: Region, size: Size, picture: Size) -> list[str]:
    steps = []
    part = (region.width, region.height)
    if part != picture:
        steps.append(f"crop:x={region.x},y={region.y},width={region.width},height={region.height}")
    if size != part:
        enlarge = ",enlarge=true" if size[0] > part[0] or size[1] > part[1] else ""
        steps.append(f"resize:width={size[0]},height={size[1]},fit=fill{enlarge}")
    return steps


def _canonical(
    version: Version, request: ImageRequest, region: Region, size: Size, picture: Size
) -> str:
    """Return the canonical spelling (3.0, section 4.7; 2.1.1, section 4.7)."""
    part = (region.width, region.height)
    where = "full" if part == picture else ",".join(map(str, region))
    spell = _size_of_2 if version == 2 else _size_of_3
    rotation = "!" * request.is_mirrored + write_number(float(request.degrees))
    quality = request.quality if request.quality in _QUALITY else "default"
    return (
        f"{where}/{spell(request, region, size, picture)}/{rotation}/{quality}.{request.extension}"
    )


def _size_of_3(request: ImageRequest, region: Region, size: Size, _picture: Size) -> str:
    part = (region.width, region.height)
    if size == part or request.size.kind == "max":
        return "^max" if request.size.kind == "max" and size > part else "max"
    larger = size[0] > part[0] or size[1] > part[1]
    return f"{'^' * larger}{size[0]},{size[1]}"


def _size_of_2(_request: ImageRequest, region: Region, size: Size, picture: Size) -> str:
    if size == (region.width, region.height):
        return "full"
    keeps_shape = plain_size(SizeRequest("width", width=size[0]), region, picture) == size
    return f"{size[0]}," if keeps_shape else f"{size[0]},{size[1]}"
