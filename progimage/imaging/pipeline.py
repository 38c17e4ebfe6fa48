"""Pipelines: the transformations of a picture that a URL requests.

    pipeline = [step *("/" step)] ["." extension]
    step     = operation [":" argument *("," argument)] / preset
    argument = [name "="] value

Arguments without a name come first, in the documented order; `400x300` means a width and a
height. An extension counts only on the last step, and only if it is that of an output format,
or `auto`; so `rotate:1.5` is an angle and `rotate:1.5.webp` has a format too.

A pipeline is held in one form however it was spelt: aliases and presets expanded,
defaults and steps that change nothing left out, arguments in the order of their names,
output settings behind the pixel operations in the order of their declaration. Equal
requests are therefore equal values, and have equal canonical texts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from typing import Final

from progimage.errors import ConfigError, InvalidArgument, InvalidRequest
from progimage.imaging.areas import FACES, Area, middle_of, whole_faces
from progimage.imaging.codecs import formats
from progimage.imaging.did_you_mean import did_you_mean, shown
from progimage.imaging.gravity import FACE, FOCUS, SMART, Focus
from progimage.imaging.limits import Limits
from progimage.imaging.operation import Declared, Operation, Output, Setting
from progimage.imaging.parameters import Value
from progimage.imaging.registry import BY_NAME, DECLARED

AUTO: Final = "auto"
_FORMAT: Final = "format"
_GRAVITY: Final = "gravity"
_AREAS: Final = "areas"
_OF_FACES: Final = ((_GRAVITY, FACE), (_AREAS, FACES))
# As long as the address of a request can be.
_MAX_PATH: Final = 8_192


@dataclass(frozen=True, slots=True)
class Step:
    """One operation or setting, and its arguments other than defaults, sorted by name."""

    name: str
    arguments: tuple[tuple[str, Value], ...] = ()

    def __str__(self) -> str:
        """Write the step in its canonical form."""
        parameters = BY_NAME[self.name].parameters
        texts = (f"{name}={parameters[name].write(value)}" for name, value in self.arguments)
        return f"{self.name}:{','.join(texts)}" if self.arguments else self.name


@dataclass(frozen=True)
class Pipeline:
    """Steps that change pixels, in order, then settings of the output, each at most once."""

    steps: tuple[Step, ...] = ()
    settings: tuple[Step, ...] = ()

    @property
    def output(self) -> Output:
        """The settings for the encoder."""
        return reduce(_apply_setting, self.settings, Output())

    @cached_property
    def format(self) -> str | None:
        """Name of the output format, "auto" to negotiate one, or None if left open."""
        return self.output.format

    def with_format(self, name: str | None) -> Pipeline:
        """Return the same pipeline with this output format."""
        others = [step for step in self.settings if step.name != _FORMAT]
        if name is not None:
            others.append(Step(_FORMAT, (("name", name),)))
        return replace(self, settings=tuple(others))

    @cached_property
    def uses_focus(self) -> bool:
        """True if a step uses the focal point of the picture's record."""
        return any((_GRAVITY, FOCUS) in step.arguments for step in self.steps)

    def at_focus(self, point: Focus | None) -> Pipeline:
        """Return the same pipeline with `point` for `focus`, or `smart` if there is no point.

        Only such a pipeline names a rendition: the focal point of a record can change.
        """
        if not self.uses_focus:
            return self
        known, replaced = (_GRAVITY, FOCUS), (_GRAVITY, point or SMART)
        return replace(
            self,
            steps=tuple(
                replace(
                    step,
                    arguments=tuple(
                        replaced if argument == known else argument for argument in step.arguments
                    ),
                )
                for step in self.steps
            ),
        )

    @cached_property
    def uses_faces(self) -> bool:
        """True if a step uses the faces of the picture's record."""
        return any(argument in _OF_FACES for step in self.steps for argument in step.arguments)

    @property
    def redacts_faces(self) -> bool:
        """True if a step redacts the faces of the picture's record."""
        return any(dict(step.arguments).get(_AREAS) == FACES for step in self.steps)

    def at_faces(self, faces: Sequence[Area] | None) -> Pipeline:
        """Return the same pipeline with places for `gravity=face` and `redact:faces`.

        Args:
            faces: where they are; None if nothing looked for them.

        Raises:
            InvalidArgument: faces should be redacted, and nothing looked for them.
        """
        if not self.uses_faces:
            return self
        steps = []
        for step in self.steps:
            arguments = dict(step.arguments)
            if arguments.get(_GRAVITY) == FACE:
                arguments[_GRAVITY] = Focus(*middle_of(faces)) if faces else SMART
            if arguments.get(_AREAS) == FACES:
                if faces is None:
                    raise InvalidArgument(
                        f"{step.name}: nothing looked for faces when this picture was stored; its "
                        "operator has to install the extra 'faces' of progimage-service before an "
                        "upload"
                    )
                if not faces:
                    continue
                arguments[_AREAS] = whole_faces(faces)
            steps.append(replace(step, arguments=tuple(arguments.items())))
        return replace(self, steps=tuple(steps))

    @cached_property
    def canonical(self) -> str:
        """The one text of this pipeline, its format apart; "" if nothing else is asked for.

        Made of letters, digits and `:=,._-~/`, safe in URLs and file names as they
        are. With a dot and the extension of the format it is a rendition's URL and key.
        """
        steps = (*self.steps, *self.settings)
        return "/".join(str(step) for step in steps if step.name != _FORMAT)

    def __str__(self) -> str:
        """The canonical text with its format as the extension: `parse` gives it back."""
        name = self.format
        if name is None:
            return self.canonical
        return f"{self.canonical}.{name if name == AUTO else formats.by_name(name).extension}"

    @property
    def references(self) -> frozenset[str]:
        """Ids of the other pictures it needs."""
        return frozenset(
            str(value)
            for step in self.steps
            for name, value in step.arguments
            if BY_NAME[step.name].parameters[name].names_picture
        )

    def operations(self) -> list[tuple[Step, Operation]]:
        """Return each pixel step with the operation it calls."""
        found = [(step, BY_NAME[step.name]) for step in self.steps]
        return [(step, what) for step, what in found if isinstance(what, Operation)]


