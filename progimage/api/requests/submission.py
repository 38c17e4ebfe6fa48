"""Uploads in their three shapes: a multipart form, a raw body, JSON with base64 or a URL."""

from __future__ import annotations

import base64
import binascii
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Never

import falcon
from falcon.media.multipart import BodyPart, MultipartForm, MultipartParseOptions
from falcon.util.mediatypes import parse_header

from progimage.api.requests.body import Body
from progimage.config import Upload
from progimage.errors import InvalidField, InvalidRequest, PictureError, PictureTooLarge
from progimage.ingest.ingest import Ingest, Staged
from progimage.model import Metadata, parse_metadata

_MAX_FIELD_BYTES = 64 * 1024
_MAX_JSON_VALUES = 200_000
_FIELDS = tuple(Metadata.model_fields)
_ACCEPTED = (
    "send multipart/form-data with a field 'image', the picture itself with its media type "
    "(Content-Type: image/jpeg), or application/json with base64 in 'data' or an address in 'url'"
)


@dataclass(frozen=True, slots=True)
class Submission:
    """What one request sent: pictures received, or why one was not, and what is said of them."""

    pictures: list[Staged | PictureError]
    metadata: Metadata


def read_submission(
    req: falcon.Request,
    ingest: Ingest,
    settings: Upload,
    stack: ExitStack,
    said: Sequence[tuple[str, str]] = (),
) -> Submission:
    """Receive the pictures of a request; they stay until `stack` closes.

    `said` is metadata from outside the body, for a raw one that has no place for it.

    Raises:
        InvalidRequest: it is none of the three shapes, or malformed.
        PictureTooLarge, EmptyPicture: its only picture was.
        DownloadRefused, DownloadFailed: it names a URL that gave no picture.
    """
    kind, options = parse_header(req.content_type or "")
    body = stack.enter_context(Body(req, settings))
    if said and kind in ("multipart/form-data", "application/json"):
        raise InvalidField(
            f"{said[0][0]}: not taken in the query beside a body that has a place for it; "
            "put it into the body"
        )
    if kind == "multipart/form-data":
        submission = _read_form(_form(body, options, settings), ingest, settings, stack)
    elif kind == "application/json":
        submission = _read_json(body, ingest, settings, stack)
    elif kind == "application/octet-stream" or kind.startswith("image/"):
        submission = _read_raw(req, body, ingest, stack, said)
    else:
        shown = f"Content-Type {kind!r}" if kind else "a body without a Content-Type"
        hint = " (with curl, add -H 'Content-Type: image/jpeg')" if "urlencoded" in kind else ""
        raise falcon.HTTPUnsupportedMediaType(
            title="Unsupported Content-Type", description=f"{shown} is not taken{hint}; {_ACCEPTED}"
        )
    return submission


def _form(body: Body, options: Mapping[str, str], settings: Upload) -> MultipartForm:
    boundary = options.get("boundary", "").rstrip()
    if not 1 <= len(boundary) <= 70 or not boundary.isascii():
        raise InvalidRequest(
            "Content-Type: multipart/form-data needs a boundary of 1 to 70 characters"
        )
    limits = MultipartParseOptions()
    limits.max_body_part_count = settings.max_pictures + 4 * len(_FIELDS) + 50
    limits.max_body_part_buffer_size = _MAX_FIELD_BYTES
    length = settings.max_request_bytes if body.length is None else body.length
    return MultipartForm(body, boundary.encode(), length, limits)


def _read_form(
    form: MultipartForm, ingest: Ingest, settings: Upload, stack: ExitStack
) -> Submission:
    pictures: list[Staged | PictureError] = []
    fields: dict[str, Any] = {}
    for part, name, file_name in _parts(form):
        if name == "image":
            if len(pictures) == settings.max_pictures:
                raise InvalidRequest(
                    f"a request may hold at most {settings.max_pictures} pictures; send several"
                )
            pictures.append(_receive(part, file_name, ingest, stack))
        elif name in _FIELDS:
            _add_field(fields, name, _text(part, name))
        else:
            raise InvalidField(
                f"{name[:40]}: no such field; send pictures as 'image', and {', '.join(_FIELDS)} "
                "beside them"
            )
    if not pictures:
        raise InvalidField("image: the form has no field of this name; it holds the picture's file")
    if len(pictures) == 1 and isinstance(pictures[0], PictureError):
        raise pictures[0]
    return Submission(pictures, parse_metadata(fields))


def _parts(form: MultipartForm) -> Iterator[tuple[BodyPart, str, str]]:
    """Yield each part with its name and that of its file, empty where there is none."""
    try:
        for part in form:
            yield part, part.name or "", part.filename or ""
    except UnicodeDecodeError:
        raise InvalidRequest(
            "the multipart form: names of fields and files are to be in UTF-8 (RFC 7578)"
        ) from None
    except falcon.MediaMalformedError as error:
        raise InvalidRequest(
            f"the multipart form is malformed or ended early: {error.description}"
        ) from None


