"""What a responder says of itself for the API's description: data beside the code.

`@documented(...)` stands above a responder; its docstring is the prose. Wherever a
schema may stand there may also be a pydantic model, which becomes a named component,
a `Named` schema, which does too, or a function of the settings that returns one:
limits are then those that hold where the service runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from progimage.errors import ProgImageError

Schema = Any
Responder = TypeVar("Responder", bound=Callable[..., Any])

_ATTRIBUTE = "__documented__"


class Named(NamedTuple):
    """A schema that stands among the components under its own name."""

    name: str
    schema: Schema


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter in the query, the path or a header."""

    name: str
    about: str
    schema: Schema
    place: str = "query"
    required: bool = False
    explode: bool = False
    example: Any = None


@dataclass(frozen=True, slots=True)
class Answer:
    """One way a call may end well: prose, schema by media type, names of headers."""

    about: str
    content: Mapping[str, Schema] = field(default_factory=dict)
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Content:
    """A body that is sent to us: schema by media type, an example of some."""

    content: Mapping[str, Schema]
    about: str = ""
    required: bool = True
    examples: Mapping[str, Any] = field(default_factory=dict)


Error = type[ProgImageError] | int
"""One of our errors, or the status of one that only HTTP has (405, 415)."""


@dataclass(frozen=True, slots=True)
class Documented:
    """All there is to say of one responder.

    Attributes:
        name: what programs call it; with the method it is the operationId.
        tag: the chapter it belongs to.
        answers: how it ends well, by status.
        errors: how it may end otherwise; status and wording come from `problems.KINDS`.
        is_open: it needs no account even where everything else does.
    """

    name: str
    tag: str
    answers: Mapping[int, Answer]
    parameters: tuple[Parameter, ...] = ()
    body: Content | None = None
    errors: tuple[Error, ...] = ()
    is_open: bool = False


def documented(
    name: str,
    tag: str,
    answers: Mapping[int, Answer],
    *,
    parameters: tuple[Parameter, ...] = (),
    body: Content | None = None,
    errors: tuple[Error, ...] = (),
    is_open: bool = False,
) -> Callable[[Responder], Responder]:
    """Say what a responder takes and gives; see `Documented`."""
    said = Documented(name, tag, answers, parameters, body, errors, is_open)

    def note(responder: Responder) -> Responder:
        setattr(responder, _ATTRIBUTE, said)
        return responder

    return note


def of_responder(responder: object) -> Documented | None:
    """Return what was said of a responder, None if nothing was."""
    said: Documented | None = getattr(responder, _ATTRIBUTE, None)
    return said
