"""Writing the steps of a pipeline as text (`resize:w=400/grayscale.webp`)."""

from __future__ import annotations

import base64
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import quote

from progimage.client.errors import InvalidCall

R = TypeVar("R")

_PLAIN_TEXT = re.compile(r"[A-Za-z0-9_-]+")
# Separators of the grammar cannot be part of a value, even percent-encoded.
_SEPARATORS = re.compile(r"[,/=:?&%\s]")


@dataclass(frozen=True, slots=True)
class Text:
    """An argument that can have any characters."""

    value: str


class HasId(Protocol):
    """An image: anything with its `id`."""

    @property
    def id(self) -> str:
        """64 hexadecimal digits."""


class Steps(ABC, Generic[R]):
    """The base of everything that steps can be added to; see `Operations`."""

    @abstractmethod
    def _with_step(self, step: str) -> R:
        """Return the same with one more step."""

    @abstractmethod
    def to_format(self, extension: str) -> R:
        """Return the same with the result in another format, such as "webp" or "auto"."""

    def _step(
        self,
        name: str,
        arguments: Mapping[str, Any],
        /,
        *,
        required: tuple[str, ...] = (),
        texts: tuple[str, ...] = (),
        **aliases: str,
    ) -> R:
        """Return the same with one more step.

        Args:
            arguments: the local variables of the method for this operation: its arguments,
                None for those that were not given, and `self`.
            required: arguments that must be given.
            texts: arguments that can have any characters.
            aliases: from another name of an argument to its own name.

        Raises:
            InvalidCall: a required argument is missing, one is given under two names, or a
                value cannot be written.
        """
        values: dict[str, Any] = {}
        for written_name in sorted(arguments, key=aliases.__contains__):
            key, value = aliases.get(written_name, written_name), arguments[written_name]
            if value is None or key == "self":
                continue
            if key in values:
                raise InvalidCall(
                    f"{name}: {written_name} and {key} are one argument; give one of them"
                )
            values[key] = Text(value) if key in texts else value
        for key in required:
            if key not in values:
                raise InvalidCall(f"{name}: {key} is required")
        written = ",".join(f"{key}={_written(name, key, value)}" for key, value in values.items())
        return self._with_step(f"{name}:{written}" if written else name)


@dataclass(frozen=True, slots=True)
class Path:
    """Steps and a format, as they are written in a URL."""

    steps: tuple[str, ...] = ()
    extension: str = ""

    def then(self, step: str) -> Path:
        """Return the path with one more step."""
        return replace(self, steps=(*self.steps, step))

    def to_format(self, extension: str) -> Path:
        """Return the path with this format."""
        return replace(self, extension=extension.lower().removeprefix("."))

    def __str__(self) -> str:
        steps = "/".join(self.steps)
        return f"{steps}.{self.extension}" if self.extension else steps

    def of(self, image_id: str) -> str:
        """Return the path of the rendition on the server, percent-encoded."""
        return rendition_path(image_id, "/".join(self.steps), self.extension)


def image_path(image_id: str) -> str:
    """Return the path of an image.

    Raises:
        InvalidCall: this is not an id.
    """
    if not re.fullmatch(r"[0-9a-f]{64}", image_id):
        raise InvalidCall(f"an id has 64 characters from 0-9 and a-f, got {image_id[:80]!r}")
    return f"/images/{image_id}/"


def job_path(job_id: str) -> str:
    """Return the path of a job.

    Raises:
        InvalidCall: this is not an id.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,100}", job_id):
        raise InvalidCall(f"this is not the id of a job: {job_id[:80]!r}")
    return f"/jobs/{job_id}/"


def rendition_path(image_id: str, steps: str, extension: str) -> str:
    """Return the path of a rendition; without steps, that of a conversion."""
    path = image_path(image_id) + quote(steps.strip("/"), safe=":=,._-~/")
    if not steps:
        path = path.removesuffix("/")
    return f"{path}.{quote(extension, safe='')}" if extension else path


def srcset(
    image_id: str, own_width: int, widths: Iterable[int], before: Path, extension: str
) -> list[tuple[int, str]]:
    """Return widths and paths of renditions for the HTML attribute `srcset`.

    Widths above `own_width` become `own_width`, since images are not enlarged.

    Raises:
        InvalidCall: there is no width, or one is below 1.
    """
    wanted = sorted({min(width, own_width) for width in widths})
    if not wanted or wanted[0] < 1:
        raise InvalidCall("srcset: expected a list of widths of at least 1 pixel")
    return [
        (width, before.then(f"resize:width={width}").to_format(extension).of(image_id))
        for width in wanted
    ]


def _written(operation: str, name: str, value: Any) -> str:
    if isinstance(value, Text):
        if _PLAIN_TEXT.fullmatch(value.value):
            return value.value
        return "~" + base64.urlsafe_b64encode(value.value.encode()).decode().rstrip("=")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        # The server keeps four decimals.
        return f"{value:.4f}".rstrip("0").rstrip(".")
    if hasattr(value, "id"):
        value = value.id
    if isinstance(value, str) and value and not _SEPARATORS.search(value):
        return value.removeprefix("#")
    raise InvalidCall(f"{operation}.{name}: {value!r} is not a valid argument")
