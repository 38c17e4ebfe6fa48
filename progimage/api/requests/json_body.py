"""Request bodies in JSON: each is a pydantic model that validates it and documents it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Never, TypeVar

import falcon
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from progimage.api.requests.body import Body
from progimage.config import Upload
from progimage.errors import InvalidField, InvalidRequest, RequestTooLarge
from progimage.fields import (
    MAX_CUSTOM,
    Alt,
    CustomName,
    CustomValue,
    Description,
    ExternalId,
    Rights,
    Tags,
    Title,
    object_of_text,
)
from progimage.ingest.known import OnExternal, OnKnown
from progimage.model import FocalPoint, Metadata, Visibility

_BLOCK = 64 * 1024
_MAX_VALUES = 200_000
# Of an error message: a body can have thousands of fields, with names of megabytes.
_MAX_COMPLAINTS = 10
_MAX_SHOWN = 40


class JsonBody(BaseModel):
    """Base of the models of request bodies.

    `max_bytes` limits the body before it is parsed. The description of a field follows
    its annotations in the API's description, and in the errors about it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_bytes: ClassVar[int] = 16 * 1024


class MetadataFields(JsonBody):
    """The fields that describe a picture; null is the default."""

    max_bytes: ClassVar[int] = 512 * 1024

    title: Title | None = None
    description: Description | None = None
    tags: Tags | None = None
    rights: Rights | None = None
    visibility: Visibility | None = None
    alt: Alt | None = Field(
        default=None, description="What the picture shows, for people who do not see it."
    )
    focal_point: FocalPoint | None = Field(
        default=None,
        description="What crops with `gravity=focus` keep in view. Forms and queries: 0.3x0.7.",
    )
    custom: (
        Annotated[
            dict[CustomName, CustomValue | None],
            Field(max_length=MAX_CUSTOM),
            BeforeValidator(object_of_text),
        ]
        | None
    ) = Field(
        default=None,
        description="Further fields by name; null removes one. In forms and queries as JSON.",
    )

    def metadata(self) -> Metadata:
        """Return the metadata that the fields describe."""
        values = {name: getattr(self, name, None) for name in Metadata.model_fields}
        if self.custom is not None:
            values["custom"] = {
                name: text for name, text in self.custom.items() if text is not None
            }
        return Metadata(**{name: value for name, value in values.items() if value is not None})


class PictureFields(MetadataFields):
    """The fields of one picture."""

    external_id: ExternalId | None = Field(
        default=None,
        description="The picture's id in another system, unique among the pictures of its owner.",
    )


class UploadFields(PictureFields):
    """The fields about a picture that is uploaded."""

    on_known: OnKnown = Field(
        default="keep",
        description="What to do with these fields if the picture is here already: `keep` "
        "changes nothing, `merge` adds tags and custom fields and fills other fields that are "
        "empty, `replace` sets every field that was sent.",
    )
    on_external: OnExternal = Field(
        default="conflict",
        description="What to do if another picture has the `external_id`: `conflict` is an error, "
        "`replace` moves it to this picture.",
    )


Model = TypeVar("Model", bound=JsonBody)


def read_json(req: falcon.Request, settings: Upload, model: type[Model]) -> Model:
    """Return the body of a request as a `model`.

    Raises:
        InvalidRequest: it is not a JSON object.
        InvalidField: it has fields that the model does not allow, or lacks some.
        RequestTooLarge: it is longer than the model's `max_bytes`.
    """
    with Body(req, settings) as body:
        return validated(model, read_json_object(body, model.max_bytes))


def validated(model: type[Model], fields: Mapping[str, Any]) -> Model:
    """Return `fields` as a `model`.

    Raises:
        InvalidField: names each field that is wrong, and what is expected of it.
    """
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise InvalidField(_complaints(error, model.model_json_schema())) from None


def _complaints(error: ValidationError, schema: Mapping[str, Any]) -> str:
    """Return one line about the first errors of pydantic, unknown fields together."""
    found = error.errors(include_url=False, include_input=False)
    unknown = [str(e["loc"][-1])[:_MAX_SHOWN] for e in found if e["type"] == "extra_forbidden"]
    lines = dict.fromkeys(
        _complaint(item, schema) for item in found if item["type"] != "extra_forbidden"
    )
    if unknown:
        names = ", ".join(unknown[:_MAX_COMPLAINTS])
        lines[f"{names}: no such field; the fields are {', '.join(schema['properties'])}"] = None
    return "; ".join([*lines][:_MAX_COMPLAINTS])


