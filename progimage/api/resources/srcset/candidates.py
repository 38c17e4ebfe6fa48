"""The renditions of a picture in several widths."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from progimage.access.signed_links import path_of_rendition
from progimage.api.requests.negotiation import offers, source_of
from progimage.api.requests.widths import Wanted
from progimage.api.responses.responsive import Candidate
from progimage.imaging.codecs import formats
from progimage.imaging.operation import Size
from progimage.imaging.pipeline import AUTO, Pipeline
from progimage.imaging.pipeline_parser import parse
from progimage.model import Record


def candidates_of(
    record: Record,
    pipeline: Pipeline,
    form: str,
    wanted: Sequence[Wanted],
    url: Callable[[str], str],
) -> list[Candidate]:
    """Return a candidate for each width, in the format `form`; `url` gives a path's address."""
    pipeline = pipeline.with_format(form)
    media_type = None if form == AUTO else formats.by_name(form).media_type
    found = []
    for width, descriptor in wanted:
        resized = with_width(pipeline, width)
        size = size_after(resized, (record.width, record.height))
        found.append(
            Candidate(
                url=url(path_of_rendition(record.id, resized)),
                descriptor=descriptor,
                width=size[0] if size else width,
                height=size[1] if size else None,
                media_type=media_type,
            )
        )
    return found


def with_width(pipeline: Pipeline, width: int) -> Pipeline:
    """Return the pipeline with a resize behind its other steps."""
    resize = parse(f"resize:width={width}").steps
    return Pipeline((*pipeline.steps, *resize), pipeline.settings)


def size_after(pipeline: Pipeline, size: Size) -> Size | None:
    """Return the size of the result, None if it depends on the pixels or is of another page."""
    if pipeline.output.page != 1:
        return None
    for step, operation in pipeline.operations():
        produced = operation.output_size(size, dict(step.arguments))
        if produced is None:
            return None
        size = produced
    return size


def formats_of(record: Record) -> list[str]:
    """Return the formats of a `<picture>`, the smallest files first."""
    modern, classic = offers(source_of(record))
    return [form.name for form in (*modern, classic)]
