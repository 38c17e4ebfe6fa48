"""The schemas and parameters that several resources share, made from what validates them."""

from __future__ import annotations

import re
from typing import Any

from progimage.access.signed_links import TOKEN
from progimage.api.openapi.documented import Answer, Named, Parameter
from progimage.api.requests.query import SIGNATURE as SIGNATURE_NAME
from progimage.config import Settings
from progimage.imaging.codecs import formats
from progimage.imaging.registry import describe
from progimage.model import Metadata, Record

HAL = "application/hal+json"
JSON = "application/json"
PROBLEM = "application/problem+json"

BINARY: dict[str, Any] = {"type": "string", "format": "binary"}

_LINK = Named(
    "Link",
    {
        "type": "object",
        "description": "One link of a HAL document; with `templated` an RFC 6570 template.",
        "properties": {
            "href": {"type": "string"},
            "templated": {"type": "boolean"},
            "type": {"type": "string"},
        },
        "required": ["href"],
    },
)
LINKS: dict[str, Any] = {"type": "object", "additionalProperties": _LINK}

PROBLEM_SCHEMA = Named(
    "Problem",
    {
        "type": "object",
        "description": "An error (RFC 9457). `type` is for programs, `detail` for people: "
        "what, where, and what would work.",
        "properties": {
            "type": {"type": "string", "format": "uri", "pattern": "^urn:progimage:problem:"},
            "title": {"type": "string"},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {"type": "string"},
        },
        "required": ["type", "title", "status", "detail"],
    },
)


def _record() -> dict[str, Any]:
    """Return the schema of what `Record.facts` gives."""
    schema = Record.model_json_schema(mode="serialization")
    known = set(Record.model_fields) - {"generation", "state"}
    return {
        "type": "object",
        "description": "All that is known of a picture, and where it leads.",
        "properties": {
            **{name: rest for name, rest in schema["properties"].items() if name in known},
            "_links": LINKS,
        },
        "required": [*(name for name in schema["properties"] if name in known), "_links"],
    }


PICTURE = Named("Picture", _record())
KEPT = Named(
    "Kept",
    {
        "allOf": [
            PICTURE,
            {
                "type": "object",
                "properties": {
                    "msg": {"type": "string", "const": "ok"},
                    "location": {"type": "string", "format": "uri"},
                },
                "required": ["msg", "location"],
            },
        ]
    },
)


# null stands for the default, as `parse_metadata` has it.
_NULLABLE = {
    name: {"anyOf": [what, {"type": "null"}]}
    for name, what in Metadata.model_json_schema()["properties"].items()
}


def metadata(**more: Any) -> dict[str, Any]:
    """Return the schema of what people may say of a picture, with `more` beside it."""
    return {
        "type": "object",
        "properties": {**more, **_NULLABLE},
        "additionalProperties": False,
    }


def merge_patch() -> dict[str, Any]:
    """Return the schema of an edit: any of the fields, null to take one back."""
    return metadata()


METADATA_FIELDS = tuple(
    Parameter(
        name,
        "Said of a picture that is the whole body." if name != "tags" else "Tags, with commas.",
        {key: value for key, value in what.items() if key != "default"}
        if name != "tags"
        else {"type": "string"},
    )
    for name, what in Metadata.model_json_schema()["properties"].items()
)
"""The same fields in a query, for a body that has no place for them."""

