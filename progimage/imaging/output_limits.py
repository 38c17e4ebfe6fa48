"""Checks that the results of a pipeline are within the limits, before any pixel is computed."""

from __future__ import annotations

from progimage.errors import OutputTooLarge
from progimage.imaging.limits import Limits
from progimage.imaging.operation import Size
from progimage.imaging.pipeline import Pipeline


def check_pipeline(pipeline: Pipeline, size: Size, frames: int, limits: Limits) -> None:
    """Prove that no step makes more of a picture of `size` than `limits` allow.

    Where the size of a result depends on the pixels, this step and those after it are
    not checked here; the runner checks each step again with its real size.

    Raises:
        OutputTooLarge: naming the step.
        InvalidArgument: a step does not fit a picture of this size.
    """
    if not pipeline.steps:
        check_frames("the picture itself", size, frames, limits)
    for number, (step, operation) in enumerate(pipeline.operations()):
        produced = operation.output_size(size, dict(step.arguments))
        if produced is None:
            return
        check_step(pipeline, number, size, produced, frames, limits)
        size = produced


def check_step(
    pipeline: Pipeline, number: int, before: Size, after: Size, frames: int, limits: Limits
) -> None:
    """Check the result of one step, as `check_frames` does.

    A part of a picture that the next step resizes may be as large as the picture: cutting it
    out costs little, and only the result of the resize is passed on.
    """
    operations = pipeline.operations()
    is_part = after != before and after[0] <= before[0] and after[1] <= before[1]
    if is_part and number + 1 < len(operations) and operations[number + 1][1].resizes:
        return
    check_frames(operations[number][0].name, after, frames, limits)


def check_frames(where: str, size: Size, frames: int, limits: Limits) -> None:
    """Raise `OutputTooLarge` unless that many frames of `size` are within `limits`.

    The frames of an animation together may have as many pixels as a source may have.
    """
    width, height = size
    if max(size) > limits.max_output_side:
        raise OutputTooLarge(
            f"{where}: would be {width}x{height} pixels; "
            f"a side may have at most {limits.max_output_side}; resize first"
        )
    if width * height > limits.max_output_pixels:
        raise OutputTooLarge(
            f"{where}: would be {width}x{height} pixels; "
            f"at most {limits.max_output_pixels} in all are allowed; resize first"
        )
    if frames > 1 and width * height * frames > limits.max_source_pixels:
        raise OutputTooLarge(
            f"{where}: would be {frames} frames of {width}x{height} pixels; "
            f"at most {limits.max_source_pixels} in all are allowed; resize first"
        )
