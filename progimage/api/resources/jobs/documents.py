"""The JSON documents of jobs, and their schemas."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, get_args

from progimage.api.openapi import schemas
from progimage.api.openapi.documented import Named, in_path
from progimage.api.openapi.pages import collection
from progimage.api.responses import hal
from progimage.api.responses.hal import Urls
from progimage.jobs.model import Item, Kind, Progress, Request, State, Status
from progimage.jobs.publish.destination import Published
from progimage.origins.purging import PurgePart

JOB_ID = in_path(
    "job_id",
    "Id of a job: 32 lowercase hex digits.",
    "5f2b8c1e0d9a47c3b1a6e8f70c2d4b95",
    pattern="^[0-9a-f]{32}$",
)

_COUNT = {"type": "integer", "minimum": 0}
_SUMMARY = {
    "id": {"type": "string"},
    "jobId": {"type": "string", "description": "The same as `id`."},
    "kind": {"enum": list(get_args(Kind))},
    "created": {"type": "string", "format": "date-time"},
    "finished": {"type": ["string", "null"], "format": "date-time"},
    "status": {"enum": list(get_args(Status))},
    "counts": {
        "type": "object",
        "properties": dict.fromkeys(("total", *get_args(State)), _COUNT),
        "required": ["total", *get_args(State)],
    },
    "_links": schemas.LINKS,
}
_INDEX = {**_COUNT, "description": "The entry's position in the list that was sent."}
_TEXT = {"type": "string"}
_ENTRY = {
    "type": "object",
    "properties": {
        "index": _INDEX,
        "url": {**_TEXT, "description": "The address to import, or that of the rendition."},
        "image": _TEXT,
        "transform": _TEXT,
        "id": {**_TEXT, "description": "The id of the imported picture."},
        "location": {**_TEXT, "format": "uri"},
        "is_new": {"type": "boolean"},
        "published": Named("Published", Published.model_json_schema()),
        "origin": {**_TEXT, "description": "The origin whose copies are removed."},
        "prefix": {**_TEXT, "description": "The start of the keys of those copies."},
        "purged": {**_COUNT, "description": "How many pictures of this part were removed."},
        "error": {**_TEXT, "description": "Why the item failed."},
    },
    "required": ["index"],
}

_MORE = {
    "more_after": {
        "type": "string",
        "description": "In an import from an origin: send it as `after` for the next pictures.",
    }
}
SUMMARY = Named(
    "JobSummary",
    {"type": "object", "properties": {**_SUMMARY, **_MORE}, "required": list(_SUMMARY)},
)
JOB = Named(
    "Job",
    {
        "type": "object",
        "description": "The progress of a job, and some of its items; follow `next` for more.",
        "properties": {
            **_SUMMARY,
            **_MORE,
            "uploaded": {
                "type": "object",
                "properties": {
                    state: {"type": "array", "items": _ENTRY} for state in get_args(State)
                },
                "required": list(get_args(State)),
            },
            "next": {"type": ["string", "null"]},
        },
        "required": [*_SUMMARY, "uploaded", "next"],
    },
)
COLLECTION = collection("JobCollection", SUMMARY)


def summary(progress: Progress, urls: Urls) -> dict[str, Any]:
    """Return the document of a job, without its items."""
    request, finished = progress.request, progress.finished
    return {
        "id": request.id,
        "jobId": request.id,
        "kind": request.kind,
        "created": _text(request.created),
        "finished": _text(finished) if finished else None,
        "status": progress.status,
        "counts": {"total": request.total, **progress.counts._asdict()},
        **({"more_after": request.more_after} if request.more_after else {}),
        "_links": {"self": urls.link(hal.job(request.id))},
    }


def items_by_state(
    request: Request, items: Sequence[Item], absolute: Callable[[str], str]
) -> dict[State, list[dict[str, Any]]]:
    """Return items as the three lists of a job, with an entry for each time one was requested.

    Args:
        absolute: makes a path of the service a URL.
    """
    lists: dict[State, list[dict[str, Any]]] = {"pending": [], "complete": [], "failed": []}
    of_item = {"import": _of_import, "render": _of_render, "purge": _of_purge}[request.kind]
    for item in items:
        document = of_item(item, absolute)
        if item.outcome and item.outcome.error:
            document["error"] = item.outcome.detail
        lists[item.outcome.state if item.outcome else "pending"] += [
            {"index": position, **document} for position in item.entry.positions
        ]
    for entries in lists.values():
        entries.sort(key=lambda entry: entry["index"])
    return lists


def _of_import(item: Item, absolute: Callable[[str], str]) -> dict[str, Any]:
    document: dict[str, Any] = {"url": item.entry.value}
    if item.outcome and item.outcome.image_id:
        document["id"] = item.outcome.image_id
        document["location"] = absolute(hal.picture(item.outcome.image_id))
        document["is_new"] = item.outcome.is_new
    if item.outcome and item.outcome.published:
        document["published"] = item.outcome.published.model_dump()
    return document


def _of_render(item: Item, absolute: Callable[[str], str]) -> dict[str, Any]:
    document: dict[str, Any] = {"image": item.entry.value, "transform": item.transform}
    if item.outcome and not item.outcome.error:
        path = hal.rendition(item.outcome.image_id, item.outcome.rendition)
        document["url"] = absolute(path)
    return document


def _of_purge(item: Item, _absolute: Callable[[str], str]) -> dict[str, Any]:
    wanted = PurgePart.parse(item.entry.value)
    document: dict[str, Any] = {"origin": wanted.origin, "prefix": wanted.prefix}
    if item.outcome and not item.outcome.error:
        document["purged"] = item.outcome.purged
    return document


def _text(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")
