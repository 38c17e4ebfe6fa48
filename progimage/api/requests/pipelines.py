"""Reading the pipelines of URLs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Protocol

from progimage.api.requests.query import Pairs
from progimage.imaging.limits import Limits
from progimage.imaging.pipeline import Pipeline
from progimage.imaging.pipeline_parser import parse

_REMEMBERED = 4_096


class PipelineParser(Protocol):
    """Reads a pipeline from a path and the arguments of its query; see `parse`."""

    def __call__(self, path: str, arguments: Pairs = ..., /) -> Pipeline: ...


def pipeline_parser(presets: Mapping[str, str], limits: Limits) -> PipelineParser:
    """Return a parser that remembers what it has read.

    Most requests use a few pipelines, and parsing one is as slow as sending a file.
    """
    return lru_cache(_REMEMBERED)(partial(parse, presets=presets, limits=limits))