def _complaint(item: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """Return one line about one error of pydantic: where, and what is expected."""
    path = tuple(step for step in item["loc"] if not _is_option(step))
    where = ".".join(str(step)[:_MAX_SHOWN] for step in path) or "the body"
    kind, expected = item["type"], _expected(_at(schema, path, schema), schema)
    if kind == "value_error":
        return f"{where}: {item['msg'].removeprefix('Value error, ')}"
    if kind == "string_unicode":
        return f"{where}: not valid Unicode"
    if kind == "missing":
        return f"{where}: missing; expected {expected}"
    return f"{where}: expected {expected or item['msg']}"


def _is_option(step: int | str) -> bool:
    """Return True if a step of a path names an option of a union, such as `list[any]`."""
    return isinstance(step, str) and (step == "str" or "[" in step)


def _at(part: Any, path: tuple[int | str, ...], schema: Mapping[str, Any]) -> Any:
    """Return the schema at `path`, or of the last part of the path that has one."""
    part = _resolved(part, schema)
    if not path:
        return part
    step = path[0]
    for option in (_resolved(option, schema) for option in part.get("anyOf", [part])):
        if isinstance(step, int) and "items" in option:
            return _at(option["items"], path[1:], schema)
        below = option.get("properties", {}).get(step, option.get("additionalProperties"))
        if isinstance(step, str) and isinstance(below, dict):
            return _at(below, path[1:], schema)
    return part


def _resolved(part: Any, schema: Mapping[str, Any]) -> Any:
    reference = part.get("$ref", "").rpartition("/")[2]
    return schema["$defs"][reference] if reference else part


def _expected(part: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """Return in words what a schema allows; "" if there are no words for it."""
    part = _resolved(part, schema)
    if "anyOf" in part:
        return " or ".join(filter(None, (_expected(p, schema) for p in part["anyOf"])))
    if "enum" in part:
        return f"one of {', '.join(map(str, part['enum']))}"
    kind = part.get("type", "")
    if kind == "integer":
        return "a whole number" + _bounds(part, "minimum", "maximum", "")
    if kind == "string":
        example = f" such as {part['examples'][0]}" if part.get("examples") else ""
        return "a string" + _bounds(part, "minLength", "maxLength", " characters") + example
    if kind == "array":
        return "a list" + _bounds(part, "minItems", "maxItems", " entries")
    return {"object": "an object", "null": "null", "boolean": "true or false"}.get(kind, "")


def _bounds(part: Mapping[str, Any], least: str, most: str, unit: str) -> str:
    low, high = part.get(least), part.get(most)
    if low is not None and high is not None:
        return f" from {low:,} to {high:,}{unit}" if not unit else f" of {low:,} to {high:,}{unit}"
    if high is not None:
        return f" of at most {high:,}{unit}"
    return f" of at least {low:,}{unit}" if low is not None else ""


def read_json_object(body: Body, max_bytes: int) -> dict[str, Any]:
    """Return the JSON object in the body.

    NaN and a key that comes twice are errors, since readers of JSON disagree about them.
    Half of a surrogate pair is not: each field decides which text it allows.

    Raises:
        InvalidRequest: it is not an object, or holds more than 200,000 values.
        RequestTooLarge: it is longer than `max_bytes`.
    """
    data, values = bytearray(), 0
    while piece := body.read(_BLOCK):
        data += piece
        # Before the values exist: a value of two bytes takes a hundred bytes of memory.
        values += sum(map(piece.count, (b",", b"{", b"[")))
        if values > _MAX_VALUES:
            raise InvalidRequest(
                f"the body holds more than {_MAX_VALUES:,} values or commas; send less at once"
            )
        if len(data) > max_bytes:
            raise RequestTooLarge(
                f"a JSON body may have at most {max_bytes:,} bytes; send a larger picture as "
                "multipart/form-data or as the raw body"
            )
    try:
        text = data.decode("utf-8-sig")
        data.clear()
        value = json.loads(text, object_pairs_hook=_distinct_keys, parse_constant=_not_a_number)
    except (ValueError, RecursionError):
        raise InvalidRequest("the body is not valid JSON in UTF-8") from None
    if not isinstance(value, dict):
        raise InvalidRequest("the body is valid JSON but not an object")
    return value


def _not_a_number(constant: str) -> Never:
    raise InvalidRequest(f"the body is not valid JSON: {constant} is not a number in JSON")


def _distinct_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for key, item in pairs:
        if key in value:
            raise InvalidRequest(f"{key[:_MAX_SHOWN]}: given twice")
        value[key] = item
    return value
