"""The result of every foreign URL grammar: a source, and a pipeline for its size."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from progimage.errors import ProgImageError
from progimage.imaging.codecs import formats
from progimage.imaging.codecs.pages import DOCUMENTS, has_pages
from progimage.imaging.pipeline import Pipeline

Size = tuple[int, int]
"""Width and height in pixels, of the picture as it is shown (its orientation applied)."""


class ForeignUrlError(ProgImageError):
    """A foreign URL cannot be served; `status` is what the other service answers."""

    def __init__(self, detail: str, status: int) -> None:
        super().__init__(detail)
        self.status = status


@dataclass(frozen=True, slots=True)
class ForeignSource:
    """The picture that a foreign URL is about.

    Attributes:
        size: of the whole picture.
        format: the name of its format; "" if it is not known.
        measure: returns the size of the picture after steps such as `trim:10`, whose result
            depends on the pixels; None: such steps count as leaving the whole picture.
    """

    size: Size
    format: str = ""
    measure: Callable[[str], Size] | None = None

    @property
    def has_pages(self) -> bool:
        """True if it may have several pages, or frames."""
        return not self.format or has_pages(formats.by_name(self.format))

    def size_after(self, *steps: str, page: int = 1) -> Size:
        """Return the size after these steps, of a page."""
        if page > 1 and self.format and formats.by_name(self.format) in DOCUMENTS:
            steps = (*steps, f"page:{page}")
        return self.measure("/".join(steps)) if steps and self.measure else self.size


@dataclass(frozen=True, slots=True)
class Compiled:
    """A foreign URL in terms of this service.

    Attributes:
        pipeline: the steps and settings; None for the source itself.
        file_name: the name for saving; "" if the URL gives none.
        is_attachment: the client should save the picture and not show it.
    """

    pipeline: Pipeline | None
    file_name: str = ""
    is_attachment: bool = False


class ForeignUrl(Protocol):
    """A URL that was read and whose signature was checked."""

    @property
    def source(self) -> str:
        """The source as the URL spells it, decoded once, such as `s3://media/a.jpg`."""
        ...

    @property
    def is_facts(self) -> bool:
        """True if the URL asks for facts about the source (JSON), not for a picture."""
        ...

    def compile(self, source: ForeignSource) -> Compiled:
        """Return the pipeline for this source, with the name of the file.

        Raises:
            ForeignUrlError: an option is known but not supported, or passes a limit.
        """
        ...


def round_half_up(value: float) -> int:
    """Round to the nearest integer, halves away from zero, as Go's `math.Round` does."""
    return math.floor(abs(value) + 0.5) * (1 if value >= 0 else -1)
