"""Pipelines: the transformations of a picture that a URL requests, in one form.

However a pipeline was spelt: aliases and presets are expanded, defaults and steps that change
nothing left out, arguments in the order of their names, output settings behind the pixel
operations in the order of their declaration. Equal requests are therefore equal values, and have
equal canonical texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from typing import Final

from progimage.errors import InvalidArgument
from progimage.imaging.areas import FACES, Area, middle_of, whole_faces
from progimage.imaging.codecs import formats
from progimage.imaging.gravity import FACE, FOCUS, SMART, Focus
from progimage.imaging.operation import Operation, Output, Setting
from progimage.imaging.parameters import Value
from progimage.imaging.registry import BY_NAME

AUTO: Final = "auto"
FORMAT: Final = "format"
_GRAVITY: Final = "gravity"
AREAS: Final = "areas"
_OF_FACES: Final = ((_GRAVITY, FACE), (AREAS, FACES))


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
        others = [step for step in self.settings if step.name != FORMAT]
        if name is not None:
            others.append(Step(FORMAT, (("name", name),)))
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
        return any(dict(step.arguments).get(AREAS) == FACES for step in self.steps)

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
            if arguments.get(AREAS) == FACES:
                if faces is None:
                    raise InvalidArgument(
                        f"{step.name}: nothing looked for faces when this picture was stored; its "
                        "operator has to install the extra 'faces' of progimage-service before an "
                        "upload"
                    )
                if not faces:
                    continue
                arguments[AREAS] = whole_faces(faces)
            steps.append(replace(step, arguments=tuple(arguments.items())))
        return replace(self, steps=tuple(steps))

    @cached_property
    def canonical(self) -> str:
        """The one text of this pipeline, its format apart; "" if nothing else is asked for.

        Made of letters, digits and `:=,._-~/`, safe in URLs and file names as they
        are. With a dot and the extension of the format it is a rendition's URL and key.
        """
        steps = (*self.steps, *self.settings)
        return "/".join(str(step) for step in steps if step.name != FORMAT)

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


def _apply_setting(output: Output, step: Step) -> Output:
    declared = BY_NAME[step.name]
    return declared.apply(output, dict(step.arguments)) if isinstance(declared, Setting) else output
