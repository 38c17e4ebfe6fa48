"""The schemas and parameters that several resources share, from the code that validates them."""

from __future__ import annotations

import re
from typing import Any

from pydantic import TypeAdapter

from progimage.access.signed_links import TOKEN
from progimage.api.openapi.documented import (
    TEXT,
    WHOLE,
    Answer,
    Named,
    Parameter,
    in_header,
    in_path,
    list_of,
    object_of,
)
from progimage.api.requests.json_body import UploadFields
from progimage.api.requests.query import DOWNLOAD as DOWNLOAD_NAME
from progimage.api.requests.query import SIGNATURE as SIGNATURE_NAME
from progimage.api.responses.json_document import Link
from progimage.config import Settings
from progimage.errors import InvalidLink, LinkExpired, PreconditionFailed, PreconditionRequired
from progimage.imaging.codecs import formats
from progimage.imaging.registry import describe
from progimage.model import PUBLIC_FIELDS, Record

HAL = "application/hal+json"
JSON = "application/json"

BINARY: dict[str, Any] = {"type": "string", "format": "binary"}

LINKS: dict[str, Any] = {
    "type": "object",
    "additionalProperties": Named("Link", TypeAdapter(Link).json_schema()),
}

PROBLEM_SCHEMA = Named(
    "Problem",
    object_of(
        "An error (RFC 9457). `type` is for programs; `detail` says what is wrong, where, and what "
        "would work.",
        type={"type": "string", "format": "uri", "pattern": "^urn:progimage:problem:"},
        title=TEXT,
        status={"type": "integer", "minimum": 400, "maximum": 599},
        detail=TEXT,
    ),
)


def inlined(schema: Any, parts: dict[str, Any] | None = None) -> Any:
    """Return a schema of pydantic with its parts instead of references to them."""
    if isinstance(schema, list):
        return [inlined(item, parts) for item in schema]
    if not isinstance(schema, dict):
        return schema
    parts = parts or schema.get("$defs", {})
    if "$ref" in schema:
        named = schema["$ref"].rpartition("/")[2]
        rest = {name: value for name, value in schema.items() if name != "$ref"}
        return {**inlined(parts[named], parts), **rest}
    return {name: inlined(value, parts) for name, value in schema.items() if name != "$defs"}


def _record() -> dict[str, Any]:
    """Return the schema of the result of `Record.facts`."""
    schema = Record.model_json_schema(mode="serialization")
    parts = schema["$defs"]
    properties = {name: inlined(schema["properties"][name], parts) for name in PUBLIC_FIELDS}
    properties["capture"] = parts["Capture"]
    return object_of(
        "The record of a picture, with its links.",
        ("place", "source"),
        **properties,
        place={**parts["Place"], "description": "Only for the owner, and in /metadata/."},
        source={
            "type": "string",
            "description": "Where it was imported from, such as origin://shop/2024/boat.jpg. "
            "Only for the owner, and in /metadata/.",
        },
        _links=LINKS,
    )


PICTURE = Named("Picture", _record())
PART_OF_PICTURE = Named(
    "PartOfPicture",
    {
        **PICTURE.schema,
        "description": "Fields of a record: those that were asked for.",
        "required": [],
    },
)

SUCCESS = {"type": "string", "enum": ["ok", "some failed"]}
IGNORED = list_of(TEXT, "Unknown form fields, which were ignored.")
RESULT: dict[str, Any] = {
    "msg": {
        "type": "string",
        "enum": ["ok", "known"],
        "description": "known: the picture was here already.",
    },
    "applied": list_of(TEXT, "Sent fields that changed a known picture."),
    "not_applied": list_of(
        TEXT,
        "Sent fields that differ from a known picture and did not change it; see `on_known`.",
    ),
}
"""The properties that say what happened to an upload."""

_ADDED = object_of(
    optional=("applied", "not_applied", "status", "ignored"),
    **RESULT,
    location={"type": "string", "format": "uri"},
    status={**WHOLE, "description": "201, or 200 if it existed; in answers about several."},
    ignored=IGNORED,
)
UPLOADED = Named("UploadedPicture", {"allOf": [PICTURE, _ADDED]})


