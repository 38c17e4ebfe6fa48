# Generated from progimage/client/asynchronous by `make client`. Do not edit.
"""Jobs of the server: imports of many URLs, renders ahead of time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from progimage.client.blocking.endpoints import delete
from progimage.client.blocking.images import Image
from progimage.client.blocking.pages import documents, pages
from progimage.client.blocking.session import Session
from progimage.client.concurrency import pause
from progimage.client.errors import JobCancelled, TimedOut, UnexpectedAnswer
from progimage.client.fields import UploadFields
from progimage.client.messages import Request
from progimage.client.pipelines import Pipeline
from progimage.client.records import Visibility
from progimage.client.steps import job_path

_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 2.0


State = Literal["pending", "complete", "failed"]


@dataclass(frozen=True, repr=False)
class Job:
    """A job as it was when it was read.

    Attributes:
        kind: import, render or purge.
        status: pending, in-progress, complete or cancelled.
        total, pending, complete, failed: the number of its items, and of those in each state.
        more_after: of an import from an origin, the key after which the next job continues;
            "" at the end.
    """

    _session: Session = field(compare=False)
    id: str
    kind: str
    status: str
    created: str
    finished: str | None
    total: int
    pending: int
    complete: int
    failed: int
    more_after: str = ""

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.status in ("complete", "cancelled")

    def items(self, state: State | None = None) -> Iterator[dict[str, Any]]:
        """Yield its items, or those in a state: `url`, `id`, `error` and so on."""
        parameters = [("state", state)] if state else []
        for document in documents(self._session, job_path(self.id), parameters):
            for entries in items_of(document).values():
                for entry in entries:
                    yield entry

    def refresh(self) -> Job:
        """Return the job as it is now."""
        return fetch_job(self._session, self.id)

    def cancel(self) -> None:
        """Stop it; items that are done stay done."""
        delete(self._session, job_path(self.id))

    def wait(
        self,
        progress: Callable[[Job], object] | None = None,
        timeout_s: float | None = None,
    ) -> Job:
        """Wait until the job is complete and return it.

        Args:
            progress: called with the job each time it was read.
            timeout_s: how long to wait at most.

        Raises:
            JobCancelled: it was cancelled.
            TimedOut: it was not complete after `timeout_s`; it continues on the server.
        """
        waited_s, pause_s = 0.0, _FIRST_PAUSE_S
        while True:
            job = fetch_job(self._session, self.id)
            if progress is not None:
                progress(job)
            if job.status == "cancelled":
                raise JobCancelled(f"job {self.id} was cancelled")
            if job.is_over:
                return job
            if timeout_s is not None and waited_s >= timeout_s:
                raise TimedOut(
                    f"job {self.id} was not complete after {timeout_s:g} s; "
                    "it continues on the server"
                )
            pause(pause_s)
            waited_s += pause_s
            pause_s = min(pause_s * 1.5, _LONGEST_PAUSE_S)

    def __repr__(self) -> str:
        done = self.complete + self.failed
        return f"<Job {self.id} {self.status}, {done} of {self.total}, {self.failed} failed>"


def start_job(session: Session, body: Mapping[str, Any]) -> Job:
    """Create a job and return it."""
    # Sent twice, it would create two.
    request = Request("POST", "/jobs/", json=body, is_repeatable=False)
    return job_of(session, (session.request(request)).document)


def fetch_job(session: Session, job_id: str) -> Job:
    """Return a job."""
    response = session.request(Request("GET", job_path(job_id), [("limit", "0")]))
    return job_of(session, response.document)


def job_of(session: Session, document: Mapping[str, Any]) -> Job:
    """Return the job of a JSON document.

    Raises:
        UnexpectedAnswer: it is not a job.
    """
    name, status, counts = document.get("id"), document.get("status"), document.get("counts")
    if not isinstance(name, str) or not isinstance(status, str):
        raise UnexpectedAnswer("the server sent a job without an id or a status")
    if not isinstance(counts, Mapping):
        counts = {state: len(entries) for state, entries in items_of(document).items()}
    try:
        numbers = {state: int(counts.get(state, 0)) for state in get_args(State)}
    except (TypeError, ValueError):
        raise UnexpectedAnswer("the server sent a job with invalid counts") from None
    return Job(
        session,
        id=name,
        kind=str(document.get("kind") or ""),
        status=status,
        created=str(document.get("created") or ""),
        finished=document.get("finished"),
        total=sum(numbers.values()),
        **numbers,
        more_after=str(document.get("more_after") or ""),
    )


def items_of(document: Mapping[str, Any]) -> dict[State, list[dict[str, Any]]]:
    """Return the items in a job's document by their state."""
    uploaded = document.get("uploaded")
    if not isinstance(uploaded, Mapping):
        return {}
    return {state: list(uploaded.get(state) or ()) for state in get_args(State)}


class JobCalls:
    """Start and find jobs."""

    _session: Session

    def import_urls(
        self,
        urls: Iterable[str],
        *,
        title: str = "",
        description: str = "",
        tags: Iterable[str] = (),
        visibility: Visibility | None = None,
    ) -> Job:
        """Start a job in which the server fetches images from URLs; return the job."""
        fields = UploadFields(title, description, tags, visibility)
        return start_job(self._session, {"urls": list(urls), **fields.values()})

    def adopt(
        self,
        origin: str,
        *,
        prefix: str = "",
        after: str = "",
        title: str = "",
        description: str = "",
        tags: Iterable[str] = (),
        visibility: Visibility | None = None,
    ) -> Job:
        """Start a job that imports the images of an origin of the server; return the job.

        Args:
            prefix: only keys with this prefix.
            after: only keys after this one: `more_after` of the previous job.
        """
        fields = UploadFields(title, description, tags, visibility)
        body = {"origin": origin, "prefix": prefix, "after": after, **fields.values()}
        return start_job(self._session, body)

    def prerender(self, images: Iterable[str | Image], transforms: Iterable[str | Pipeline]) -> Job:
        """Start a job that renders each image with each transform; return the job."""
        ids = [image if isinstance(image, str) else image.id for image in images]
        body = {"images": ids, "transforms": [str(transform) for transform in transforms]}
        return start_job(self._session, body)

    def job(self, job_id: str) -> Job:
        """Return a job."""
        return fetch_job(self._session, job_id)

    def jobs(self) -> Iterator[Job]:
        """Yield all jobs, newest first."""
        for page in pages(self._session, "/jobs/"):
            for document in page["data"]:
                yield job_of(self._session, document)