def parse(
    path: str,
    query: Sequence[tuple[str, str]] = (),
    *,
    presets: Mapping[str, str] | None = None,
    limits: Limits | None = None,
) -> Pipeline:
    """Read a pipeline from a percent-decoded path, and a single step's query arguments.

    `presets` are names for pipelines, given as texts; a preset stands for all its steps
    and takes no arguments. The texts of presets cannot call presets.

    Raises:
        InvalidArgument: an operation or argument is unknown, repeated or out of range.
        InvalidRequest: the pipeline as a whole cannot be read or is too long.
    """
    limits, presets = limits or Limits(), presets or {}
    if (length := len(path)) > _MAX_PATH:
        raise InvalidRequest(f"pipeline: at most {_MAX_PATH:,} characters, got {length:,}")
    texts, extension = _split(path, presets)
    if len(texts) > limits.max_steps:
        raise InvalidRequest(f"pipeline: at most {limits.max_steps} steps, got {len(texts)}")
    if query and _split_extension(path.strip("/"))[0] in presets:
        raise InvalidArgument("pipeline: a preset takes no arguments, nor a query")
    if query and len(texts) != 1:
        raise InvalidRequest(
            "pipeline: query arguments go with a single step; write them into the path instead"
        )
    steps: list[Step] = []
    settings: dict[str, Step | None] = {}
    for text, more in [*((text, query) for text in texts), *((text, ()) for text in extension)]:
        declared, arguments = _read(text, more, presets)
        step = None if arguments is None else Step(declared.name, tuple(arguments.items()))
        if isinstance(declared, Setting):
            if declared.name in settings:
                raise InvalidRequest(f"{declared.name}: given twice; it may stand once")
            settings[declared.name] = step
        elif step is not None:
            steps.append(step)
    if any((_AREAS, FACES) in step.arguments for step in steps[1:]):
        raise InvalidRequest(
            "redact: faces are known of the whole picture, so redact:faces comes first; "
            "write redact:faces/thumbnail"
        )
    made = [settings[name] for name in _SETTING_NAMES if name in settings]
    return Pipeline(tuple(steps), tuple(step for step in made if step is not None))


def check_presets(presets: Mapping[str, str], limits: Limits) -> None:
    """Prove at start-up that every preset can be called.

    Raises:
        ConfigError: naming all that hide an operation or cannot be read.
    """
    complaints = []
    for name, text in presets.items():
        if name in BY_NAME:
            complaints.append(f"presets.{name}: is the name of an operation; choose another")
            continue
        try:
            parse(text, limits=limits)
        except InvalidRequest as error:
            complaints.append(f"presets.{name}: {error}")
    if complaints:
        raise ConfigError("; ".join(complaints))


def _split(path: str, presets: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Split a path into its steps, with presets expanded, and the step of its extension."""
    text = path.removeprefix("/").removesuffix("/")
    body, extension = _split_extension(text)
    pieces = body.split("/") if body else []
    if "" in pieces:
        raise InvalidRequest("pipeline: empty step; steps are separated by a single '/'")
    texts: list[str] = []
    for piece in pieces:
        if piece in presets:
            steps, form = _split(presets[piece], {})
            texts += steps + form
        else:
            texts.append(piece)
    return texts, [f"{_FORMAT}:{extension}"] if extension else []


def _split_extension(text: str) -> tuple[str, str]:
    body, dot, extension = text.rpartition(".")
    if not dot or "/" in extension:
        return text, ""
    if extension.lower() != AUTO:
        try:
            formats.by_extension(extension)
        except InvalidArgument:
            # The dot of a number or of a text; or a format misspelt behind a bare name.
            if body.rpartition("/")[2] in BY_NAME:
                raise
            return text, ""
    return body, extension


def _read(
    text: str, query: Sequence[tuple[str, str]], presets: Mapping[str, str]
) -> tuple[Declared, dict[str, Value] | None]:
    """Return the operation of a step and its arguments; None if it changes nothing."""
    name, colon, rest = text.partition(":")
    declared = BY_NAME.get(name)
    if declared is None:
        if name in presets:
            raise InvalidArgument(f"{name}: a preset takes no arguments and calls no other")
        if name.partition(".")[0] in BY_NAME:
            raise InvalidArgument(f"{shown(name)}: an extension may only stand at the end")
        hint = did_you_mean(name, [*BY_NAME, *presets]) or "GET /transforms/ lists them"
        raise InvalidArgument(f"no operation named {shown(name)}; {hint}")
    positional: list[str] = []
    named: list[tuple[str, str]] = []
    for argument in rest.split(",") if colon else ():
        key, equals, value = argument.partition("=")
        if not argument:
            raise InvalidArgument(f"{declared.name}: empty argument; write name=value or a value")
        if equals:
            named.append((key, value))
        elif named:
            raise InvalidArgument(
                f"{declared.name}: {shown(argument)} has no name; "
                "arguments without one go before those with one"
            )
        else:
            positional.append(argument)
    return declared, declared.read(positional, [*named, *query])


def _apply_setting(output: Output, step: Step) -> Output:
    declared = BY_NAME[step.name]
    return declared.apply(output, dict(step.arguments)) if isinstance(declared, Setting) else output


_SETTING_NAMES = [what.name for what in DECLARED if isinstance(what, Setting)]
