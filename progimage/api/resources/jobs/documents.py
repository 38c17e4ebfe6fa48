"""The JSON documents of jobs, and their schemas."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, get_args

from progimage.api.openapi import schemas
from progimage.api.openapi.documented import (
    COUNT,
    TEXT,
    TIME,
    Named,
    Schema,
    in_path,
    list_of,
    object_of,
)
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


def _by_state(schema: Schema) -> dict[str, Schema]:
    return dict.fromkeys(get_args(State), schema)


_SUMMARY = {
    "id": TEXT,
    "jobId": {**TEXT, "description": "The same as `id`."},
    "kind": {"enum": list(get_args(Kind))},
    "created": TIME,
    "finished": {**TIME, "type": ["string", "null"]},
    "status": {"enum": list(get_args(Status))},
    "counts": object_of(total=COUNT, **_by_state(COUNT)),
    "_links": schemas.LINKS,
    "more_after": {
        **TEXT,
        "description": "In an import from an origin: send it as `after` for the next pictures.",
    },
}
_ENTRY = {
    "index": {**COUNT, "description": "The entry's position in the list that was sent."},
    "url": {**TEXT, "description": "The address to import, or that of the rendition."},
    "image": TEXT,
    "transform": TEXT,
    "id": {**TEXT, "description": "The id of the imported picture."},
    "location": {**TEXT, "format": "uri"},
    "is_new": {"type": "boolean"},
    "published": Named("Published", Published.model_json_schema()),
    "origin": {**TEXT, "description": "The origin whose copies are removed."},
    "prefix": {**TEXT, "description": "The start of the keys of those copies."},
    "purged": {**COUNT, "description": "How many pictures of this part were removed."},
    "error": {**TEXT, "description": "Why the item failed."},
}
_ENTRIES = list_of(object_of(optional=_ENTRY.keys() - {"index"}, **_ENTRY))

SUMMARY = Named("JobSummary", object_of(optional=("more_after",), **_SUMMARY))
JOB = Named(
    "Job",
    object_of(
        "The progress of a job, and some of its items; follow `next` for more.",
        ("more_after",),
        **_SUMMARY,
        uploaded=object_of(**_by_state(_ENTRIES)),
        next={"type": ["string", "null"]},
    ),
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
