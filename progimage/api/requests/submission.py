"""Uploads in their three forms: a multipart form, a raw body, JSON with base64 or a URL."""

from __future__ import annotations

import base64
import binascii
import io
import re
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import falcon
from falcon.util.mediatypes import parse_header
from pydantic import Field, model_validator

from progimage.api.requests.body import Body
from progimage.api.requests.form import FIELDS, Form, add_field
from progimage.api.requests.json_body import UploadFields, read_json_object, validated
from progimage.api.requests.media_type import JSON, media_type
from progimage.config import Upload
from progimage.errors import InvalidField, PictureError
from progimage.fields import MAX_FILE_NAME
from progimage.imaging.codecs.formats import VECTOR_TYPES
from progimage.ingest.ingest import Ingest, Staged
from progimage.ingest.known import OnExternal, OnKnown
from progimage.model import Metadata

FORM = "multipart/form-data"

_MAX_SHOWN = 40
_ACCEPTED = (
    "send multipart/form-data with a field 'image', the picture itself with its media type "
    "(Content-Type: image/jpeg), or application/json with base64 in 'data' or an address in 'url'"
)
_NOT_BASE64 = "not valid base64 (RFC 4648)"

# RFC 2397; only the form with base64 is used for pictures.
_DATA_URI = re.compile(r"data:[^,]{0,200};base64,", re.IGNORECASE)
_URL_SAFE = str.maketrans("-_", "+/")


@dataclass(frozen=True, slots=True)
class Submission:
    """The pictures of one request, and the fields about them.

    Attributes:
        pictures: each received, or the error that it caused.
        metadata: `model_fields_set` are the fields that were sent.
        ignored: names of unknown form fields.
    """

    pictures: list[Staged | PictureError]
    metadata: Metadata
    on_known: OnKnown
    on_external: OnExternal = "conflict"
    ignored: tuple[str, ...] = ()


class UploadJson(UploadFields):
    """A picture in base64, or the address of one."""

    data: str | None = Field(
        default=None,
        description="The bytes in base64 (RFC 4648), also URL-safe, unpadded or as a data: URI.",
    )
    url: str | None = Field(
        default=None, description="Instead of `data`: the picture's address, http or https."
    )
    file_name: str = Field(default="", max_length=16 * MAX_FILE_NAME)

    @model_validator(mode="after")
    def _has_one_picture(self) -> UploadJson:
        if (self.data is None) == (self.url is None):
            raise ValueError(
                "expected the picture's bytes in base64 in 'data', or its address in 'url'"
            )
        return self


def read_submission(
    req: falcon.Request,
    ingest: Ingest,
    settings: Upload,
    stack: ExitStack,
    query: Sequence[tuple[str, str]] = (),
) -> Submission:
    """Receive the pictures of a request; they exist until `stack` closes.

    Args:
        query: fields about the pictures. A raw body has no other place for them; generated
            clients of the API send them there beside any body.

    Raises:
        InvalidRequest: the body has none of the three forms, or is malformed.
        PictureTooLarge, EmptyPicture: its only picture has too many bytes, or none.
        DownloadNotAllowed, DownloadFailed: the picture at its URL cannot be fetched.
    """
    kind = media_type(req)
    body = stack.enter_context(Body(req, settings))
    texts = _query_texts(query)
    if kind == FORM:
        form = Form(ingest, settings, stack, texts)
        form.read(body, req.content_type or "")
        pictures, fields = form.pictures, form.fields
        if len(pictures) == 1 and isinstance(pictures[0], PictureError):
            raise pictures[0]
        if len(pictures) > 1 and fields.external_id:
            raise InvalidField("external_id: belongs to one picture; send each in its own request")
        return Submission(
            pictures, fields.metadata(), fields.on_known, fields.on_external, tuple(form.ignored)
        )
    if kind == JSON:
        return _read_json(body, ingest, settings, stack, texts)
    if kind == "application/octet-stream" or kind.startswith("image/") or kind in VECTOR_TYPES:
        fields = validated(UploadFields, texts)
        staged = stack.enter_context(ingest.receive(body, _file_name(req)))
        return Submission([staged], fields.metadata(), fields.on_known, fields.on_external)
    shown = f"Content-Type {kind[:100]!r}" if kind else "a body without a Content-Type"
    hint = " (with curl, add -H 'Content-Type: image/jpeg')" if "urlencoded" in kind else ""
    raise falcon.HTTPUnsupportedMediaType(
        title="Unsupported Content-Type", description=f"{shown} is not supported{hint}; {_ACCEPTED}"
    )


def _query_texts(query: Sequence[tuple[str, str]]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, text in query:
        if name not in FIELDS:
            raise InvalidField(
                f"{name[:_MAX_SHOWN]}: no such field; the fields are {', '.join(FIELDS)}"
            )
        add_field(fields, name, text)
    return fields


def _file_name(req: falcon.Request) -> str:
    """Return the file name in Content-Disposition, "" without one.

    Source: RFC 6266, section 4.3; `filename*` (RFC 8187) is preferred to `filename`.
    """
    _, options = parse_header(req.get_header("Content-Disposition") or "")
    charset, _, rest = options.get("filename*", "").partition("'")
    _, _, encoded = rest.partition("'")
    if encoded and charset.lower() in ("utf-8", "iso-8859-1"):
        try:
            return unquote(encoded, encoding=charset, errors="strict")
        except UnicodeDecodeError:
            pass
    return options.get("filename", "")


def _read_json(
    body: Body, ingest: Ingest, settings: Upload, stack: ExitStack, texts: dict[str, Any]
) -> Submission:
    sent = read_json_object(body, settings.max_json_bytes)
    for name in texts:
        if name in sent:
            raise InvalidField(f"{name}: given twice, in the query and in the body")
    fields = validated(UploadJson, {**texts, **sent})
    url, data = (fields.url or "").strip(), fields.data
    metadata = fields.metadata()
    if data is None and not _DATA_URI.match(url):
        staged = ingest.fetch(url, fields.file_name)
    else:
        name = "url" if data is None else "data"
        staged = ingest.receive(io.BytesIO(_decoded(data or url, name)), fields.file_name)
    picture = stack.enter_context(staged)
    return Submission([picture], metadata, fields.on_known, fields.on_external)


def _decoded(data: str, name: str) -> bytes:
    """Return the bytes in base64 of either alphabet, with padding or without."""
    if prefix := _DATA_URI.match(data):
        data = data[prefix.end() :]
    text = "".join(data.split()).translate(_URL_SAFE).rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidField(f"{name}: {_NOT_BASE64}") from None
