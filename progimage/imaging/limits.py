"""Limits of source pictures and of the results of pipelines."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

HAS_VIPS = find_spec("pyvips") is not None
"""True if libvips is there, which decodes a picture without holding all its pixels."""

MAX_HELD_PIXELS = 300_000_000
"""The most pixels of a picture that Pillow decodes: they take four bytes each."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds checked before work is done; no request can raise them.

    Attributes:
        max_source_pixels: width x height x frames of a source.
        max_source_side: the longer side of a source, in pixels.
        max_frames: frames of an animation; their pixels count as those of a source do.
        accept_damaged: take a picture of which pixels are missing, if enough are there.
        max_output_pixels: width x height of any frame a step produces.
        max_output_side: the longer side of any frame a step produces.
        max_steps: steps in one pipeline, presets expanded.
    """

    max_source_pixels: int = 50_000_000
    max_source_side: int = 30_000
    max_frames: int = 5_000
    max_output_pixels: int = 40_000_000
    max_output_side: int = 8_192
    max_steps: int = 10
    accept_damaged: bool = True


def is_beyond(width: int, height: int, limits: Limits) -> bool:
    """Return whether a still picture of this size exceeds the limits of a source."""
    return width * height > limits.max_source_pixels or max(width, height) > limits.max_source_side
