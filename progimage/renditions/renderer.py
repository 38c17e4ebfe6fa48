"""One render in a process of its own, timed and counted."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import BinaryIO

from progimage.imaging.codecs.format import Format
from progimage.imaging.limits import Limits
from progimage.imaging.making_copies import make_copies, render_with_copies
from progimage.imaging.operation import Size
from progimage.imaging.pipeline import Pipeline
from progimage.imaging.pool import RenderPool
from progimage.imaging.pyramids.parts import Part
from progimage.imaging.pyramids.rendering import render_part
from progimage.imaging.render import Rendered, render
from progimage.imaging.results import returned
from progimage.library.pyramids import StoredTiles
from progimage.stores.bytes_reader import BytesReader
from progimage.stores.temp_files import TempFolder, TemporaryReader
from progimage.telemetry import metrics, tracing

Result = TemporaryReader | BytesReader


@dataclass(frozen=True, slots=True)
class Renderer:
    """Renders pictures in a pool of processes; large results are in a temporary folder."""

    pool: RenderPool
    scratch: TempFolder
    limits: Limits

    def make(
        self,
        source: Path,
        pipeline: Pipeline,
        form: Format,
        references: Mapping[str, str],
        contents: Mapping[str, str],
        *,
        accept_damaged: bool,
        whole: Size | None = None,
    ) -> tuple[Rendered, Result]:
        """Render `source`; return the facts of the result, and a reader of it.

        `references` are files of the other pictures that the pipeline uses, by id;
        `contents` as in `Sources`. Without `accept_damaged` a picture must be whole: what
        is cached must not be made from a file that was read in part. `whole` as in `render`.
        The reader is for the caller to close.

        Raises: what `render` and `RenderPool.run` do.
        """
        limits = replace(self.limits, accept_damaged=accept_damaged)

        work = partial(
            render,
            os.fspath(source),
            pipeline,
            form=form,
            limits=limits,
            references=references,
            contents=contents,
            whole=whole,
        )
        return self._timed(work, pipeline, form)

    def make_with_copies(
        self,
        source: Path,
        px: int,
        files: Mapping[Size, Path],
        size: Size,
        pipeline: Pipeline,
        form: Format,
        content: str,
        whole: Size,
    ) -> tuple[Rendered, Result]:
        """Write working copies to `files`, and render the one of `size`; return what `make` does.

        Args:
            source: the original.
            content: names the copy of `size`, as in `Sources.contents`.

        Raises: what `render_with_copies` and `RenderPool.run` do.
        """
        targets = {size: os.fspath(path) for size, path in files.items()}
        work = partial(
            render_with_copies,
            os.fspath(source),
            px,
            targets,
            size,
            pipeline,
            form=form,
            limits=self.limits,
            contents={targets[size]: content},
            whole=whole,
        )
        return self._timed(work, pipeline, form)

    def make_part(
        self,
        source: Path,
        stored: StoredTiles,
        part: Part,
        form: Format,
        references: Mapping[str, str],
        contents: Mapping[str, str],
        *,
        accept_damaged: bool,
    ) -> tuple[Rendered, Result]:
        """Render a part of a pyramid; return what `make` does.

        `source` has the tiles of `part`, where `stored` says; the rest as in `make`.

        Raises: what `render_part` and `RenderPool.run` do.
        """
        limits = replace(self.limits, accept_damaged=accept_damaged)

        work = partial(
            render_part,
            os.fspath(source),
            stored.rows,
            stored.form,
            part,
            form=form,
            limits=limits,
            references=references,
            contents=contents,
        )
        return self._timed(work, part.pipeline, form)

    def _timed(
        self, work: Callable[[BinaryIO], Rendered], pipeline: Pipeline, form: Format
    ) -> tuple[Rendered, Result]:
        """Let `work` write a file in a render process; time and count it."""
        target = self.scratch.path()
        started = perf_counter()
        try:
            rendered, data = self.pool.run(returned, os.fspath(target), work)
        except BaseException as error:
            target.unlink(missing_ok=True)
            metrics.render_failure(type(error).__name__)
            raise
        work_ms = rendered.decode_ms + rendered.transform_ms + rendered.encode_ms
        wait_ms = max(0.0, (perf_counter() - started) * 1000 - work_ms)
        metrics.render(_named(pipeline), form.name, work_ms / 1000, wait_ms / 1000)
        timings = {"decode_ms": rendered.decode_ms, "encode_ms": rendered.encode_ms}
        tracing.record(
            f"render {_named(pipeline)}",
            (work_ms + wait_ms) / 1000,
            {"progimage.format": form.name, "progimage.wait_ms": wait_ms, **timings},
        )
        result = TemporaryReader(target) if data is None else BytesReader(data)
        return replace(rendered, wait_ms=wait_ms), result

    def make_copies(self, source: Path, px: int, files: Mapping[Size, Path]) -> None:
        """Write working copies of the picture at `source` to `files`.

        Raises: what `make_copies` and `RenderPool.run` do.
        """
        targets = {size: os.fspath(path) for size, path in files.items()}
        self.pool.run(make_copies, os.fspath(source), self.limits, px, targets)


def _named(pipeline: Pipeline) -> str:
    """Return a metric label for what a pipeline does to pixels: one of a few words."""
    names = {step.name for step in pipeline.steps}
    return names.pop() if len(names) == 1 else "several" if names else "none"