IMAGE_ID = Parameter(
    "image_id",
    "Id of a picture: 64 lowercase hex digits.",
    {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    place="path",
    required=True,
    example="e4dcc0711feda721c7b22047b1cb7cc0c36767ad9aba53991aac78d439eb9ce3",
)

WRITABLE = tuple(form for form in formats.READABLE if form.is_writable)

EXTENSION = Parameter(
    "extension",
    "The format of the result; auto takes the best that Accept allows.",
    {"type": "string", "enum": [*(e for form in WRITABLE for e in form.extensions), "auto"]},
    place="path",
    required=True,
    example="webp",
)

PIPELINE = Parameter(
    "path",
    "Steps separated by `/`, each an operation with its arguments, then perhaps the "
    "extension of a format: `crop:x=10,y=20,w=800,h=600/rotate:90/grayscale.webp`. "
    "Every operation is at `/transforms/` and, as a schema, among the components here.",
    {
        "type": "string",
        "minLength": 1,
        "maxLength": 1000,
        "examples": [operation["example"] for operation in describe()],
    },
    place="path",
    required=True,
    example="thumbnail:200x200.webp",
)

ARGUMENTS = Parameter(
    "arguments",
    "The arguments of the one step of the path, one query parameter each, when they do not "
    "stand in the path: `thumbnail/?width=200&height=100`.",
    {
        "type": "object",
        "anyOf": [
            Named(f"{operation['name']}-arguments", operation["arguments"])
            for operation in describe()
        ],
    },
    explode=True,
)

SIGNATURE = Parameter(
    SIGNATURE_NAME,
    "The signature of a link, as `POST /images/<id>/links/` makes it or a back end with a "
    "link key does.",
    # JSON Schema has the regular expressions of ECMAScript: groups without names.
    {"type": "string", "pattern": f"^{re.sub(r'[?]P<[a-z]+>', '', TOKEN.pattern)}$"},
)

RANGE = Parameter("Range", "One range of bytes.", {"type": "string"}, place="header")
IF_NONE_MATCH = Parameter(
    "If-None-Match", "304 if the ETag is among these.", {"type": "string"}, place="header"
)
ACCEPT = Parameter("Accept", "Which formats `auto` may choose.", {"type": "string"}, place="header")

PICTURES = {form.media_type: BINARY for form in WRITABLE}
"""The content of an answer that is a rendition."""

ORIGINALS = {form.media_type: BINARY for form in formats.READABLE}
"""The content of an answer that is an original."""

_DELIVERED = ("ETag", "Cache-Control", "Content-Disposition", "Accept-Ranges")
_RENDERED = (*_DELIVERED, "Link", "X-Cache", "Server-Timing", "Vary")


def delivered(content: dict[str, Any], *, rendered: bool = False) -> dict[int, Answer]:
    """Return the answers of what sends stored bytes."""
    headers = _RENDERED if rendered else _DELIVERED
    return {
        200: Answer("The picture.", content, headers),
        206: Answer("The range of it that was asked for.", content, (*headers, "Content-Range")),
        304: Answer("The client has this version.", {}, ("ETag", "Cache-Control")),
        307: Answer("It is at this address for a while (`delivery.mode`).", {}, ("Location",)),
    }


def upload_json(settings: Settings) -> dict[str, Any]:
    """Return the schema of an upload in JSON."""
    data = {
        "type": "string",
        "format": "byte",
        "description": "The picture's bytes in base64 (RFC 4648, padded).",
        "maxLength": settings.upload.max_json_bytes,
    }
    url = {
        "type": "string",
        "format": "uri",
        "maxLength": 8192,
        "description": "In place of `data`: where the picture is, http or https.",
    }
    schema = metadata(data=data, url=url, file_name={"type": "string"})
    return {**schema, "oneOf": [{"required": ["data"]}, {"required": ["url"]}]}


def upload_form(settings: Settings) -> dict[str, Any]:
    """Return the schema of an upload in a form."""
    files = {
        "type": "array",
        "items": BINARY,
        "minItems": 1,
        "maxItems": settings.upload.max_pictures,
        "description": "One picture or several.",
    }
    return {
        "type": "object",
        "properties": {"image": files, **Metadata.model_json_schema()["properties"]},
        "required": ["image"],
        "additionalProperties": False,
    }


def pictures_sent() -> dict[str, Any]:
    """Return the content of an upload in its three shapes."""
    return {
        "multipart/form-data": Named("UploadForm", upload_form),
        **ORIGINALS,
        "application/octet-stream": BINARY,
        JSON: Named("UploadJson", upload_json),
    }
