"""Uploads as multipart forms (RFC 7578)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import falcon
from falcon.media.multipart import BodyPart, MultipartForm, MultipartParseOptions
from falcon.util.mediatypes import parse_header

from progimage.api.requests.body import Body
from progimage.api.requests.json_body import UploadFields, validated
from progimage.config import Upload
from progimage.errors import InvalidField, InvalidRequest, PictureError
from progimage.imaging.did_you_mean import did_you_mean
from progimage.ingest.ingest import Ingest, Staged

PICTURE = "image"
FIELDS = tuple(UploadFields.model_fields)

_MAX_FIELD_BYTES = 64 * 1024
_MAX_SHOWN = 40


class Form:
    """The pictures and the fields of a form.

    Args:
        texts: fields that were sent outside of the form.

    Attributes:
        pictures: each received, or the error that it caused.
        fields: the fields about the pictures.
        ignored: names of unknown fields, such as that of a submit button.
    """

    def __init__(
        self, ingest: Ingest, settings: Upload, stack: ExitStack, texts: Mapping[str, Any]
    ) -> None:
        self._ingest = ingest
        self._settings = settings
        self._stack = stack
        self._received: list[tuple[bool, Staged | PictureError]] = []
        self._texts = dict(texts)
        self.ignored: list[str] = []

    def read(self, body: Body, content_type: str) -> None:
        """Read the form in `body`; the pictures exist until the stack closes.

        Raises:
            InvalidRequest: the form is malformed, or has too many pictures.
            InvalidField: it has no picture, or a field that is wrong.
            PictureError: its only picture is wrong.
        """
        for part in _parts(_form(body, content_type, self._settings)):
            name = (part.name or "").removesuffix("[]")
            if name == PICTURE:
                self._receive(part)
            elif name in FIELDS:
                add_field(self._texts, name, _text(part, name))
            else:
                self._ignore(part, name)
        if not self._received:
            raise InvalidField(
                f"{PICTURE}: the form has no field of this name; it holds the picture's file"
            )

    @property
    def pictures(self) -> list[Staged | PictureError]:
        """The pictures, in the order of the form.

        FilePond sends a text field of the same name before each file; where there are
        files, such a field is not a picture.
        """
        files = [picture for is_file, picture in self._received if is_file]
        return files or [picture for _, picture in self._received]

    @property
    def fields(self) -> UploadFields:
        """The fields about the pictures."""
        return validated(UploadFields, self._texts)

    def _receive(self, part: BodyPart) -> None:
        if len(self._received) == 2 * self._settings.max_pictures or (
            len(self.pictures) == self._settings.max_pictures
        ):
            raise InvalidRequest(
                f"a request may have at most {self._settings.max_pictures} pictures; send several"
            )
        picture: Staged | PictureError
        try:
            received = self._ingest.receive(part.stream, part.filename or "")
            picture = self._stack.enter_context(received)
        except PictureError as error:
            # The other pictures of the form are received all the same.
            picture = error
        self._received.append((part.filename is not None, picture))

    def _ignore(self, part: BodyPart, name: str) -> None:
        hint = did_you_mean(name, (PICTURE, *FIELDS))
        if part.filename:
            hint = f"send pictures as {PICTURE!r}"
        if hint:
            raise InvalidField(f"{name[:_MAX_SHOWN]}: no such field; {hint}")
        if name and name not in self.ignored:
            self.ignored.append(name[:_MAX_SHOWN])


def add_field(fields: dict[str, Any], name: str, text: str) -> None:
    """Add a field of a form or a query; `tags` can be repeated, or be a list with commas.

    Raises:
        InvalidField: another field is repeated.
    """
    if name == "tags":
        fields.setdefault(name, []).extend(tag for tag in text.split(",") if tag.strip())
    elif name in fields:
        raise InvalidField(f"{name}: given twice")
    else:
        fields[name] = text


def _form(body: Body, content_type: str, settings: Upload) -> MultipartForm:
    boundary = parse_header(content_type)[1].get("boundary", "").rstrip()
    if not 1 <= len(boundary) <= 70 or not boundary.isascii():
        raise InvalidRequest(
            "Content-Type: multipart/form-data needs a boundary of 1 to 70 characters"
        )
    limits = MultipartParseOptions()
    limits.max_body_part_count = 2 * settings.max_pictures + 4 * len(FIELDS) + 50
    limits.max_body_part_buffer_size = _MAX_FIELD_BYTES
    length = settings.max_request_bytes if body.length is None else body.length
    return MultipartForm(body, boundary.encode(), length, limits)


def _parts(form: MultipartForm) -> Iterator[BodyPart]:
    try:
        for part in form:
            # Read here, so that names that are not UTF-8 raise the error below.
            _ = part.name, part.filename
            yield part
    except UnicodeDecodeError:
        raise InvalidRequest(
            "the multipart form: the names of fields and files must be UTF-8 (RFC 7578)"
        ) from None
    except falcon.MediaMalformedError as error:
        raise InvalidRequest(
            f"the multipart form is malformed or ended early: {error.description}"
        ) from None


def _text(part: BodyPart, name: str) -> str:
    data = part.stream.read(_MAX_FIELD_BYTES + 1)
    if len(data) > _MAX_FIELD_BYTES:
        raise InvalidField(f"{name}: longer than {_MAX_FIELD_BYTES:,} bytes")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise InvalidField(f"{name}: expected text in UTF-8") from None
