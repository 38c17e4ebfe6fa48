"""What is asked of one address of the server, or of one picture by its id."""

from __future__ import annotations

from typing import Any, NamedTuple

from progimage.client.drivers import M
from progimage.client.effects import Answer, Ask, Talk
from progimage.client.errors import NotFound
from progimage.client.sinks import Target, writing
from progimage.client.steps import image_path


class Link(NamedTuple):
    """A signed address that works until it expires."""

    url: str
    expires: str


def address(driver: M, path: str) -> str:
    """Return the whole address of a path on the server."""
    return f"{str(driver.http.base_url).rstrip('/')}{path}"


def read(driver: M, path: str) -> Talk[bytes]:
    """Return the bytes at a path."""
    answer: Answer = yield from driver.session.exchange(Ask("GET", path))
    return answer.body


def save(driver: M, path: str, target: Target) -> Talk[int]:
    """Stream what is at a path to a file; return the number of bytes."""
    with writing(target) as sink:
        yield from driver.session.exchange(Ask("GET", path, sink=sink))
        return sink.size_bytes


def delete(driver: M, image_id: str) -> Talk[None]:
    """Remove a picture with everything."""
    yield from delete_at(driver, image_path(image_id))


def delete_at(driver: M, path: str) -> Talk[None]:
    """Delete what is at a path."""
    try:
        yield from driver.session.exchange(Ask("DELETE", path))
    except NotFound as error:
        # An earlier try may have done it, its answer lost.
        if error.tries == 1:
            raise


def purge(driver: M, image_id: str) -> Talk[int]:
    """Forget the cached renditions of a picture; return how many there were."""
    answer = yield from driver.session.exchange(Ask("DELETE", f"{image_path(image_id)}renders/"))
    return int(answer.document.get("purged", 0))


def link(driver: M, image_id: str, pipeline: str, expires_in: int) -> Talk[Link]:
    """Return a signed address of a rendition, or of the original."""
    body: dict[str, Any] = {"expires_in": expires_in}
    if pipeline:
        body["transform"] = pipeline
    ask = Ask("POST", f"{image_path(image_id)}links/", json=body)
    answer = yield from driver.session.exchange(ask)
    document = answer.document
    return Link(str(document.get("url", "")), str(document.get("expires", "")))
