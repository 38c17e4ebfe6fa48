# Generated from progimage/client/asynchronous by `make client`. Do not edit.
"""Requests that several classes share: download, delete, purge, change many, sign a link."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from progimage.client.blocking.session import Session
from progimage.client.errors import Changed, NotFound
from progimage.client.messages import Request
from progimage.client.results import BulkResult, Link, Saved
from progimage.client.sinks import Target, writing
from progimage.client.steps import image_path

MAX_BULK = 1_000
"""Images of one bulk request."""


EDIT_TRIES = 5
"""How often an edit is tried, each time with the current version."""


def read(session: Session, path: str) -> bytes:
    """Return the bytes at a path."""
    return (session.request(Request("GET", path))).body


def save(session: Session, path: str, target: Target) -> Saved:
    """Write the bytes at a path to a file; return their number and media type."""
    with writing(target) as sink:
        response = session.request(Request("GET", path, sink=sink))
        return Saved(sink.size_bytes, response.headers.get("content-type", ""))


def delete(session: Session, path: str) -> None:
    """Delete the resource at a path.

    Raises:
        NotFound: there is none.
    """
    try:
        session.request(Request("DELETE", path))
    except NotFound as error:
        # An earlier try may have deleted it and its response was lost.
        if error.tries == 1:
            raise


def purge(session: Session, image_id: str) -> int:
    """Delete the cached renditions of an image; return how many there were."""
    response = session.request(Request("DELETE", f"{image_path(image_id)}renders/"))
    return int(response.document.get("purged", 0))


def link(session: Session, image_id: str, pipeline: str, expires_in: int) -> Link:
    """Return a signed address of a rendition, or of the original if `pipeline` is empty."""
    body: dict[str, Any] = {"expires_in": expires_in}
    if pipeline:
        body["transform"] = pipeline
    request = Request("POST", f"{image_path(image_id)}links/", json=body)
    return Link.of((session.request(request)).document)


def patch(session: Session, path: str, changes: Mapping[str, Any], etag: str) -> dict[str, Any]:
    """Change the version `etag` of the document at a path, and return it.

    Raises:
        Changed: it has another version now.
    """
    request = Request(
        "PATCH",
        path,
        headers={"If-Match": etag, "Content-Type": "application/merge-patch+json"},
        json=changes,
        # If the first try succeeded and its response was lost, the ETag no longer matches.
        is_repeatable=False,
    )
    return (session.request(request)).document


def edit(session: Session, path: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Change the document at a path, on top of edits by others, and return it.

    Raises:
        Changed: it was edited by others during each of several tries.
    """
    for remaining in reversed(range(EDIT_TRIES)):
        current = session.request(Request("GET", path))
        try:
            return patch(session, path, changes, current.headers.get("etag", ""))
        except Changed:
            if not remaining:
                raise
    raise AssertionError  # the loop returns or raises


def change_many(
    session: Session, image_ids: Iterable[str], change: Mapping[str, Any]
) -> list[BulkResult]:
    """Make the same change to many images; return a result for each, in order."""
    ids = list(dict.fromkeys(image_ids))
    results: list[BulkResult] = []
    for start in range(0, len(ids), MAX_BULK):
        request = Request(
            "PATCH",
            "/images/",
            json={"images": ids[start : start + MAX_BULK], **change},
            # Deleted and restored images are not found the second time.
            is_repeatable="delete" not in change and "restore" not in change,
        )
        document = (session.request(request)).document
        results += [BulkResult.of(found) for found in document.get("images") or ()]
    return results