def _text_schema(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a field in a query or a form, which is text and cannot be null."""
    if name in ("focal_point", "custom"):
        return {"type": "string", "description": schema["description"]}
    option = next(o for o in schema.get("anyOf", [schema]) if o.get("type") != "null")
    return {key: value for key, value in option.items() if key not in ("default", "title")}


_ABOUT = {"tags": "Tags, separated by commas."}

UPLOAD_FIELDS = tuple(
    Parameter(
        name,
        schema.get("description") or _ABOUT.get(name, "A field about the picture."),
        {"type": "string"} if name == "tags" else _text_schema(name, schema),
    )
    for name, schema in UploadFields.model_json_schema()["properties"].items()
)
"""The fields about a picture as query parameters, for a body that has no place for them."""

IMAGE_ID = in_path(
    "image_id",
    "Id of a picture: 64 lowercase hex digits.",
    "e4dcc0711feda721c7b22047b1cb7cc0c36767ad9aba53991aac78d439eb9ce3",
    pattern="^[0-9a-f]{64}$",
)

WRITABLE = tuple(form for form in formats.READABLE if form.is_writable)

EXTENSION = in_path(
    "extension",
    "The format of the result; auto is the best that Accept allows.",
    "webp",
    enum=[*(e for form in WRITABLE for e in form.extensions), "auto"],
)

PIPELINE = in_path(
    "path",
    "Steps separated by `/`, each an operation with its arguments, and optionally the "
    "extension of a format: `crop:x=10,y=20,w=800,h=600/rotate:90/grayscale.webp`. "
    "Every operation is at `/transforms/` and, as a schema, among the components here.",
    "thumbnail:200x200.webp",
    errors=(),
    minLength=1,
    maxLength=1000,
    examples=[operation["example"] for operation in describe()],
)

ARGUMENTS = Parameter(
    "arguments",
    "The arguments of the only step of the path, one query parameter each, instead of in the "
    "path: `thumbnail/?width=200&height=100`. The component `<operation>-arguments` describes "
    "those of each operation.",
    # Not a choice of these components: clients made by openapi-generator 7.26 would send each
    # argument twice (Python), or under a wrong name (TypeScript).
    {"type": "object", "additionalProperties": True},
    explode=True,
)

OPERATIONS = tuple(Named(f"{what['name']}-arguments", what["arguments"]) for what in describe())
"""The arguments of every operation, as components."""

SIGNATURE = Parameter(
    SIGNATURE_NAME,
    "The signature of a link, from `POST /images/<id>/links/` or a back end with a link key.",
    # JSON Schema has the regular expressions of ECMAScript: groups without names.
    {"type": "string", "pattern": f"^{re.sub(r'[?]P<[a-z]+>', '', TOKEN.pattern)}$"},
    errors=(InvalidLink, LinkExpired),
)

DOWNLOAD = Parameter(
    DOWNLOAD_NAME,
    "Save the picture instead of showing it, under this file name; empty for the usual name.",
    {"type": "string", "maxLength": 1000},
)

RANGE = in_header("Range", "One range of bytes.", 416)
IF_MATCH = Parameter(
    "If-Match",
    "The ETag of the version the edit is based on.",
    {"type": "string"},
    place="header",
    required=True,
    errors=(PreconditionFailed, PreconditionRequired),
)
IF_NONE_MATCH = in_header("If-None-Match", "304 if the ETag is among these.")
IF_MODIFIED_SINCE = in_header(
    "If-Modified-Since", "304 if the picture did not change since; only without If-None-Match."
)
ACCEPT = in_header("Accept", "The formats that `auto` may choose from.")

RENDITION_PARAMETERS = (SIGNATURE, DOWNLOAD, ACCEPT, RANGE, IF_NONE_MATCH)
"""The parameters of every request for a rendition, beside those that name it."""

PICTURES = {form.media_type: BINARY for form in WRITABLE}
"""The content of an answer that is a rendition."""

ORIGINALS = {form.media_type: BINARY for form in formats.READABLE}
"""The content of an answer that is an original."""

_DELIVERED = ("ETag", "Cache-Control", "Content-Disposition", "Accept-Ranges")
_RENDERED = (*_DELIVERED, "Link", "X-Cache", "Server-Timing", "Vary")


def delivered(content: dict[str, Any], *, rendered: bool = False) -> dict[int, Answer]:
    """Return the answers of calls that send stored bytes."""
    headers = _RENDERED if rendered else (*_DELIVERED, "Last-Modified")
    return {
        200: Answer("The picture.", content, headers),
        206: Answer("The requested range.", content, (*headers, "Content-Range")),
        304: Answer("The client has this version.", {}, ("ETag", "Cache-Control")),
        307: Answer(
            "The picture is at this address for a limited time (`delivery.mode`).",
            {},
            ("Location",),
        ),
    }


def upload_form(settings: Settings) -> dict[str, Any]:
    """Return the schema of an upload in a form."""
    files = {
        "type": "array",
        "items": BINARY,
        "minItems": 1,
        "maxItems": settings.upload.max_pictures,
        "description": "One picture or several.",
    }
    fields = UploadFields.model_json_schema()["properties"]
    return {
        "type": "object",
        "properties": {"image": files} | {n: _text_schema(n, fields[n]) for n in fields},
        "required": ["image"],
    }


# An upload may be a form, a raw body or JSON, and every path accepts all three. A client made
# by openapi-generator sends JSON wherever it is described, even for files, and cannot be compiled
# if a query parameter and a form field share an enumeration. So the descriptions of a form, and
# of the two others, are at different paths.
FORM = {"multipart/form-data": Named("UploadForm", upload_form)}
RAW = {**ORIGINALS, "application/octet-stream": BINARY}
