"""A picture on its way into the library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, Protocol

from progimage.model import Capture, Place


class PictureFacts(Protocol):
    """The facts of a decoded picture that its record stores."""

    @property
    def media_type(self) -> str: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def frames(self) -> int: ...
    @property
    def pages(self) -> int: ...
    @property
    def faces(self) -> tuple[tuple[float, float, float, float], ...] | None: ...
    @property
    def orientation(self) -> int: ...
    @property
    def has_alpha(self) -> bool: ...
    @property
    def damage(self) -> str: ...
    @property
    def perceptual_hash(self) -> str: ...
    @property
    def capture(self) -> Capture: ...
    @property
    def place(self) -> Place | None: ...
    @property
    def dominant_colour(self) -> str: ...
    @property
    def placeholder(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """A picture that was received and inspected but is not stored yet.

    `source` is positioned at the first byte; `sha256` is of all its `size_bytes`, and
    `id` is the id of those bytes as a picture of `owner`, see `keys.id_hash`.
    `imported_from` becomes the `source` of the record.
    """

    source: BinaryIO
    id: str
    owner: str
    sha256: str
    size_bytes: int
    file_name: str
    facts: PictureFacts
    imported_from: str = ""
