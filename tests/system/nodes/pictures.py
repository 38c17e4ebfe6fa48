"""The pictures that clients upload, and what a rendition of one must look like."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image

from tests.imaging.drawing import saved
from tests.system.nodes.history import Life

# What is made of a picture of 60 x 40, and how large it must be.
RENDITIONS = {
    "resize:w=30.png": (30, 20),
    "thumbnail:12x12.png": (12, 8),
    "rotate:90.png": (40, 60),
    "resize:w=21.webp": (21, 14),
}
_SIZE = (60, 40)
# Of a flat colour, after a lossy codec.
_TOLERANCE = 12


@dataclass(frozen=True)
class Card:
    """A picture that is there, as clients tell each other of it.

    Attributes:
        keeper: the one session that removes it.
    """

    life: Life
    owner: str
    keeper: str
    data: bytes

    @property
    def id(self) -> str:
        return self.life[0]

    @property
    def path(self) -> str:
        return f"/images/{self.id}/"


def drawn(number: int) -> bytes:
    """Return a picture of 60 x 40 in a flat colour, another for each number."""
    colour = (number * 53 % 256, number // 256 * 31 % 256, number * 91 % 256)
    return saved(Image.new("RGB", _SIZE, colour), "PNG")


def is_right(body: bytes, card: Card, what: str) -> bool:
    """True for the original's own bytes, or a rendition of its colour in the size it must have."""
    if what == "original":
        return body == card.data
    with Image.open(io.BytesIO(card.data)) as original, Image.open(io.BytesIO(body)) as made:
        if original.size == _SIZE and made.size != RENDITIONS[what]:
            return False
        there, here = (
            image.convert("RGB").getpixel((image.width // 2, image.height // 2))
            for image in (original, made)
        )
    return all(abs(a - b) <= _TOLERANCE for a, b in zip(there, here, strict=True))
