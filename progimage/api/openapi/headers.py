"""What the headers of answers mean."""

from __future__ import annotations

from typing import Any

_HEADERS = {
    "Accept-Ranges": "`bytes`: ranges can be requested.",
    "Allow": "The methods this path takes.",
    "Cache-Control": "How long caches may store the answer, and which.",
    "Content-Disposition": "Whether to show or save the picture, and its file name.",
    "Content-Range": "Which bytes of how many the answer has.",
    "ETag": "The version of the answer.",
    "Last-Modified": "When these bytes were stored.",
    "Link": 'The one URL of this result, as `rel="canonical"`.',
    "Location": "The URL of the resource.",
    "Retry-After": "The seconds to wait before trying again.",
    "Server-Timing": "How long each step took.",
    "Tus-Checksum-Algorithm": "The supported checksums of pieces.",
    "Tus-Extension": "The supported extensions of tus.",
    "Tus-Max-Size": "The largest size of an upload in bytes.",
    "Tus-Resumable": "The version of tus.",
    "Tus-Version": "The supported versions of tus.",
    "Upload-Expires": "When an unfinished upload expires.",
    "Upload-Length": "The size of the upload in bytes.",
    "Upload-Metadata": "The metadata that the client sent.",
    "Upload-Offset": "The number of bytes received.",
    "Vary": "Which headers of the request chose the answer.",
    "X-Cache": "`hit` or `miss`.",
}


def header(name: str) -> dict[str, Any]:
    """Return the description of a header for the OpenAPI document."""
    return {"description": _HEADERS[name], "schema": {"type": "string"}}
