"""A picture that is written in at most so many bytes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from progimage.errors import OutputTooLarge
from progimage.imaging.codecs.fit_format import scaled
from progimage.imaging.codecs.format import Format
from progimage.imaging.codecs.formats import WRITABLE, names
from progimage.imaging.codecs.picture import Picture

MIN_SEARCHED_QUALITY = 30
"""To fit `max_bytes`, quality goes no lower; then the picture gets smaller instead."""

_MIN_SEARCHED_SIDE = 16


@dataclass(frozen=True, slots=True)
class Encoded:
    """What was written: bytes, pixels a side, frames, and the quality used if any."""

    size_bytes: int
    width: int
    height: int
    frames: int
    quality: int | None


Write = Callable[[Picture, int | None], tuple[bytes, Encoded]]
"""Writes a picture at a quality."""


def written_within(
    picture: Picture, form: Format, quality: int | None, max_bytes: int, write: Write
) -> tuple[bytes, Encoded]:
    """Return the picture at the highest quality that fits, or smaller if none does.

    Raises:
        OutputTooLarge: it cannot be made to fit.
    """
    data, encoded = write(picture, quality)
    if encoded.size_bytes <= max_bytes:
        return data, encoded
    if quality is None:
        lossy = names(tuple(other for other in WRITABLE if other.default_quality))
        raise OutputTooLarge(
            f"the {form.name} has {encoded.size_bytes} bytes, {max_bytes} are allowed, and "
            f"without loss it gets no smaller; reduce its width and height or use one of {lossy}"
        )
    low, high = min(MIN_SEARCHED_QUALITY, quality), quality - 1
    best: tuple[bytes, Encoded] | None = None
    while low <= high:
        middle = (low + high) // 2
        data, encoded = write(picture, middle)
        if encoded.size_bytes <= max_bytes:
            best, low = (data, encoded), middle + 1
        else:
            high = middle - 1
    scale = 1.0
    while best is None:
        # Bytes go roughly with the area; a little less, so that few attempts are needed.
        scale *= min(0.9, 0.95 * math.sqrt(max_bytes / encoded.size_bytes))
        if max(picture.size) * scale < _MIN_SEARCHED_SIDE:
            raise OutputTooLarge(
                f"no {form.name} of this picture has {max_bytes} bytes or less; allow more"
            )
        data, encoded = write(scaled(picture, scale), encoded.quality)
        best = (data, encoded) if encoded.size_bytes <= max_bytes else None
    return best
