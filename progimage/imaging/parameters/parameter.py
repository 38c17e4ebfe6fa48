"""One argument of an operation, declared as data.

A parameter reads a text, raises an error that says what was expected, writes the one canonical
spelling and describes itself as JSON Schema.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import EllipsisType
from typing import Any, TypedDict

from progimage.errors import InvalidArgument
from progimage.imaging.areas import Areas
from progimage.imaging.colour import Colour
from progimage.imaging.did_you_mean import shown
from progimage.imaging.gravity import Focus

Value = int | float | str | Colour | Focus | Areas | tuple[float, ...] | tuple[int, int] | None
"""The value of an argument: hashable, picklable, comparable."""


class Shared(TypedDict, total=False):
    """The options of every kind of parameter.

    neutral: the value that makes the operation change nothing.
    aliases: other names of the argument.
    by_name_only: it cannot be given by position.
    about: one phrase for the documentation.
    """

    neutral: Value
    aliases: tuple[str, ...]
    by_name_only: bool
    about: str


class Common(Shared, total=False):
    """With `default`, the value if it is not given; without one the argument is required."""

    default: Value


@dataclass(frozen=True)
class Parameter:
    """One argument of an operation.

    Attributes:
        expected: a description of a valid text, to follow the word "expected".
        read: text to value; ValueError, perhaps with a hint, if it is not valid.
        write: value to canonical text, made of letters, digits and `._-~`.
        schema: JSON Schema of the value.
    """

    expected: str
    read: Callable[[str], Value]
    schema: Mapping[str, Any]
    write: Callable[[Any], str] = str
    default: Value | EllipsisType = ...
    neutral: Value | EllipsisType = ...
    aliases: tuple[str, ...] = ()
    by_name_only: bool = False
    about: str = ""
    names_picture: bool = False

    def parse(self, text: str, where: str) -> Value:
        """Return the value of `text`.

        Raises:
            InvalidArgument: naming `where`, what was expected and what was given.
        """
        try:
            return self.read(text)
        except ValueError as error:
            hint = f"; {error}" if str(error) else ""
            raise InvalidArgument(
                f"{where}: expected {self.expected}, got {shown(text)}{hint}"
            ) from None

    def json_schema(self) -> dict[str, Any]:
        """Describe the argument, its default and its other names."""
        described = dict(self.schema)
        if self.about:
            described["description"] = self.about
        if self.default is not ... and self.default is not None:
            is_plain = isinstance(self.default, int | float)
            described["default"] = self.default if is_plain else str(self.default)
        if self.aliases:
            described["x-aliases"] = list(self.aliases)
        return described
