"""How an operation is declared: by one decorated function.

    @operation(amount=number(0, 1, default=1))
    def sepia(frame: Image, amount: float) -> Image:

declares an operation on pixels: its name, its arguments in positional order, its documentation.
One that must decide once for all frames of an animation, or that needs the size of the picture
before the decoder shrank it, is declared with `@planned_operation`: it gets a `View` and returns
the function to apply to each frame. `@setting` declares what concerns the encoder alone.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from PIL.Image import Image

from progimage.errors import InvalidArgument
from progimage.imaging.codecs.encode_options import EncodeOptions
from progimage.imaging.codecs.picture import Box
from progimage.imaging.did_you_mean import did_you_mean, shown
from progimage.imaging.parameters import Parameter, Value
from progimage.imaging.resampling import resized

Size = tuple[int, int]
Arguments = dict[str, Any]
Apply = Callable[[Image], Image]
Sizes = Callable[..., Size | None]
AnySizes = TypeVar("AnySizes", bound=Sizes)
AnyDeclared = TypeVar("AnyDeclared", bound="Declared")
Normalise = Callable[[Arguments], Arguments]

_WIDTH_X_HEIGHT = re.compile(r"(?=.{2})([0-9]*)x([0-9]*)")


@dataclass(frozen=True, slots=True)
class View:
    """The first frame as it reaches a step, with the size it had before.

    Where the decoder has shrunk the picture on load, `box` of every frame (left, top,
    right, bottom, in fractions of pixels) is what was `size` pixels before.
    """

    image: Image
    size: Size
    box: Box


@dataclass(frozen=True, slots=True)
class Scaling:
    """An `Apply` that brings `box` of a frame to `size`, and then may do something else."""

    size: Size
    box: Box
    then: Apply | None = None

    def __call__(self, frame: Image) -> Image:
        if self.size != frame.size or self.box != (0, 0, *frame.size):
            frame = resized(frame, self.size, self.box)
        return self.then(frame) if self.then else frame


@dataclass(frozen=True, slots=True)
class Output:
    """The settings of a pipeline.

    Attributes:
        format: of the result; "auto" to negotiate one.
        page: of the source that is drawn, from 1.
        options: for the encoder.
    """

    format: str | None = None
    page: int = 1
    options: EncodeOptions = field(default_factory=EncodeOptions)


class Declared:
    """A named function with typed arguments, as a step of a pipeline calls it.

    Attributes:
        example: a step as it is written in a pipeline.
        label, aliases: the name for people, and other names in a pipeline.
    """

    def __init__(self, function: Callable[..., Any], parameters: Mapping[str, Parameter]) -> None:
        self.function = function
        self.name = function.__name__
        self.parameters = dict(parameters)
        self.aliases: tuple[str, ...] = ()
        self.example = self.name
        self.label = self.name.capitalize()
        self._normalise: Normalise = lambda arguments: arguments
        self._names = {
            name: long
            for long, parameter in parameters.items()
            for name in (long, *parameter.aliases)
        }

    def normalises(self, hook: Normalise) -> Normalise:
        """Decorate the function that normalises arguments and checks that they fit together.

        It takes and returns all arguments and may raise `InvalidArgument`. Applied to its own
        result, it must change nothing.
        """
        self._normalise = hook
        return hook

    def read(
        self, positional: Sequence[str], named: Iterable[tuple[str, str]]
    ) -> dict[str, Value] | None:
        """Return the arguments that differ from their defaults, sorted by name.

        None if the operation would change nothing.

        Raises:
            InvalidArgument: one is unknown, repeated, missing, out of range, or does
                not go with another.
        """
        given: dict[str, Value] = {}
        for name, text in [*self._by_position(positional), *self._by_name(named)]:
            if name in given:
                raise InvalidArgument(f"{self.name}.{name}: given twice")
            given[name] = self.parameters[name].parse(text, f"{self.name}.{name}")
        complete = self._normalise(self.complete(given))
        neutral = [
            complete[name] == parameter.neutral
            for name, parameter in self.parameters.items()
            if parameter.neutral is not ...
        ]
        if neutral and all(neutral):
            return None
        return {
            name: value
            for name, value in sorted(complete.items())
            if value != self.parameters[name].default
        }

    def complete(self, given: Mapping[str, Value]) -> Arguments:
        """Return `given` and the defaults of the rest.

        Raises:
            InvalidArgument: one without a default is missing.
        """
        for name, parameter in self.parameters.items():
            if name not in given and parameter.default is ...:
                raise InvalidArgument(
                    f"{self.name}.{name}: is required; expected {parameter.expected}"
                )
        return {
            name: given.get(name, parameter.default) for name, parameter in self.parameters.items()
        }

    def _by_position(self, texts: Sequence[str]) -> list[tuple[str, str]]:
        free = [name for name, what in self.parameters.items() if not what.by_name_only]
        pairs: list[tuple[str, str]] = []
        for text in texts:
            shorthand = _WIDTH_X_HEIGHT.fullmatch(text)
            if shorthand and "width" in free and "height" in free:
                sides = zip(("width", "height"), shorthand.groups(), strict=True)
                pairs += [(name, side) for name, side in sides if side]
                free = [name for name in free if name not in ("width", "height")]
            elif free:
                pairs.append((free.pop(0), text))
            else:
                raise InvalidArgument(self._too_many(len(texts)))
        return pairs

    def _too_many(self, count: int) -> str:
        if not self.parameters:
            return f"{self.name}: takes no arguments"
        most = sum(not parameter.by_name_only for parameter in self.parameters.values())
        names = ", ".join(self.parameters)
        if not most:
            return f"{self.name}: takes arguments only by name; it has {names}"
        return f"{self.name}: takes at most {most} arguments, got {count}; it has {names}"

    def _by_name(self, pairs: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
        for name, text in pairs:
            if name not in self._names:
                has = f"it has {', '.join(self.parameters)}" if self.parameters else "it takes none"
                hint = did_you_mean(name, self._names) or has
                raise InvalidArgument(f"{self.name}: no argument named {shown(name)}; {hint}")
            yield self._names[name], text

    def describe(self) -> dict[str, Any]:
        """Return names, documentation, JSON Schema of the arguments and an example."""
        documentation = inspect.getdoc(self.function) or ""
        return {
            "name": self.name,
            "label": self.label,
            "summary": documentation.partition("\n")[0],
            "description": documentation,
            "aliases": list(self.aliases),
            "arguments": {
                "type": "object",
                "properties": {name: what.json_schema() for name, what in self.parameters.items()},
                "required": [n for n, what in self.parameters.items() if what.default is ...],
                "additionalProperties": False,
            },
            "positional": [n for n, what in self.parameters.items() if not what.by_name_only],
            "example": self.example,
        }


class Operation(Declared):
    """A step that changes pixels."""

    def __init__(
        self, function: Callable[..., Any], parameters: Mapping[str, Parameter], *, is_planned: bool
    ) -> None:
        super().__init__(function, parameters)
        self._is_planned = is_planned
        self._size: Sizes | None = None
        self._decode_size: Sizes | None = None

    def sizes(self, hook: AnySizes) -> AnySizes:
        """Decorate the function that returns the size of the result, from the size before.

        None where it depends on the pixels. Without it the size stays as it is.
        """
        self._size = hook
        return hook

    def shrinks_on_load(self, hook: AnySizes) -> AnySizes:
        """Decorate the function that returns the smallest whole picture that is enough.

        None for a picture in full. Without it every pixel is decoded.
        """
        self._decode_size = hook
        return hook

    @property
    def resizes(self) -> bool:
        """True if it needs no more pixels of a picture than its result has."""
        return self._decode_size is not None

    def output_size(self, size: Size, given: Mapping[str, Value]) -> Size | None:
        """Return the size of the result, or None if it depends on the pixels."""
        return self._size(size, **self.complete(given)) if self._size else size

    def decode_size(self, size: Size, given: Mapping[str, Value]) -> Size | None:
        """Return how small a picture of `size` may be decoded, or None for in full."""
        return self._decode_size(size, **self.complete(given)) if self._decode_size else None

    def plan(self, view: View, given: Mapping[str, Value], pictures: Mapping[str, Image]) -> Apply:
        """Return the function to apply to every frame.

        `pictures` are the other pictures that arguments name, by id.
        """
        arguments = self.complete(given)
        for name, parameter in self.parameters.items():
            if parameter.names_picture and arguments[name] is not None:
                arguments[name] = pictures[arguments[name]]
        if self._is_planned:
            planned: Apply = self.function(view, **arguments)
            return planned
        return partial(self.function, **arguments)


class Setting(Declared):
    """A step that changes how the result is written; its place does not matter."""

    def apply(self, output: Output, given: Mapping[str, Value]) -> Output:
        """Return `output` with this setting made."""
        changed: Output = self.function(output, **self.complete(given))
        return changed


def operation(**parameters: Parameter) -> Callable[[Callable[..., Image]], Operation]:
    """Declare an operation that treats every frame alike, by itself."""
    return lambda function: Operation(function, parameters, is_planned=False)


def planned_operation(**parameters: Parameter) -> Callable[[Callable[..., Apply]], Operation]:
    """Declare an operation that looks at a `View` once, then applies what it returns."""
    return lambda function: Operation(function, parameters, is_planned=True)


def documented(
    *, label: str = "", example: str = "", aliases: tuple[str, ...] = ()
) -> Callable[[AnyDeclared], AnyDeclared]:
    """Name an operation for people, show how it is written, or let it have other names too."""

    def decorate(declared: AnyDeclared) -> AnyDeclared:
        declared.label, declared.example = label or declared.label, example or declared.example
        declared.aliases = aliases
        return declared

    return decorate


def setting(**parameters: Parameter) -> Callable[[Callable[..., Output]], Setting]:
    """Declare an output setting: a function from `Output` to `Output`."""
    return lambda function: Setting(function, parameters)
