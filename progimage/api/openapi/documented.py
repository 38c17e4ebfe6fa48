"""The decorator that describes a responder for the API's description.

`@documented(...)` decorates a responder, whose docstring is the prose. A schema is a JSON
schema; a pydantic model or a `Named` schema, which become named components; or a function that
returns one of these for the settings, with their limits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, NamedTuple, TypeVar

from progimage.errors import (
    InvalidField,
    InvalidRequest,
    NotFound,
    ProgImageError,
    RequestTimeout,
    RequestTooLarge,
    StoreUnavailable,
    Unauthenticated,
)

Schema = Any
Responder = TypeVar("Responder", bound=Callable[..., Any])

_ATTRIBUTE = "__documented__"

Error = type[ProgImageError] | int
"""An error of this package, or the status of one that only HTTP has (405, 415)."""

BODY_ERRORS = (InvalidRequest, InvalidField, RequestTimeout, RequestTooLarge)
"""The errors of every request with a body."""


TEXT: Schema = {"type": "string"}
TIME: Schema = {"type": "string", "format": "date-time"}
WHOLE: Schema = {"type": "integer"}
COUNT: Schema = {"type": "integer", "minimum": 0}


def object_of(
    about: str = "", optional: Iterable[str] = (), **properties: Schema
) -> dict[str, Any]:
    """Return the schema of an object; all properties but the `optional` ones are always there."""
    return {
        "type": "object",
        **({"description": about} if about else {}),
        "properties": properties,
        "required": [name for name in properties if name not in set(optional)],
    }


def list_of(items: Schema, about: str = "") -> dict[str, Any]:
    """Return the schema of a list."""
    found = {"type": "array", "items": items}
    return {**found, "description": about} if about else found


class Named(NamedTuple):
    """A schema that is a component under its own name."""

    name: str
    schema: Schema


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter in the query, the path or a header.

    Attributes:
        errors: those that its values can cause; in the query also `InvalidRequest`.
    """

    name: str
    about: str
    schema: Schema
    place: str = "query"
    required: bool = False
    explode: bool = False
    example: Any = None
    errors: tuple[Error, ...] = ()


def in_path(
    name: str,
    about: str,
    example: Any = None,
    errors: tuple[Error, ...] = (NotFound,),
    **schema: Any,
) -> Parameter:
    """Return the description of a part of the path; `schema` is that of its text."""
    return Parameter(
        name, about, {"type": "string", **schema}, "path", True, example=example, errors=errors
    )


def in_header(name: str, about: str, *errors: Error) -> Parameter:
    """Return the description of a header that is text."""
    return Parameter(name, about, {"type": "string"}, "header", errors=errors)


@dataclass(frozen=True, slots=True)
class Answer:
    """One successful answer: prose, schema by media type, names of headers."""

    about: str
    content: Mapping[str, Schema] = field(default_factory=dict)
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Content:
    """The body of a request: schema by media type, and examples for some of them."""

    content: Mapping[str, Schema]
    about: str = ""
    required: bool = True
    examples: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Documented:
    """The description of one responder, and the decorator that attaches it.

    Attributes:
        name: with the method it is the operationId.
        tag: the chapter of the description.
        answers: the successful answers, by status.
        errors: the errors that do not follow from the rest, see `every_error`; their status
            and title come from `problems.KINDS`.
        is_open: True if it never needs an account.
    """

    name: str
    tag: str
    answers: Mapping[int, Answer]
    _: KW_ONLY
    parameters: tuple[Parameter, ...] = ()
    body: Content | None = None
    errors: tuple[Error, ...] = ()
    is_open: bool = False

    def __call__(self, responder: Responder) -> Responder:
        """Attach this description to a responder, and return the responder."""
        setattr(responder, _ATTRIBUTE, self)
        return responder

    def every_error(self) -> Iterator[Error]:
        """Yield the errors: its own, and those of its parameters, its body, store and account."""
        yield from self.errors
        for parameter in self.parameters:
            yield from parameter.errors
            if parameter.place == "query":
                yield InvalidRequest
        if self.body is not None:
            yield from BODY_ERRORS
        if not self.is_open:
            yield StoreUnavailable
            yield Unauthenticated


documented = Documented


def of_responder(responder: object) -> Documented | None:
    """Return the description of a responder, None if it has none."""
    description: Documented | None = getattr(responder, _ATTRIBUTE, None)
    return description
