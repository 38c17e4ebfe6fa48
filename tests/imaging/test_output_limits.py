"""What a pipeline may make is known before it is made."""

from __future__ import annotations

import pytest

from progimage.errors import OutputTooLarge
from progimage.imaging.limits import Limits
from progimage.imaging.output_limits import check_frames, check_pipeline
from progimage.imaging.pipeline_parser import parse

LIMITS = Limits(max_output_pixels=10_000, max_output_side=200, max_source_pixels=50_000)


@pytest.mark.parametrize(
    ("size", "frames"), [((200, 50), 1), ((100, 100), 1), ((100, 100), 5), ((1, 200), 1)]
)
def test_sizes_up_to_the_limits_are_allowed(size, frames):
    check_frames("it", size, frames, LIMITS)


@pytest.mark.parametrize(
    ("size", "frames", "words"),
    [
        ((201, 1), 1, "a side may have at most 200"),
        ((101, 100), 1, "at most 10000 in all"),
        ((100, 100), 6, "6 frames of 100x100"),
    ],
)
def test_larger_ones_are_errors_that_name_the_limit(size, frames, words):
    with pytest.raises(OutputTooLarge, match=words):
        check_frames("it", size, frames, LIMITS)


def test_the_step_that_makes_too_much_is_named():
    pipeline = parse("grayscale/resize:width=150,height=150,fit=fill,enlarge=true/blur")
    with pytest.raises(OutputTooLarge, match=r"^resize: "):
        check_pipeline(pipeline, (50, 50), 1, LIMITS)


def test_a_part_that_is_resized_next_may_be_large():
    size = (1_000, 1_000)
    check_pipeline(parse("crop:x=0,y=0,width=900,height=900/resize:width=90"), size, 1, LIMITS)
    with pytest.raises(OutputTooLarge, match=r"^crop: "):
        check_pipeline(parse("crop:x=0,y=0,width=900,height=900/blur"), size, 1, LIMITS)


def test_a_picture_without_steps_has_to_fit_too():
    with pytest.raises(OutputTooLarge, match=r"^the picture itself: "):
        check_pipeline(parse("format:webp"), (300, 10), 1, LIMITS)
