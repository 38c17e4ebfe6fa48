# Generated from progimage/client/asynchronous by `make client`. Do not edit.
"""Requests that several classes share: download, delete, purge, change many, sign a link."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from progimage.client.blocking.session import Session
from progimage.client.errors import NotFound
from progimage.client.messages import Request
from progimage.client.results import BulkResult, Link, Responsive, Saved
from progimage.client.sinks import Target, writing
from progimage.client.steps import image_path

MAX_BULK = 1_000
"""Images of one bulk request."""


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
    document = (session.request(request)).document
    return Link(str(document.get("url", "")), str(document.get("expires", "")))


def responsive(
    session: Session,
    image_id: str,
    widths: Iterable[int],
    pipeline: str,
    sizes: str,
    expires_in: int | None,
) -> Responsive:
    """Return the HTML of an image in several widths; empty arguments are not sent."""
    query = {
        "widths": ",".join(map(str, widths)),
        "pipeline": pipeline,
        "sizes": sizes,
        "expires_in": "" if expires_in is None else str(expires_in),
    }
    request = Request(
        "GET",
        f"{image_path(image_id)}srcset",
        parameters=[(name, text) for name, text in query.items() if text],
        headers={"Accept": "application/json"},
    )
    return Responsive.of((session.request(request)).document)


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
