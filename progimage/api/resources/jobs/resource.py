"""`/jobs/`: create, list, follow and cancel bulk imports and renders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast, get_args
from urllib.parse import urlencode

import falcon

from progimage.access.admission import Admission
from progimage.api.auth.authentication import author_of
from progimage.api.components import Components
from progimage.api.openapi import schemas
from progimage.api.openapi.documented import Answer, Content, Named, Parameter, documented
from progimage.api.openapi.pages import page_size
from progimage.api.requests.body import Body
from progimage.api.requests.json_body import read_json_object
from progimage.api.requests.media_type import JSON, check_media_type
from progimage.api.requests.query import pairs
from progimage.api.requests.search import QueryParameters
from progimage.api.resources.jobs import documents
from progimage.api.resources.jobs.creation import JobFactory, job_requests
from progimage.api.resources.listing import CURSOR
from progimage.api.responses import events, hal
from progimage.errors import (
    DownloadNotAllowed,
    Forbidden,
    InvalidArgument,
    InvalidRequest,
    Overloaded,
    TransformNotAllowed,
    Unauthenticated,
)
from progimage.imaging.did_you_mean import shown
from progimage.jobs import keys
from progimage.jobs.model import Counts, Item, Progress, Request, State

DEFAULT_LIMIT = 100
_PAGING = (page_size("jobs", 100, 20), CURSOR)
_QUERY = (
    Parameter(
        "limit",
        "The number of distinct items to list; 0 for the counts alone.",
        {"type": "integer", "minimum": 0, "maximum": 1_000, "default": DEFAULT_LIMIT},
    ),
    Parameter(
        "cursor",
        "The position to continue from, as in `next`.",
        {"type": "integer", "minimum": 0},
    ),
    Parameter("state", "List only items in this state.", {"enum": list(get_args(State))}),
)
_HINT = 'send application/json: {"urls": […]} or {"images": […], "transforms": […]}'


class JobResource:
    """`/jobs/`, where they are created and listed, and `/jobs/<id>/`."""

    def __init__(self, parts: Components) -> None:
        self._jobs = parts.jobs
        self._settings = parts.settings
        self._urls = parts.urls
        self._factory = JobFactory(parts)
        self._admission = parts.uploading
        self._streaming = Admission(parts.settings.jobs.streams, "streams of progress")
        self._announce = parts.announce_job
        self._is_stopping = parts.is_stopping

    @documented(
        "job",
        "jobs",
        {
            202: Answer(
                "The job is stored; the work begins soon.",
                {schemas.JSON: documents.JOB},
                ("Location",),
            )
        },
        body=Content(
            {schemas.JSON: Named("JobRequest", job_requests)},
            examples={
                schemas.JSON: {
                    "urls": ["https://example.com/a.jpg", "https://example.com/b.jpg"],
                    "tags": ["sea"],
                }
            },
        ),
        errors=(
            InvalidArgument,
            DownloadNotAllowed,
            TransformNotAllowed,
            Forbidden,
            415,
            Overloaded,
        ),
    )
    def on_post_all(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Import many pictures, or render many; the answer comes before the work begins.

        Blank or malformed entries do not stop a job: they are listed as failed. A repeated
        entry is worked on once.
        """
        check_media_type(req, (JSON,), _HINT)
        with self._admission.admit():
            self._jobs.check_room(self._settings.jobs.max_waiting)
            with Body(req, self._settings.upload) as body:
                fields = read_json_object(body, self._settings.upload.max_json_bytes)
            request, entries = self._factory.create(fields, author_of(req), self._jobs.clock())
            self._jobs.create(request, entries)
        self._announce(request)
        items = [
            Item(number, entries[number // request.width], request.transform_of(number), None)
            for number in range(min(request.items, DEFAULT_LIMIT))
        ]
        following = DEFAULT_LIMIT if request.items > DEFAULT_LIMIT else None
        progress = Progress(request, "pending", Counts(request.total, 0, 0))
        resp.status = falcon.HTTP_202
        resp.media = self._document(req, progress, items, following, {})
        resp.location = self._absolute(req, hal.job(request.id))

    @documented(
        "jobs",
        "jobs",
        {200: Answer("A page.", {schemas.JSON: documents.COLLECTION}, ("Cache-Control",))},
        parameters=_PAGING,
        errors=(Unauthenticated,),
    )
    def on_get_all(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send the jobs of the account, newest first."""
        parameters = QueryParameters(pairs(req), _PAGING)
        limit = parameters.whole_number("limit")
        after = parameters.one("cursor") or ""
        if after and not keys.is_position(after):
            raise InvalidRequest("cursor: expected the cursor in 'next' of an earlier answer")
        found, following = self._jobs.owned(author_of(req).name, limit, after)
        query = parameters.encoded(without=("cursor",), cursor=following) if following else None
        resp.media = {
            "kind": "Collection",
            "data": [
                documents.summary(self._jobs.progress(request), self._urls) for request in found
            ],
            "next": self._urls.relative(f"/jobs/?{query}") if query else None,
        }
        resp.set_header("Cache-Control", "private, no-store")

    @documented(
        "job",
        "jobs",
        {
            200: Answer(
                "The progress of the job.",
                {schemas.JSON: documents.JOB, events.MEDIA_TYPE: {"type": "string"}},
                ("Cache-Control", "Vary"),
            ),
            204: Answer("The stream was read to its end."),
        },
        parameters=(documents.JOB_ID, *_QUERY),
        errors=(Unauthenticated, Overloaded),
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response, job_id: str) -> None:
        """Send the progress of a job, or with `Accept: text/event-stream` every change of it."""
        request = self._jobs.find(author_of(req).name, job_id)
        resp.set_header("Vary", "Accept")
        resp.set_header("Cache-Control", "private, no-store")
        kinds = (falcon.MEDIA_JSON, events.MEDIA_TYPE)
        if req.method == "GET" and req.client_prefers(kinds) == events.MEDIA_TYPE:
            self._stream(req, resp, request)
        else:
            self._send(req, resp, request, QueryParameters(pairs(req), _QUERY))

    @documented(
        "job",
        "jobs",
        {204: Answer("No further item begins; finished items stay.")},
        parameters=(documents.JOB_ID,),
    )
    def on_delete(self, req: falcon.Request, resp: falcon.Response, job_id: str) -> None:
        """Cancel a job that has not ended."""
        self._jobs.cancel(self._jobs.find(author_of(req).name, job_id))
        resp.status = falcon.HTTP_204

    def _stream(self, req: falcon.Request, resp: falcon.Response, request: Request) -> None:
        if req.get_header("Last-Event-ID") == "finished":
            # Only this status stops a browser from reconnecting.
            resp.status = falcon.HTTP_204
            return

        def look() -> tuple[dict[str, Any], bool]:
            progress = self._jobs.progress(request)
            return documents.summary(progress, self._urls), progress.finished is not None

        resp.content_type = events.MEDIA_TYPE
        resp.set_header("X-Accel-Buffering", "no")
        resp.stream = events.EventStream(look, self._streaming.admit(), self._is_stopping)

    def _send(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        request: Request,
        parameters: QueryParameters,
    ) -> None:
        limit = parameters.whole_number("limit")
        start = parameters.whole_number("cursor", request.items)
        state = parameters.one("state")
        if state is not None and state not in get_args(State):
            raise InvalidRequest(f"state: expected pending, complete or failed, got {shown(state)}")
        # Read before the items, which can then only be newer: if the job has ended here, every
        # item below has its outcome.
        progress = self._jobs.progress(request)
        items: list[Item] = []
        following = None
        if limit:
            items, following = self._jobs.window(request, start, limit, cast(State | None, state))
        filters = {name: text for name in ("limit", "state") if (text := parameters.one(name))}
        resp.media = self._document(req, progress, items, following, filters)

    def _document(
        self,
        req: falcon.Request,
        progress: Progress,
        items: list[Item],
        following: int | None,
        filters: Mapping[str, str],
    ) -> dict[str, Any]:
        request = progress.request
        query = urlencode({**filters, "cursor": following})
        return {
            **documents.summary(progress, self._urls),
            "uploaded": documents.items_by_state(
                request, items, lambda path: self._absolute(req, path)
            ),
            "next": self._urls.relative(f"{hal.job(request.id)}?{query}")
            if following is not None
            else None,
        }

    def _absolute(self, req: falcon.Request, path: str) -> str:
        return self._urls.absolute(req, path)
