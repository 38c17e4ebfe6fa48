"""How calls are written once for both clients: as generators that do no input or output.

A call yields what it needs, a request to send or a pause, and is given the answer back;
its return value is the result of the call. `progimage.client.drivers` runs the same
generator with a blocking or an asyncio client. A stream also yields `Emit`s, which are
its items.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from progimage.client.errors import UnexpectedAnswer

T = TypeVar("T")

Parameters = Sequence[tuple[str, str]]


class Sink(Protocol):
    """Where a download goes."""

    def write(self, data: bytes, /) -> object:
        """Take some bytes."""

    def restart(self) -> bool:
        """Forget all that was written; False if that cannot be done."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A request.

    Attributes:
        path: on the server, percent-encoded.
        file: name and bytes of the form's `image`, sent with `fields`.
        sink: takes the body of a successful answer as it arrives.
        is_repeatable: sending it twice does what sending it once does.
        has_token: whether to say who we are.
    """

    method: str
    path: str
    parameters: Parameters = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    content: bytes | None = None
    file: tuple[str, bytes] | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    sink: Sink | None = None
    is_repeatable: bool = True
    has_token: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole response; header names in lower case.

    `tries` counts the requests it took, this one included.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    tries: int = 1

    @property
    def document(self) -> dict[str, Any]:
        """The JSON object that the body is.

        Raises:
            UnexpectedAnswer: it is none.
        """
        try:
            value = json.loads(self.body)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise UnexpectedAnswer(
                f"the server answered {self.status} without a JSON object; is it ProgImage?"
            )
        return value


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Emit(Generic[T]):
    """An item of a stream."""

    item: T


Effect = Ask | Pause
Talk = Generator[Effect, Any, T]
Stream = Generator[Effect | Emit[T], Any, None]
