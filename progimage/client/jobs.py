"""Bulk work on the server: imports of many URLs, renders ahead of time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from progimage.client.drivers import M
from progimage.client.effects import Ask, Emit, Pause, Stream, Talk
from progimage.client.endpoints import delete_at
from progimage.client.errors import JobCancelled, TimedOut, UnexpectedAnswer
from progimage.client.methods import Bound, call, stream
from progimage.client.search import Where, fetch_part
from progimage.client.steps import job_path

_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 2.0


State = Literal["pending", "complete", "failed"]


@dataclass(frozen=True, repr=False)
class Job(Bound[M]):
    """A job as it was when it was read.

    Attributes:
        kind: import or render.
        status: pending, in-progress, complete or cancelled.
        total, pending, complete, failed: how many items it has, and how many are so.
    """

    _driver: M = field(compare=False)
    id: str
    kind: str
    status: str
    created: str
    finished: str | None
    total: int
    pending: int
    complete: int
    failed: int

    @property
    def is_over(self) -> bool:
        """True if nothing will happen to it any more."""
        return self.status in ("complete", "cancelled")

    @stream
    def items(self, state: State | None = None) -> Stream[dict[str, Any]]:
        """Yield what became of each item: `url`, `id`, `error` and so on, as the server says."""
        said = [("state", state)] if state else []
        where: Where | None = Where(job_path(self.id), said)
        while where is not None:
            document, where = yield from fetch_part(self._driver, where)
            for entries in items_of(document).values():
                for entry in entries:
                    yield Emit(entry)

    @call
    def refresh(self) -> Talk[Job[M]]:
        """Return the job as it is now."""
        return (yield from fetch_job(self._driver, self.id))

    @call
    def cancel(self) -> Talk[None]:
        """Stop it; what it has done stays done."""
        yield from delete_at(self._driver, job_path(self.id))

    @call
    def wait(
        self,
        progress: Callable[[Job[M]], object] | None = None,
        timeout_s: float | None = None,
    ) -> Talk[Job[M]]:
        """Return the job when it is complete; `progress` is called with each news of it.

        Raises:
            JobCancelled: somebody cancelled it.
            TimedOut: it was not over after `timeout_s`; it goes on.
        """
        job, waited_s, pause_s = self, 0.0, _FIRST_PAUSE_S
        while True:
            job = yield from fetch_job(self._driver, self.id)
            if progress is not None:
                progress(job)
            if job.status == "cancelled":
                raise JobCancelled(f"job {self.id} was cancelled")
            if job.is_over:
                return job
            if timeout_s is not None and waited_s >= timeout_s:
                raise TimedOut(f"job {self.id} was not over after {timeout_s:g} s; it goes on")
            yield Pause(pause_s)
            waited_s += pause_s
            pause_s = min(pause_s * 1.5, _LONGEST_PAUSE_S)

    def __repr__(self) -> str:
        done = self.complete + self.failed
        return f"<Job {self.id} {self.status}, {done} of {self.total}, {self.failed} failed>"


def start_job(driver: M, body: Mapping[str, Any]) -> Talk[Job[M]]:
    """Ask for work to be done; return the job that does it."""
    # Sent twice it would be done twice.
    ask = Ask("POST", "/jobs/", json=body, is_repeatable=False)
    answer = yield from driver.session.exchange(ask)
    return job_of(driver, answer.document)


def fetch_job(driver: M, job_id: str) -> Talk[Job[M]]:
    """Return a job."""
    answer = yield from driver.session.exchange(Ask("GET", job_path(job_id), [("limit", "0")]))
    return job_of(driver, answer.document)


def job_of(driver: M, document: Mapping[str, Any]) -> Job[M]:
    """Read what the server says of a job.

    Raises:
        UnexpectedAnswer: that is no job.
    """
    name, status, counts = document.get("id"), document.get("status"), document.get("counts")
    if not isinstance(name, str) or not isinstance(status, str):
        raise UnexpectedAnswer("the server sent a job without an id or a status")
    if not isinstance(counts, Mapping):
        counts = {state: len(entries) for state, entries in items_of(document).items()}
    try:
        numbers = {state: int(counts.get(state, 0)) for state in get_args(State)}
    except (TypeError, ValueError):
        raise UnexpectedAnswer("the server sent a job with counts that are none") from None
    return Job(
        driver,
        id=name,
        kind=str(document.get("kind") or ""),
        status=status,
        created=str(document.get("created") or ""),
        finished=document.get("finished"),
        total=sum(numbers.values()),
        **numbers,
    )


def items_of(document: Mapping[str, Any]) -> dict[State, list[dict[str, Any]]]:
    """Return the items that a job's document shows, by their state."""
    uploaded = document.get("uploaded")
    if not isinstance(uploaded, Mapping):
        return {}
    return {state: list(uploaded.get(state) or ()) for state in get_args(State)}
