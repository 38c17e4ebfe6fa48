"""The transform policy: which pipelines clients may request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from progimage.errors import InvalidRequest, TransformNotAllowed
from progimage.imaging.limits import Limits
from progimage.imaging.pipeline import Pipeline
from progimage.imaging.pipeline_parser import parse

Mode = Literal["open", "presets", "signed"]

_SHOWN = 20


class TransformPolicy:
    """Decides by the setting `transforms.policy` whether a pipeline is allowed.

    A preset is compared by its canonical form, not by its name, so the canonical URL of
    its rendition is allowed too. A preset without a format is allowed in every format, one
    with a format only in that one.
    """

    def __init__(self, mode: Mode, presets: Mapping[str, str], limits: Limits) -> None:
        self.mode = mode
        self.presets = sorted(presets)
        self._limits = limits
        pipelines = [parse(text, limits=limits) for text in presets.values()]
        self._in_any_format = {
            pipeline.canonical for pipeline in pipelines if pipeline.format is None
        }
        self._with_format = {str(pipeline) for pipeline in pipelines}

    def is_open(self, pipeline: Pipeline) -> bool:
        """Return True if every client may request it, without a signature."""
        return (
            self.mode == "open"
            or pipeline.canonical in self._in_any_format
            or str(pipeline) in self._with_format
        )

    def is_name_open(self, name: str) -> bool:
        """Return True if a rendition of this name (`keys.rendition_name`) is open to everybody.

        A name that is a digest counts as not open.
        """
        if self.mode == "open":
            return True
        try:
            path = name.removeprefix("original") if name.startswith("original.") else name
            return self.is_open(parse(path, limits=self._limits))
        except InvalidRequest:
            return False

    def check(self, pipeline: Pipeline, *, is_signed: bool) -> None:
        """Check that a request for a pipeline is allowed.

        Raises:
            TransformNotAllowed: the pipeline is not open, nor signed under the policy "signed".
        """
        if self.is_open(pipeline) or (is_signed and self.mode == "signed"):
            return
        if self.mode == "signed":
            raise TransformNotAllowed(
                f"this service renders {self._offered} for everybody, and other transforms only by "
                "signed links; POST /images/<id>/links/ signs one, or sign it with a link key"
            )
        raise TransformNotAllowed(
            f"this service renders {self._offered} and no other transforms; "
            "GET /transforms/ lists them"
        )

    def check_creation(self, pipeline: Pipeline | None, *, is_account: bool) -> None:
        """Check that a client may create a link to a pipeline, or a job that renders it.

        Under the policy "signed" only an account may do so with a pipeline that is not a
        preset.

        Args:
            pipeline: None for every pipeline.

        Raises:
            TransformNotAllowed: the policy does not allow it, or only for accounts.
        """
        if pipeline is not None:
            self.check(pipeline, is_signed=True)
        if self.mode != "signed" or is_account or (pipeline and self.is_open(pipeline)):
            return
        raise TransformNotAllowed(
            f"this service renders {self._offered} for everybody; links to other transforms, and "
            "jobs, need an account or a link key"
        )

    @property
    def _offered(self) -> str:
        names = ", ".join(self.presets[:_SHOWN]) + (", …" if len(self.presets) > _SHOWN else "")
        return f"its presets ({names})" if names else "its presets (none are configured)"
