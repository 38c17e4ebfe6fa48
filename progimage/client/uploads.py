"""Uploads: small pictures in one request, large ones in pieces that survive a broken line."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic
from urllib.parse import quote, urlsplit

from progimage.client.drivers import M
from progimage.client.effects import Answer, Ask, Pause, Talk
from progimage.client.errors import (
    ClientError,
    Conflict,
    InvalidCall,
    UnexpectedAnswer,
    Unreachable,
)
from progimage.client.images import Image, Visibility, fetch, image_of
from progimage.client.pipelines import Pipeline
from progimage.client.sources import Opened, Source, Url, opened

WHOLE_BYTES = 8 * 1024 * 1024
"""Up to so many bytes a picture is sent in one request."""

PIECE_BYTES = 4 * 1024 * 1024
"""The server takes any number of pieces of at least this size."""

Progress = Callable[[int, int], object]

_TUS = {"Tus-Resumable": "1.0.0"}


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of a picture, and how it is called."""

    title: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    visibility: Visibility | None = None
    name: str | None = None

    def fields(self) -> dict[str, Any]:
        """Return what was given, for JSON or a form."""
        given = {
            "title": self.title,
            "description": self.description,
            "tags": list(self.tags),
            "visibility": self.visibility,
        }
        return {name: value for name, value in given.items() if value}


@dataclass(frozen=True, slots=True)
class Uploaded(Generic[M]):
    """What became of one of many uploads: an image, or the error in its place."""

    source: Source
    image: Image[M] | None = None
    error: ClientError | None = None


def said_of(
    title: str,
    description: str,
    tags: Iterable[str],
    visibility: Visibility | None,
    name: str | None = None,
) -> Said:
    """Put together what is said of a picture.

    Raises:
        InvalidCall: the tags are one text, which would be taken letter by letter, or one
            holds a comma, which separates tags.
    """
    if isinstance(tags, str):
        raise InvalidCall(f"tags: expected a list, got the text {tags!r}")
    listed = tuple(tags)
    for tag in listed:
        if "," in tag:
            raise InvalidCall(f"tags: a comma separates tags, so {tag!r} cannot be one")
    return Said(title, description, listed, visibility, name)


def upload(driver: M, source: Source, said: Said, progress: Progress | None) -> Talk[Image[M]]:
    """Send a picture and return it."""
    with opened(source, said.name) as picture:
        if isinstance(picture, Url):
            ask = Ask("POST", "/images/", json={"url": picture.url, **said.fields()})
        elif picture.size_bytes > WHOLE_BYTES:
            return (yield from _in_pieces(driver, picture, said, progress))
        else:
            data = picture.read(0, picture.size_bytes)
            fields = said.fields()
            ask = Ask("POST", "/images/", file=(picture.name, data), fields=fields)
        answer = yield from driver.session.exchange(ask)
        if progress is not None and isinstance(picture, Opened):
            progress(picture.size_bytes, picture.size_bytes)
        return image_of(driver, answer.document, is_new=answer.status == 201)


def upload_or_error(driver: M, source: Source, said: Said) -> Talk[Uploaded[M]]:
    """Send one of many pictures; what is wrong with it is no matter to the others."""
    try:
        image = yield from upload(driver, source, said, None)
    except ClientError as error:
        return Uploaded(source, error=error)
    return Uploaded(source, image)


def transform(
    driver: M, source: Source, pipeline: str | Pipeline, format: str | None
) -> Talk[bytes]:
    """Return what a pipeline makes of a picture that is sent along, or is at a URL."""
    if isinstance(pipeline, Pipeline):
        steps = str(pipeline.to_format(format) if format else pipeline)
    else:
        steps = f"{pipeline}.{format}" if format else pipeline
    path = f"/on_demand/{quote(steps, safe=':=,._-~/')}"
    with opened(source, None) as picture:
        if isinstance(picture, Url):
            ask = Ask("GET", path, [("url", picture.url)])
        else:
            ask = Ask("POST", path, file=(picture.name, picture.read(0, picture.size_bytes)))
        answer: Answer = yield from driver.session.exchange(ask)
        return answer.body


def _in_pieces(driver: M, picture: Opened, said: Said, progress: Progress | None) -> Talk[Image[M]]:
    """Upload by tus 1.0.0 (https://tus.io/protocols/resumable-upload)."""
    ask = Ask(
        "POST",
        "/uploads/",
        headers={
            **_TUS,
            "Upload-Length": str(picture.size_bytes),
            "Upload-Metadata": _metadata(picture.name, said.fields()),
        },
    )
    answer = yield from driver.session.exchange(ask)
    slot = _slot_path(answer)
    offset, tries = 0, 0
    while True:
        if progress is not None:
            progress(offset, picture.size_bytes)
        if offset == picture.size_bytes:
            return (yield from _picture_of(driver, slot, answer))
        data = picture.read(offset, min(PIECE_BYTES, picture.size_bytes - offset))
        headers = {
            **_TUS,
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
        }
        piece = Ask("PATCH", slot, headers=headers, content=data, is_repeatable=False)
        before = offset
        try:
            answer = yield from driver.session.exchange(piece)
        except (Unreachable, Conflict):
            # Some of it may have arrived; what is there only the server knows.
            pause_s = driver.session.retries.pause_s(tries + 1)
            if pause_s is None:
                raise
            yield Pause(pause_s)
            answer = yield from driver.session.exchange(Ask("HEAD", slot, headers=_TUS))
        offset = _offset(answer, picture.size_bytes)
        tries = 0 if offset > before else tries + 1


def _picture_of(driver: M, slot: str, answer: Answer) -> Talk[Image[M]]:
    """Return the picture that a finished upload became."""
    found = _id_in(answer.headers.get("location", ""))
    if found is None:
        answer = yield from driver.session.exchange(Ask("HEAD", slot, headers=_TUS))
        found = _id_in(answer.headers.get("location", ""))
    if found is None:
        raise UnexpectedAnswer("the upload is complete, but the server names no picture")
    return (yield from fetch(driver, found))


def _slot_path(answer: Answer) -> str:
    # Behind a proxy the address may be one that only others can reach; the id counts.
    path = urlsplit(answer.headers.get("location", "")).path
    match = re.search(r"/uploads/([A-Za-z0-9_-]+)/?$", path)
    if match is None:
        raise UnexpectedAnswer("the server created an upload without telling where it is")
    return f"/uploads/{match[1]}/"


def _id_in(location: str) -> str | None:
    match = re.search(r"/images/([0-9a-f]{64})/?$", urlsplit(location).path)
    return match[1] if match else None


def _offset(answer: Answer, size_bytes: int) -> int:
    text = answer.headers.get("upload-offset", "")
    if not re.fullmatch(r"[0-9]{1,15}", text) or int(text) > size_bytes:
        raise UnexpectedAnswer("the server did not say how much of the upload has arrived")
    return int(text)


def _metadata(name: str, fields: Mapping[str, Any]) -> str:
    pairs = {"filename": name, **fields}
    if "tags" in pairs:
        pairs["tags"] = ",".join(pairs["tags"])
    return ",".join(
        f"{key} {base64.b64encode(str(value).encode()).decode()}"
        for key, value in pairs.items()
        if value
    )
