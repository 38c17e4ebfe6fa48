"""The transform policy: which pipelines anybody may have made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from progimage.errors import InvalidRequest, TransformRefused
from progimage.imaging.limits import Limits
from progimage.imaging.pipeline import Pipeline, parse

Mode = Literal["open", "presets", "signed"]

_SHOWN = 20


class TransformPolicy:
    """What `transforms.policy` says.

    A preset is known by what it does, not by its name: its canonical form, which is
    where its rendition's URL leads, is as good. A preset that leaves the format open may
    be had in every format, one that names a format in that one.
    """

    def __init__(self, mode: Mode, presets: Mapping[str, str], limits: Limits) -> None:
        self.mode = mode
        self.presets = sorted(presets)
        self._limits = limits
        made = [parse(text, limits=limits) for text in presets.values()]
        self._in_any_format = {pipeline.canonical for pipeline in made if pipeline.format is None}
        self._as_they_are = {str(pipeline) for pipeline in made}

    def is_open(self, pipeline: Pipeline) -> bool:
        """True if anybody may have it made, without a signature."""
        return (
            self.mode == "open"
            or pipeline.canonical in self._in_any_format
            or str(pipeline) in self._as_they_are
        )

    def is_name_open(self, name: str) -> bool:
        """True if a rendition of this name, see `keys.rendition_name`, is open to anybody.

        A name that a digest stands in for tells nothing, and counts as not open.
        """
        if self.mode == "open":
            return True
        try:
            path = name.removeprefix("original") if name.startswith("original.") else name
            return self.is_open(parse(path, limits=self._limits))
        except InvalidRequest:
            return False

    def check(self, pipeline: Pipeline, *, is_signed: bool) -> None:
        """Let pass what is open, and under the policy "signed" what is signed.

        Raises:
            TransformRefused: the policy does not allow it, and what it does allow.
        """
        if self.is_open(pipeline) or (is_signed and self.mode == "signed"):
            return
        if self.mode == "signed":
            raise TransformRefused(
                f"this service makes {self._offered} for anybody and all else by signed links "
                "only; POST /images/<id>/links/ signs one, or sign it with a link key"
            )
        raise TransformRefused(
            f"this service makes {self._offered} and no other transforms; "
            "GET /transforms/ lists them"
        )

    def check_order(self, pipeline: Pipeline | None, *, is_account: bool) -> None:
        """Let somebody order what others will ask for: a link, or renditions by a job.

        `pipeline` is None for any. Under the policy "signed" only an account may order
        what is no preset: to nobody in particular signatures are to be a bar.

        Raises:
            TransformRefused: it would not be let in, or not be ordered by just anybody.
        """
        if pipeline is not None:
            self.check(pipeline, is_signed=True)
        if self.mode != "signed" or is_account or (pipeline and self.is_open(pipeline)):
            return
        raise TransformRefused(
            f"this service makes {self._offered} for anybody; links to all else, and jobs, are "
            "for accounts, or for who has a link key"
        )

    @property
    def _offered(self) -> str:
        names = ", ".join(self.presets[:_SHOWN]) + (", …" if len(self.presets) > _SHOWN else "")
        return f"its presets ({names})" if names else "its presets, of which it has none,"
