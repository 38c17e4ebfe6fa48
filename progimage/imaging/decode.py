"""From bytes to a picture."""

from __future__ import annotations

from progimage.imaging.limits import Limits
from progimage.imaging.picture import Picture


def decode(path: str, limits: Limits, *, target: tuple[int, int] | None = None) -> Picture:
    """Read the picture at `path`: upright, 8 bits, sRGB, every frame whole.

    `target` is the smallest width and height, as displayed, that what follows needs
    at full quality; the result is at least that large wherever the source is.

    Raises:
        PictureTooComplex: it passes `limits`.
        CorruptPicture: it is truncated or damaged.
    """
    raise NotImplementedError
