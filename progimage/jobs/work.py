"""One attempt at one item of a job.

A runner calls `Work.attempt` for each item that has no outcome, from any number of threads,
processes and nodes, and calls it again if the result is `Again`. The runner decides which
process does which item, and when; see `progimage.jobs.runner`.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import NamedTuple
from urllib.parse import unquote

import structlog

from progimage import errors, keys
from progimage.imaging.codecs import formats
from progimage.imaging.limits import Limits
from progimage.imaging.pipeline_parser import parse
from progimage.ingest.ingest import Ingest, Staged
from progimage.jobs.host_limits import HostLimits
from progimage.jobs.model import Entry, Outcome, Request
from progimage.jobs.publishing import Publishing, Step
from progimage.jobs.state import Jobs
from progimage.library import Library
from progimage.model import Viewer
from progimage.origins.adoption import ORIGIN_SCHEME
from progimage.origins.purging import PurgePart, Purging
from progimage.origins.sources.source import OriginSource, Version
from progimage.renditions.renditions import Renditions
from progimage.telemetry import metrics

# The pause before the second attempt; each further pause is twice as long.
FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 60.0

# A render that failed for lack of time or memory may have met a busy machine, once.
_RENDER_ATTEMPTS = 2

log = structlog.get_logger()


class Again(NamedTuple):
    """Attempt the item again after `after_s` seconds; `is_counted` says if this was an attempt."""

    after_s: float
    is_counted: bool


@dataclass(eq=False)
class Work:
    """Imports and renders single items, and purges parts of origins.

    Args:
        attempts: the most downloads of one URL, and the most attempts to publish its picture.
        origins: sources of the pictures with the addresses `origin://name/key`, by name.
    """

    jobs: Jobs
    library: Library
    ingest: Ingest
    renders: Renditions
    hosts: HostLimits
    limits: Limits
    publishing: Publishing
    purging: Purging
    _: KW_ONLY
    attempts: int
    origins: Mapping[str, OriginSource] = field(default_factory=dict)
    _is_over: bool = field(default=False, init=False)

    def stop(self) -> None:
        """Store no more failures: the resources of this process are being closed."""
        self._is_over = True

    def attempt(self, request: Request, number: int, entry: Entry, before: int) -> Again | None:
        """Do an item and store its outcome, or return when to try again.

        Args:
            before: how many counted attempts there were before.
        """
        try:
            outcome = self._run(request, number, entry)
            if isinstance(outcome, Again):
                return outcome
        except errors.ProgImageError as error:
            again = self._again(error, before)
            if again is not None:
                return again
            outcome = self._failed(request, number, error)
        except Exception as error:
            if isinstance(error, OSError) and before + 1 < self.attempts:
                # A full disk or too many open files, which may be temporary.
                log.warning("an item of a job waits", job=request.id, item=number, exc_info=error)
                return Again(_pause_s(before), is_counted=True)
            log.exception("unexpected error in a job", job=request.id, item=number)
            detail = "an unexpected error; the server's log has the details"
            outcome = Outcome(error="InternalError", detail=detail)
        if self._is_over and outcome.error:
            return Again(0.0, is_counted=False)
        try:
            self.jobs.outcomes.create(request, number, outcome)
            self.publishing.forget(request, number)
        except errors.StoreUnavailable as error:
            return self._again(error, before)
        metrics.job_item(request.kind, failed=bool(outcome.error))
        return None

    def _run(self, request: Request, number: int, entry: Entry) -> Outcome | Again:
        if entry.error:
            return Outcome(error=errors.InvalidField.__name__, detail=entry.error)
        if request.kind == "import":
            return self._import(request, number, entry.value)
        if request.kind == "purge":
            return Outcome(purged=self.purging.purge(PurgePart.parse(entry.value)))
        return self._render(request, entry.value, request.transform_of(number))

    def _import(self, request: Request, number: int, url: str) -> Outcome | Again:
        step = self.publishing.step(request, number)
        if step is None:
            # An origin belongs to the operator, so it has no limits per host.
            is_foreign = not url.startswith(ORIGIN_SCHEME)
            with self.hosts.turn(url) if is_foreign else nullcontext(0.0) as wait_s:
                if wait_s:
                    return Again(wait_s, is_counted=False)
                staged = self._fetch(url)
            with staged:
                step = Step(*self.ingest.add(staged, request.metadata, request.owner))
        if request.publish:
            self.publishing.imported(request, number, step)
            self.publishing.publish(request, step)
        return Outcome(image_id=step.record.id, is_new=step.is_new, published=step.published)

    def _fetch(self, url: str) -> Staged:
        """Receive the picture at a URL, or at an origin."""
        if not url.startswith(ORIGIN_SCHEME):
            return self.ingest.fetch(url)
        name, _, quoted = url.removeprefix(ORIGIN_SCHEME).partition("/")
        source, key = self.origins.get(name), unquote(quoted)
        if source is None:
            raise errors.OriginMissing(f"there is no origin {name!r} any more")
        with source.open(key) as answer:
            assert isinstance(answer, Version)  # noqa: S101  # no known version was given
            staged = self.ingest.receive(answer.stream, key.rpartition("/")[2])
        return replace(staged, imported_from=url)

    def _failed(self, request: Request, number: int, error: errors.ProgImageError) -> Outcome:
        step = self.publishing.step(request, number)
        return Outcome(
            image_id=step.record.id if step else "",
            is_new=step.is_new if step else False,
            error=type(error).__name__,
            detail=str(error),
        )

    def _render(self, request: Request, image_id: str, transform: str) -> Outcome:
        viewer = Viewer(name=request.owner)
        pipeline = parse(transform, limits=self.limits)
        if pipeline.format is None:
            record = self.library.find(viewer, image_id)
            own = formats.by_media_type(record.media_type)
            form = formats.nearest_writable(own, has_alpha=record.has_alpha)
        else:
            form = formats.by_name(pipeline.format)
        self.renders.find_or_render(viewer, image_id, pipeline, form).reader.close()
        name = keys.rendition_name(pipeline.canonical, form.extension)
        return Outcome(image_id=image_id, rendition=name)

    def _again(self, error: errors.ProgImageError, before: int) -> Again | None:
        pause_s = _pause_s(before)
        if isinstance(error, errors.StoreUnavailable):
            # Not the fault of the item: it waits until the store is back.
            return Again(pause_s, is_counted=False)
        if isinstance(error, errors.Overloaded):
            return Again(max(pause_s, error.retry_after_s), is_counted=False)
        if isinstance(error, errors.RenderTimeout | errors.RenderFailed):
            attempts = _RENDER_ATTEMPTS
        elif isinstance(error, errors.RemoteFailed) and error.retryable:
            attempts = self.attempts
            pause_s = min(max(pause_s, error.retry_after_s or 0), _LONGEST_PAUSE_S)
        else:
            return None
        return Again(pause_s, is_counted=True) if before + 1 < attempts else None


def _pause_s(before: int) -> float:
    return min(FIRST_PAUSE_S * 2.0**before, _LONGEST_PAUSE_S)
