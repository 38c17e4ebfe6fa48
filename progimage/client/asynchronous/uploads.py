"""Uploads: small images in one request, large ones in resumable chunks."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import quote, urlsplit

from progimage.client.asynchronous.images import AsyncImage, fetch, image_of
from progimage.client.asynchronous.session import AsyncSession
from progimage.client.concurrency import async_pause
from progimage.client.errors import ClientError, Conflict, UnexpectedAnswer, Unreachable
from progimage.client.fields import UploadFields
from progimage.client.messages import Request, Response
from progimage.client.pipelines import Pipeline
from progimage.client.sources import Opened, Source, Url, opened

WHOLE_BYTES = 8 * 1024 * 1024
"""An image of up to this size is sent in one request."""

CHUNK_BYTES = 4 * 1024 * 1024
"""The server accepts any number of chunks of at least this size."""

Progress = Callable[[int, int], object]

_TUS = {"Tus-Resumable": "1.0.0"}


@dataclass(frozen=True, slots=True)
class AsyncUploaded:
    """The result of one of many uploads: an image, or an error."""

    source: Source
    image: AsyncImage | None = None
    error: ClientError | None = None


async def upload(
    session: AsyncSession, source: Source, fields: UploadFields, progress: Progress | None = None
) -> AsyncImage:
    """Upload an image and return it."""
    with opened(source, fields.file_name) as picture:
        if isinstance(picture, Url):
            request = Request("POST", "/images/", json={"url": picture.url, **fields.values()})
        elif picture.size_bytes > WHOLE_BYTES:
            return await _in_chunks(session, picture, fields, progress)
        else:
            data = picture.read(0, picture.size_bytes)
            request = Request("POST", "/images/", file=(picture.name, data), fields=fields.values())
        response = await session.request(request)
        if progress is not None and isinstance(picture, Opened):
            progress(picture.size_bytes, picture.size_bytes)
        return image_of(session, response.document, is_new=response.status == 201)


async def upload_or_error(
    session: AsyncSession, source: Source, fields: UploadFields
) -> AsyncUploaded:
    """Upload one of many images; return its error instead of raising it."""
    try:
        return AsyncUploaded(source, await upload(session, source, fields))
    except ClientError as error:
        return AsyncUploaded(source, error=error)


async def transform(
    session: AsyncSession, source: Source, pipeline: str | Pipeline, format: str | None
) -> bytes:
    """Return the result of a pipeline for an image that is not stored."""
    if isinstance(pipeline, Pipeline):
        steps = str(pipeline.to_format(format) if format else pipeline)
    else:
        steps = f"{pipeline}.{format}" if format else pipeline
    path = f"/on_demand/{quote(steps, safe=':=,._-~/')}"
    with opened(source, None) as picture:
        if isinstance(picture, Url):
            request = Request("GET", path, [("url", picture.url)])
        else:
            data = picture.read(0, picture.size_bytes)
            request = Request("POST", path, file=(picture.name, data))
        return (await session.request(request)).body


async def _in_chunks(
    session: AsyncSession, picture: Opened, fields: UploadFields, progress: Progress | None
) -> AsyncImage:
    """Upload by tus 1.0.0 (https://tus.io/protocols/resumable-upload)."""
    headers = {
        **_TUS,
        "Upload-Length": str(picture.size_bytes),
        "Upload-Metadata": fields.tus_metadata(picture.name),
    }
    response = await session.request(Request("POST", "/uploads/", headers=headers))
    path = _upload_path(response)
    offset, tries = 0, 0
    while True:
        if progress is not None:
            progress(offset, picture.size_bytes)
        if offset == picture.size_bytes:
            return await _uploaded_image(session, path, response)
        data = picture.read(offset, min(CHUNK_BYTES, picture.size_bytes - offset))
        headers = {
            **_TUS,
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
        }
        chunk = Request("PATCH", path, headers=headers, content=data, is_repeatable=False)
        before = offset
        try:
            response = await session.request(chunk)
        except (Unreachable, Conflict):
            # Part of the chunk may have arrived; only the server knows how much.
            pause_s = session.retries.pause_s(tries + 1)
            if pause_s is None:
                raise
            await async_pause(pause_s)
            response = await session.request(Request("HEAD", path, headers=_TUS))
        offset = _offset(response, picture.size_bytes)
        tries = 0 if offset > before else tries + 1


async def _uploaded_image(session: AsyncSession, path: str, response: Response) -> AsyncImage:
    """Return the image of a complete upload."""
    image_id = _id_in(response.headers.get("location", ""))
    if image_id is None:
        response = await session.request(Request("HEAD", path, headers=_TUS))
        image_id = _id_in(response.headers.get("location", ""))
    if image_id is None:
        raise UnexpectedAnswer("the upload is complete, but the server names no image")
    image = await fetch(session, image_id)
    outcome = (await session.request(Request("GET", path))).document
    applied, not_applied = (
        tuple(map(str, outcome.get(name) or ())) for name in ("applied", "not_applied")
    )
    is_new = outcome.get("msg") == "ok"
    return replace(image, is_new=is_new, applied=applied, not_applied=not_applied)


def _upload_path(response: Response) -> str:
    # Behind a proxy the address may not be reachable from here; its last part is enough.
    path = urlsplit(response.headers.get("location", "")).path
    match = re.search(r"/uploads/([A-Za-z0-9_-]+)/?$", path)
    if match is None:
        raise UnexpectedAnswer("the server created an upload without its address")
    return f"/uploads/{match[1]}/"


def _id_in(location: str) -> str | None:
    match = re.search(r"/images/([0-9a-f]{64})/?$", urlsplit(location).path)
    return match[1] if match else None


def _offset(response: Response, size_bytes: int) -> int:
    text = response.headers.get("upload-offset", "")
    if not re.fullmatch(r"[0-9]{1,15}", text) or int(text) > size_bytes:
        raise UnexpectedAnswer("the server did not say how much of the upload has arrived")
    return int(text)
