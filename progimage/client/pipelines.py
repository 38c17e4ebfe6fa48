"""Pipelines that are independent of an image."""

from __future__ import annotations

from progimage.client.operations import Operations
from progimage.client.steps import Path, rendition_path


class Pipeline(Operations["Pipeline"]):
    """Transform steps for any image: `Pipeline().resize(w=400).grayscale().webp()`."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or Path()

    def _with_step(self, step: str) -> Pipeline:
        return Pipeline(self.path.then(step))

    def to_format(self, extension: str) -> Pipeline:
        """Return the same steps with the result in another format, such as "webp" or "auto"."""
        return Pipeline(self.path.to_format(extension))

    def __str__(self) -> str:
        return str(self.path)

    def __repr__(self) -> str:
        return f"Pipeline({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pipeline) and other.path == self.path

    def __hash__(self) -> int:
        return hash(self.path)


def path_of(image_id: str, pipeline: str | Pipeline, format: str | None) -> str:
    """Return the path of a rendition, or of the original without a pipeline and a format."""
    if isinstance(pipeline, Pipeline):
        path = pipeline.path.to_format(format) if format else pipeline.path
        return path.of(image_id)
    return rendition_path(image_id, pipeline, format or "")
