"""Pipelines from texts.

    pipeline = [step *("/" step)] ["." extension]
    step     = operation [":" argument *("," argument)] / preset
    argument = [name "="] value

Arguments without a name come first, in the documented order; `400x300` means a width and a
height. An extension counts only on the last step, and only if it is that of an output format,
or `auto`; so `rotate:1.5` is an angle and `rotate:1.5.webp` has a format too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from progimage.errors import ConfigError, InvalidArgument, InvalidRequest
from progimage.imaging.areas import FACES
from progimage.imaging.codecs import formats
from progimage.imaging.did_you_mean import did_you_mean, shown
from progimage.imaging.limits import Limits
from progimage.imaging.operation import Declared, Setting
from progimage.imaging.parameters import Value
from progimage.imaging.pipeline import AREAS, AUTO, FORMAT, Pipeline, Step
from progimage.imaging.registry import BY_NAME, DECLARED

# As long as the address of a request can be.
_MAX_PATH: Final = 8_192

_SETTING_NAMES = [what.name for what in DECLARED if isinstance(what, Setting)]


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
    if any((AREAS, FACES) in step.arguments for step in steps[1:]):
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
    return texts, [f"{FORMAT}:{extension}"] if extension else []


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