def _receive(
    part: BodyPart, file_name: str, ingest: Ingest, stack: ExitStack
) -> Staged | PictureError:
    """Receive one picture of a form; what is wrong with one is no matter to the others."""
    try:
        return stack.enter_context(ingest.receive(part.stream, file_name))
    except PictureError as error:
        return error


def _text(part: BodyPart, name: str) -> str:
    data = part.stream.read(_MAX_FIELD_BYTES + 1)
    if len(data) > _MAX_FIELD_BYTES:
        raise InvalidField(f"{name}: longer than {_MAX_FIELD_BYTES:,} bytes")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise InvalidField(f"{name}: expected text in UTF-8") from None


def _add_field(fields: dict[str, Any], name: str, text: str) -> None:
    """Note a field of a form or a query; `tags` may come often, or be a list with commas."""
    if name == "tags":
        fields.setdefault(name, []).extend(tag for tag in text.split(",") if tag.strip())
    elif name in fields:
        raise InvalidField(f"{name}: given twice")
    else:
        fields[name] = text


def _read_raw(
    req: falcon.Request,
    body: Body,
    ingest: Ingest,
    stack: ExitStack,
    said: Sequence[tuple[str, str]],
) -> Submission:
    """A raw body's file name stands in Content-Disposition."""
    fields: dict[str, Any] = {}
    for name, text in said:
        if name not in _FIELDS:
            raise InvalidField(f"{name[:40]}: no such field; the fields are {', '.join(_FIELDS)}")
        _add_field(fields, name, text)
    metadata = parse_metadata(fields)
    _, options = parse_header(req.get_header("Content-Disposition") or "")
    staged = stack.enter_context(ingest.receive(body, options.get("filename", "")))
    return Submission([staged], metadata)


def _read_json(body: Body, ingest: Ingest, settings: Upload, stack: ExitStack) -> Submission:
    fields = read_json_object(body, settings.max_json_bytes)
    file_name = _string(fields, "file_name", "expected a string") or ""
    data = _string(fields, "data", "expected the picture's bytes as a base64 string")
    url = _string(fields, "url", "expected the picture's address as a string")
    if (data is None) == (url is None):
        raise InvalidField(
            "data: expected the picture's bytes in base64, or in its place 'url' with its address"
        )
    metadata = parse_metadata(fields)
    if url is not None:
        staged = ingest.fetch(url, file_name)
    else:
        staged = ingest.receive(io.BytesIO(_decoded(data or "")), file_name)
    return Submission([stack.enter_context(staged)], metadata)


def _string(fields: dict[str, Any], name: str, expected: str) -> str | None:
    """Take a field out of a JSON object; None if it is not there."""
    if name not in fields:
        return None
    value = fields.pop(name)
    if not isinstance(value, str):
        raise InvalidField(f"{name}: {expected}")
    return value


def _decoded(data: str) -> bytes:
    try:
        return base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidField("data: not valid base64 (RFC 4648, standard alphabet, padded)") from None


def read_json_object(body: Body, max_bytes: int) -> dict[str, Any]:
    """Return the JSON object that the body is.

    What readers of JSON disagree on is not taken: NaN, and a key that comes twice. Half
    of a surrogate pair is: each field says what text it may hold.

    Raises:
        InvalidRequest: it is something else, or holds more than 200,000 values.
        PictureTooLarge: it is longer than `max_bytes`.
    """
    data = bytearray()
    while piece := body.read(_MAX_FIELD_BYTES):
        data += piece
        if len(data) > max_bytes:
            raise PictureTooLarge(
                f"a JSON body may have at most {max_bytes:,} bytes; send a larger picture as "
                "multipart/form-data or as it is"
            )
    # Before the values exist: one of two bytes takes a hundred bytes of memory.
    if sum(map(data.count, (b",", b"{", b"["))) > _MAX_JSON_VALUES:
        raise InvalidRequest(
            f"the body holds more than {_MAX_JSON_VALUES:,} values or commas; send less at once"
        )
    try:
        text = data.decode("utf-8-sig")
        data.clear()
        value = json.loads(text, object_pairs_hook=_distinct_keys, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise InvalidRequest("the body is not valid JSON in UTF-8") from None
    if not isinstance(value, dict):
        raise InvalidRequest("the body is valid JSON but not an object")
    return value


def _no_number(constant: str) -> Never:
    raise InvalidRequest(f"the body is not valid JSON: {constant} is no number there")


def _distinct_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for key, item in pairs:
        if key in value:
            raise InvalidRequest(f"{key}: given twice")
        value[key] = item
    return value
