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

from progimage.errors import ChecksumMismatch, InvalidField, InvalidRequest, PictureTooLarge
from progimage.ingest.resumable.chunks import Source
from progimage.ingest.resumable.uploads import Progress
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
"""Its headers of answers."""

_NUMBER = re.compile(r"[0-9]{1,15}")
_KEY = re.compile(r"[\x21-\x2b\x2d-\x7e]+")
_BLOCK = 64 * 1024

# The names that clients give to what we call `file_name`, the best one first.
_FILE_NAMES = ("file_name", "filename", "name")
_FIELDS = ("title", "description", "visibility")


def describe(resp: falcon.Response, max_bytes: int) -> None:
    """Answer OPTIONS: what of the protocol there is."""
    resp.status = falcon.HTTP_204
    resp.set_header("Tus-Resumable", VERSION)
    resp.set_header("Tus-Version", VERSION)
    resp.set_header("Tus-Extension", EXTENSIONS)
    resp.set_header("Tus-Max-Size", str(max_bytes))
    resp.set_header("Tus-Checksum-Algorithm", ",".join(ALGORITHMS))


def check_version(req: falcon.Request, resp: falcon.Response, *, is_needed: bool = False) -> None:
    """Mark the answer as one of tus; refuse a request of another version.

    With `is_needed` a request of none is refused too.

    Raises:
        falcon.HTTPPreconditionFailed: as the protocol has it.
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
    """True if the body is said to be bytes of an upload."""
    return (req.content_type or "").partition(";")[0].strip().lower() == MEDIA_TYPE


def check_media_type(req: falcon.Request) -> None:
    """Raise `falcon.HTTPUnsupportedMediaType` if the body is said to be something else."""
    if not has_piece(req):
        raise falcon.HTTPUnsupportedMediaType(
            title="Unsupported Content-Type", description=f"send pieces as {MEDIA_TYPE}"
        )


def number(req: falcon.Request, name: str) -> int | None:
    """Return the non-negative integer in a header, None without one.

    Raises:
        InvalidRequest: it is no such number.
    """
    text = req.get_header(name)
    if text is None:
        return None
    if not _NUMBER.fullmatch(text):
        raise InvalidRequest(f"{name}: expected a whole number of bytes, got {text!r}")
    return int(text)


def announced_size(req: falcon.Request) -> int | None:
    """Return Upload-Length, or None where Upload-Defer-Length says that it comes later.

    Raises:
        InvalidRequest: neither of the two is there, or both, or they are malformed.
    """
    if req.get_header("Upload-Concat") is not None:
        raise InvalidRequest("Upload-Concat: this server does not put uploads together")
    size, deferred = number(req, "Upload-Length"), req.get_header("Upload-Defer-Length")
    if deferred not in (None, "1"):
        raise InvalidRequest(f"Upload-Defer-Length: expected 1, got {deferred!r}")
    if (size is None) == (deferred is None):
        raise InvalidRequest("expected either Upload-Length or Upload-Defer-Length: 1")
    return size


def metadata(note: str) -> tuple[dict[str, Any], str]:
    """Return what Upload-Metadata says of a picture, and the name of its file.

    `tags` are separated by commas. Other keys are the client's own: they are kept and
    sent back, as the protocol wants, and mean nothing here.

    Raises:
        InvalidField: it is malformed.
    """
    said: dict[str, str] = {}
    for pair in note.split(",") if note.strip() else ():
        key, _, value = pair.strip().partition(" ")
        if not _KEY.fullmatch(key):
            raise InvalidField(f"Upload-Metadata: expected 'key base64' pairs, got {pair!r}")
        if key in said:
            raise InvalidField(f"Upload-Metadata: {key} is given twice")
        try:
            raw = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            raise InvalidField(f"Upload-Metadata: {key} is not valid base64") from None
        said[key] = raw.decode(errors="replace")
    fields: dict[str, Any] = {name: said[name] for name in _FIELDS if name in said}
    if "tags" in said:
        fields["tags"] = [tag for tag in said["tags"].split(",") if tag.strip()]
    return fields, next((said[name] for name in _FILE_NAMES if said.get(name)), "")


def tell(resp: falcon.Response, progress: Progress) -> None:
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
def verified(req: falcon.Request, body: Source, room: int, scratch: TempFolder) -> Iterator[Source]:
    """Give the body of a request; if a checksum came with it, only after it held.

    There is `room` for so many bytes. Until a checksum is proven they wait in a
    temporary file: of a body that breaks off or was altered nothing is kept.

    Raises:
        InvalidRequest: Upload-Checksum is malformed or of an unknown kind.
        ChecksumMismatch: it is of other bytes.
        PictureTooLarge: there is not enough room.
    """
    header = req.get_header("Upload-Checksum")
    if (req.content_length or 0) > room:
        raise PictureTooLarge(
            f"the upload has room for {room:,} more bytes; this request has {req.content_length:,}"
        )
    if header is None:
        yield body
        return
    algorithm, expected = _checksum(header)
    digest, left, path = hashlib.new(algorithm, usedforsecurity=False), room, scratch.path()
    with path.open("x+b") as file:
        path.unlink()
        while block := body.read(_BLOCK):
            left -= len(block)
            if left < 0:
                raise PictureTooLarge(f"the upload has room for {room:,} more bytes only")
            digest.update(block)
            file.write(block)
        if not hmac.compare_digest(digest.digest(), expected):
            raise ChecksumMismatch(
                f"Upload-Checksum: the {room - left:,} bytes that came have another {algorithm}; "
                "none was kept, send them again"
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
