"""The API's own description (OpenAPI 3.1), gathered from the routes and their responders.

Source: OpenAPI Specification 3.1.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel

from progimage import __version__
from progimage.api.openapi import schemas
from progimage.api.openapi.documented import Answer, Documented, Named, Parameter, of_responder
from progimage.api.openapi.errors import examples
from progimage.api.openapi.headers import header
from progimage.api.requests.json_body import JsonBody
from progimage.api.responses import problems
from progimage.api.route import Route
from progimage.config import Settings
from progimage.errors import Unauthenticated

_REFERENCE = "#/components/schemas/{model}"
# A generic model such as Collection[Session] is named SessionCollection.
_GENERIC = re.compile(r"^(\w+)\[(\w+)\]$")
_FIELD = re.compile(r"\{(\w+)(?::\w+)?\}")

_SAFE_METHODS = ("get", "head", "options")
_BEARER: dict[str, list[str]] = {"bearer": []}
_TAGS = {
    "pictures": "Upload, find, describe and remove pictures.",
    "albums": "Ordered collections of pictures.",
    "renditions": "Transforms by URL, cached.",
    "uploads": "Resumable uploads: metadata first, bytes later, whole or in pieces (tus 1.0.0).",
    "accounts": "Accounts and their tokens.",
    "jobs": "Bulk imports and renders, done in the background.",
    "origins": "Pictures that stay where they are: folders, buckets and web servers.",
    "viewers": "Pictures for viewers that zoom: IIIF and Deep Zoom.",
    "service": "The service itself: its abilities and its health.",
}


class Call(NamedTuple):
    """One method of one route: the path as the documentation shows it, and the responder."""

    path: str
    method: str
    responder: Any


def calls(routes: Iterable[Route]) -> Iterator[Call]:
    """Yield every method that the routes answer, in the order of the routes."""
    for route in routes:
        for method, responder in route.responders().items():
            yield Call(route.path, method.lower(), responder)


def describe(routes: Iterable[Route], settings: Settings) -> dict[str, Any]:
    """Return the document."""
    writer = _Writer(settings)
    for arguments in schemas.OPERATIONS:
        writer.schema(arguments)
    paths: dict[str, dict[str, Any]] = {}
    names: set[str] = set()
    for call in calls(routes):
        described = of_responder(call.responder)
        if described is None:
            continue
        name = f"{call.method}_{described.name}"
        while name in names:
            name += "_also"
        names.add(name)
        paths.setdefault(call.path, {})[call.method] = writer.operation(call, name, described)
    url = settings.server.public_url or "/"
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "ProgImage",
            "version": __version__,
            "summary": "A self-hosted image service: originals, metadata, search and transforms.",
            "description": "Every path works with and without its trailing slash. Every error "
            "is `application/problem+json` (RFC 9457).",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": url}],
        "tags": [{"name": name, "description": about} for name, about in _TAGS.items()],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(writer.components.items())),
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An access token of `POST /tokens/`, or an API key. "
                    f"Here `auth.mode` is `{settings.auth.mode}`.",
                }
            },
        },
    }


class _Writer:
    """Writes operations, and collects the components that they refer to."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.components: dict[str, Any] = {}

    def operation(self, call: Call, name: str, described: Documented) -> dict[str, Any]:
        prose = re.sub(r"\n +", "\n", (call.responder.__doc__ or "").strip())
        is_head = call.method == "head"
        answers = {
            str(status): self._answer(answer, is_head=is_head)
            for status, answer in described.answers.items()
            if not (is_head and status == 206)
        }
        written: dict[str, Any] = {
            "operationId": name,
            "tags": [described.tag],
            "summary": prose.partition("\n")[0].rstrip("."),
            "description": prose,
            "responses": {**answers, **self._errors(described, is_head=is_head)},
            "security": self._security(call, described),
        }
        fields = {parameter.name for parameter in described.parameters if parameter.place == "path"}
        in_path = set(_FIELD.findall(call.path))
        if fields != in_path:
            raise LookupError(
                f"{call.path}: the path has {in_path}, the documentation has {fields}"
            )
        if described.parameters:
            written["parameters"] = [self._parameter(p) for p in described.parameters]
        if described.body is not None:
            written["requestBody"] = {
                "required": described.body.required,
                "content": {
                    kind: {
                        "schema": self.schema(schema),
                        **(
                            {"example": described.body.examples[kind]}
                            if kind in described.body.examples
                            else {}
                        ),
                    }
                    for kind, schema in described.body.content.items()
                },
            }
            if described.body.about:
                written["requestBody"]["description"] = described.body.about
        return written

    def _security(self, call: Call, described: Documented) -> list[dict[str, list[str]]]:
        """Return whether the call needs credentials, allows them, or neither."""
        if described.is_open:
            return [{}]
        writes = call.method not in _SAFE_METHODS
        is_needed = getattr(call.responder.__self__, "is_of_accounts", False) or (
            self._settings.auth.mode == "required"
            and (writes or Unauthenticated in described.errors)
        )
        return [_BEARER] if is_needed else [{}, _BEARER]

    def _parameter(self, what: Parameter) -> dict[str, Any]:
        written: dict[str, Any] = {
            "name": what.name,
            "in": what.place,
            "description": what.about,
            "schema": self.schema(what.schema),
        }
        if what.required:
            written["required"] = True
        if what.explode:
            written |= {"style": "form", "explode": True}
        if what.example is not None:
            written["example"] = what.example
        return written

    def _answer(self, answer: Answer, *, is_head: bool) -> dict[str, Any]:
        written: dict[str, Any] = {"description": answer.about}
        if answer.content and not is_head:
            written["content"] = {
                kind: {"schema": self.schema(schema)} for kind, schema in answer.content.items()
            }
        if answer.headers:
            written["headers"] = {name: header(name) for name in answer.headers}
        return written

    def _errors(self, described: Documented, *, is_head: bool) -> dict[str, Any]:
        return {
            str(status): self._problem(status, found, is_head=is_head)
            for status, found in examples(described.every_error()).items()
        }

    def _problem(
        self, status: int, found: Mapping[str, dict[str, Any]], *, is_head: bool
    ) -> dict[str, Any]:
        titles = dict.fromkeys(example["value"]["title"] for example in found.values())
        written: dict[str, Any] = {"description": "; ".join(titles) + "."}
        if status in (429, 503):
            written["headers"] = {"Retry-After": header("Retry-After")}
        if not is_head:
            written["content"] = {
                problems.MEDIA_TYPE: {
                    "schema": self.schema(schemas.PROBLEM_SCHEMA),
                    "examples": dict(found),
                }
            }
        return written

    def schema(self, schema: Any) -> Any:
        """Return a schema as JSON; named ones become references to components."""
        if isinstance(schema, Named):
            if schema.name not in self.components:
                self.components[schema.name] = {}
                self.components[schema.name] = self.schema(schema.schema)
            return {"$ref": f"#/components/schemas/{schema.name}"}
        if isinstance(schema, type) and issubclass(schema, BaseModel):
            return self._model(schema)
        if callable(schema):
            return self.schema(schema(self._settings))
        if isinstance(schema, Mapping):
            return {key: self.schema(value) for key, value in schema.items()}
        if isinstance(schema, list | tuple):
            return [self.schema(value) for value in schema]
        return schema

    def _model(self, model: type[BaseModel]) -> dict[str, str]:
        name = _GENERIC.sub(r"\2\1", model.__name__)
        if name not in self.components:
            written = without_titles(
                model.model_json_schema(
                    ref_template=_REFERENCE,
                    mode="validation" if issubclass(model, JsonBody) else "serialization",
                )
            )
            self.components |= written.pop("$defs", {})
            self.components[name] = written
        return {"$ref": _REFERENCE.format(model=name)}


def without_titles(schema: Any) -> Any:
    """Return a schema of pydantic less the titles, which only repeat the names."""
    if isinstance(schema, dict):
        return {
            key: without_titles(value)
            for key, value in schema.items()
            if not (key == "title" and isinstance(value, str))
        }
    return [without_titles(value) for value in schema] if isinstance(schema, list) else schema
