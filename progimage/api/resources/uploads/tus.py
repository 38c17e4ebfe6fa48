"""The headers of tus 1.0.0, the protocol for resumable uploads (https://tus.io/protocols/)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import falcon

from progimage.api.requests import media_type as media_types
from progimage.api.requests.json_body import UploadFields, validated
from progimage.api.requests.media_type import media_type
from progimage.errors import ChecksumMismatch, InvalidField, InvalidRequest, RequestTooLarge
from progimage.imaging.did_you_mean import shown
from progimage.ingest.resumable.state import Progress
from progimage.ingest.source import Source
from progimage.stores.temp_files import TempFolder

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-defer-length,creation-with-upload,expiration,termination,checksum"
ALGORITHMS = ("sha1", "sha256", "sha512")
MEDIA_TYPE = "application/offset+octet-stream"
ANSWERED = (
    "Tus-Resumable",
    "Tus-Version",
    "Tus-Extension",
    "Tus-Max-Size",
    "Tus-Checksum-Algorithm",
    "Upload-Offset",
    "Upload-Length",
    "Upload-Defer-Length",
    "Upload-Metadata",
    "Upload-Expires",
)
"""The headers of tus in answers."""

_NUMBER = re.compile(r"[0-9]{1,15}")
_KEY = re.compile(r"[\x21-\x2b\x2d-\x7e]+")
_BLOCK = 64 * 1024

# The keys that clients use for the file name, the best one first.
_FILE_NAMES = ("file_name", "filename", "name")
_FIELDS = tuple(name for name in UploadFields.model_fields if name != "tags")


def describe(resp: falcon.Response, max_bytes: int) -> None:
    """Answer OPTIONS with the supported parts of the protocol."""
    resp.status = falcon.HTTP_204
    resp.set_header("Tus-Resumable", VERSION)
    resp.set_header("Tus-Version", VERSION)
    resp.set_header("Tus-Extension", EXTENSIONS)
    resp.set_header("Tus-Max-Size", str(max_bytes))
    resp.set_header("Tus-Checksum-Algorithm", ",".join(ALGORITHMS))


def check_version(req: falcon.Request, resp: falcon.Response, *, is_needed: bool = False) -> None:
    """Set Tus-Resumable in the answer, and check the version in the request.

    Args:
        is_needed: True if the request must have a version.

    Raises:
        falcon.HTTPPreconditionFailed: it names another version.
    """
    resp.set_header("Tus-Resumable", VERSION)
    version = req.get_header("Tus-Resumable")
    if version != VERSION and (is_needed or version is not None):
        shown = "none" if version is None else repr(version)
        raise falcon.HTTPPreconditionFailed(
            title="Unsupported version of tus",
            description=f"Tus-Resumable: expected {VERSION}, got {shown}",
            headers={"Tus-Version": VERSION},
        )


def has_piece(req: falcon.Request) -> bool:
    """Return True if Content-Type says that the body is a piece of an upload."""
    return media_type(req) == MEDIA_TYPE


def check_media_type(req: falcon.Request) -> None:
    """Raise `falcon.HTTPUnsupportedMediaType` if the body is not a piece of an upload."""
    media_types.check_media_type(req, (MEDIA_TYPE,), f"send pieces as {MEDIA_TYPE}")


def number(req: falcon.Request, name: str) -> int | None:
    """Return the non-negative integer in a header, None without one.

    Raises:
        InvalidRequest: it is not such a number.
    """
    text = req.get_header(name)
    if text is None:
        return None
    if not _NUMBER.fullmatch(text):
        raise InvalidRequest(f"{name}: expected a whole number of bytes, got {text!r}")
    return int(text)


def announced_size(req: falcon.Request) -> int | None:
    """Return Upload-Length, or None if Upload-Defer-Length says that it follows later.

    Raises:
        InvalidRequest: there is neither of the two, or both, or one is malformed.
    """
    if req.get_header("Upload-Concat") is not None:
        raise InvalidRequest("Upload-Concat: this server does not concatenate uploads")
    size, deferred = number(req, "Upload-Length"), req.get_header("Upload-Defer-Length")
    if deferred not in (None, "1"):
        raise InvalidRequest(f"Upload-Defer-Length: expected 1, got {deferred!r}")
    if (size is None) == (deferred is None):
        raise InvalidRequest("expected either Upload-Length or Upload-Defer-Length: 1")
    return size


def metadata(note: str) -> tuple[UploadFields, str]:
    """Return the fields about a picture in Upload-Metadata, and its file name.

    `tags` are separated by commas. Other keys are the client's own: they are stored and
    sent back, as the protocol wants, and have no meaning here.

    Raises:
        InvalidField: the header is malformed, or a field is.
    """
    values: dict[str, str] = {}
    for pair in note.split(",") if note.strip() else ():
        key, _, value = pair.strip().partition(" ")
        if not _KEY.fullmatch(key):
            raise InvalidField(f"Upload-Metadata: expected 'key base64' pairs, got {shown(pair)}")
        if key in values:
            raise InvalidField(f"Upload-Metadata: {key[:40]} is given twice")
        try:
            raw = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            raise InvalidField(f"Upload-Metadata: {key[:40]} is not valid base64") from None
        values[key] = raw.decode(errors="replace")
    fields: dict[str, Any] = {name: values[name] for name in _FIELDS if name in values}
    if "tags" in values:
        fields["tags"] = [tag for tag in values["tags"].split(",") if tag.strip()]
    file_name = next((values[name] for name in _FILE_NAMES if values.get(name)), "")
    return validated(UploadFields, fields), file_name


def set_progress(resp: falcon.Response, progress: Progress) -> None:
    """Set the headers that say how far an upload has come."""
    resp.set_header("Cache-Control", "no-store")
    resp.set_header("Upload-Offset", str(progress.offset))
    if progress.size_bytes is None:
        resp.set_header("Upload-Defer-Length", "1")
    else:
        resp.set_header("Upload-Length", str(progress.size_bytes))
    if progress.upload.note:
        resp.set_header("Upload-Metadata", progress.upload.note)
    if progress.image_id is None:
        resp.set_header("Upload-Expires", falcon.dt_to_http(progress.upload.expires))


@contextmanager
def verified(
    req: falcon.Request, body: Source, room: int, temp_folder: TempFolder
) -> Iterator[Source]:
    """Yield the body of a request; if it has a checksum, only after the checksum was verified.

    Until then the bytes are in a temporary file, so nothing is stored of a body that
    breaks off or was altered.

    Args:
        room: how many bytes the upload may still get.

    Raises:
        InvalidRequest: Upload-Checksum is malformed or of an unknown kind.
        ChecksumMismatch: it is the checksum of other bytes.
        RequestTooLarge: the body is longer than `room`.
    """
    header = req.get_header("Upload-Checksum")
    if (req.content_length or 0) > room:
        raise RequestTooLarge(
            f"the upload may have {room:,} more bytes; this request has {req.content_length:,}"
        )
    if header is None:
        yield body
        return
    algorithm, expected = _checksum(header)
    digest, left, path = hashlib.new(algorithm, usedforsecurity=False), room, temp_folder.path()
    with path.open("x+b") as file:
        path.unlink()
        while block := body.read(_BLOCK):
            left -= len(block)
            if left < 0:
                raise RequestTooLarge(f"the upload may have only {room:,} more bytes")
            digest.update(block)
            file.write(block)
        if not hmac.compare_digest(digest.digest(), expected):
            raise ChecksumMismatch(
                f"Upload-Checksum: the {room - left:,} bytes received have another {algorithm}; "
                "none was stored, send them again"
            )
        file.seek(0)
        yield file


def _checksum(header: str) -> tuple[str, bytes]:
    algorithm, _, text = header.partition(" ")
    if algorithm not in ALGORITHMS:
        known = ", ".join(ALGORITHMS)
        raise InvalidRequest(f"Upload-Checksum: expected one of {known}, got {algorithm!r}")
    try:
        return algorithm, base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidRequest("Upload-Checksum: the checksum is not valid base64") from None
